import type { CharacterSet } from './character-sets.ts';
import type { ColumnDefinition, TableDefinition } from './table-definition.ts';

const COLUMNS: readonly (readonly [string, 'bigint' | 'tinyint', number, boolean])[] = [
  ['next_not_cached_value', 'bigint', 21, false],
  ['minimum_value', 'bigint', 21, false],
  ['maximum_value', 'bigint', 21, false],
  ['start_value', 'bigint', 21, false],
  ['increment', 'bigint', 21, false],
  ['cache_size', 'bigint', 21, true],
  ['cycle_option', 'tinyint', 1, true],
  ['cycle_count', 'bigint', 21, false],
];

/**
 * The one-row table in which MariaDB keeps a sequence: it has table maps and rows in the binlog.
 */
export function sequenceTable(
  name: { readonly database: string; readonly name: string },
  { charset, collation }: CharacterSet,
): TableDefinition {
  return {
    database: name.database,
    name: name.name,
    kind: 'sequence',
    columns: COLUMNS.map(sequenceColumn),
    keys: [],
    charset,
    collation,
    comment: '',
    hasHiddenPeriod: false,
  };
}

function sequenceColumn([
  name,
  base,
  length,
  unsigned,
]: (typeof COLUMNS)[number]): ColumnDefinition {
  const suffix = unsigned ? ' UNSIGNED' : '';
  return {
    name,
    type: {
      base,
      length,
      scale: null,
      unsigned,
      zerofill: false,
      members: null,
      charset: null,
      collation: null,
    },
    declared: { name: `${base.toUpperCase()}${suffix}`, length, scale: null, members: null },
    nullable: false,
    default: null,
    onUpdateNow: null,
    autoIncrement: false,
    generated: null,
    invisible: false,
    compressed: false,
    comment: '',
  };
}
