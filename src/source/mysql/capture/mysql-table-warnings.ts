import type { ColumnDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import type { MysqlValueModes } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { CapturedTable } from './captured-tables.ts';
import type { MysqlWarning } from './mysql-setting-warnings.ts';

/** Under what the values are written and read. */
export interface ValueContext {
  readonly modes: MysqlValueModes;
  /** The server's global sql_mode; sessions may have another. */
  readonly sqlMode: string;
}

/** Names in a message: more of them help nobody. */
const NAMES_SHOWN = 5;
const TRANSACTIONAL: ReadonlySet<string> = new Set(['INNODB', 'ROCKSDB', 'TOKUDB', 'NDBCLUSTER']);

/** What captured tables and columns have that may cost somebody data, each by its name. */
export function tableWarnings(
  tables: readonly CapturedTable[],
  context: ValueContext,
): readonly MysqlWarning[] {
  return [
    ...keyWarnings(tables),
    ...engineWarnings(tables),
    ...unsignedWarnings(tables, context),
    ...zeroDateWarnings(tables, context),
    ...booleanWarnings(tables, context),
    ...decimalWarnings(tables, context),
  ];
}

function keyWarnings(tables: readonly CapturedTable[]): readonly MysqlWarning[] {
  const keyless = tables.filter(({ schema }) => schema.keyColumns.length === 0);
  if (keyless.length === 0) return [];
  return [
    {
      message:
        `no primary key, and no unique key without NULL: ${namesOf(keyless.map(nameOf))}: their ` +
        'records have no key, and sinks find rows by all their columns',
      cure: 'Add a primary key, or name the columns that tell rows apart by message.key.columns.',
    },
  ];
}

/** Their rows are there as soon as they are written, and stay when the transaction is undone. */
function engineWarnings(tables: readonly CapturedTable[]): readonly MysqlWarning[] {
  const others = tables.filter(({ info }) => !TRANSACTIONAL.has((info.engine ?? '').toUpperCase()));
  if (others.length === 0) return [];
  const names = others.map((table) => `${nameOf(table)} (${table.info.engine ?? 'unreadable'})`);
  return [
    {
      message:
        `engines without transactions: ${namesOf(names)}: what changes while a snapshot reads ` +
        'them is read twice, once by the snapshot and once by the stream',
      cure: 'ALTER TABLE <table> ENGINE = InnoDB;',
    },
  ];
}

/** The original's `long` makes them negative in silence; ours fails. */
function unsignedWarnings(
  tables: readonly CapturedTable[],
  { modes }: ValueContext,
): readonly MysqlWarning[] {
  if (modes.bigintUnsigned === 'precise') return [];
  const found = columnsOf(tables, ({ type, autoIncrement }) => {
    // A number that counts up from 1 does not come there.
    return type.base === 'bigint' && type.unsigned && !autoIncrement;
  });
  if (found.length === 0) return [];
  return [
    {
      message:
        `BIGINT UNSIGNED as int64: ${namesOf(found)}: a value of 2^63 or more is an error ` +
        '(Debezium writes it as a negative number)',
      cure: 'Set bigint.unsigned.handling.mode to precise if there can be such values.',
    },
  ];
}

const DATES: ReadonlySet<string> = new Set(['date', 'datetime', 'timestamp']);

/** A strict mode with NO_ZERO_DATE keeps them out, of rows that are written under it. */
function zeroDateWarnings(
  tables: readonly CapturedTable[],
  { modes, sqlMode }: ValueContext,
): readonly MysqlWarning[] {
  const set = new Set(sqlMode.toUpperCase().split(','));
  const isStrict = set.has('STRICT_TRANS_TABLES') || set.has('STRICT_ALL_TABLES');
  const keepsOut = isStrict && set.has('NO_ZERO_DATE') && set.has('NO_ZERO_IN_DATE');
  if (keepsOut || modes.timePrecision === 'structured') return [];
  const found = columnsOf(tables, ({ type }) => DATES.has(type.base));
  if (found.length === 0) return [];
  const what = {
    fail: 'one of these is an error',
    null: 'they become NULL, or 1970-01-01 where the column is NOT NULL, and look like values',
    epoch: 'they become 1970-01-01, and look like values',
  };
  return [
    {
      message:
        `sql_mode allows zero dates (0000-00-00, 2026-00-00) in ${namesOf(found)}: ` +
        what[modes.dates.zero],
      cure:
        modes.dates.zero === 'fail'
          ? 'Set zero.date.handling.mode to null or epoch, or time.precision.mode to structured.'
          : 'Set zero.date.handling.mode to fail, or time.precision.mode to structured.',
    },
  ];
}

/** 0 and 1 are what a BOOLEAN has by agreement only (PITFALLS B78). */
function booleanWarnings(
  tables: readonly CapturedTable[],
  { modes }: ValueContext,
): readonly MysqlWarning[] {
  if (modes.tinyIntOne !== 'boolean') return [];
  const found = columnsOf(tables, ({ type }) => type.base === 'tinyint' && type.length === 1);
  if (found.length === 0) return [];
  return [
    {
      message: `TINYINT(1) as boolean: ${namesOf(found)}: values but 0 and 1 become true`,
      cure: 'Set tinyint.one.handling.mode to number if there are others.',
    },
  ];
}

/** More digits than a double has. */
const DOUBLE_DIGITS = 15;

function decimalWarnings(
  tables: readonly CapturedTable[],
  { modes }: ValueContext,
): readonly MysqlWarning[] {
  if (modes.decimal !== 'double') return [];
  const found = columnsOf(
    tables,
    ({ type }) => type.base === 'decimal' && (type.length ?? 10) > DOUBLE_DIGITS,
  );
  if (found.length === 0) return [];
  return [
    {
      message: `DECIMAL as double: ${namesOf(found)}: digits after the fifteenth are lost`,
      cure: 'Set decimal.handling.mode to precise or string.',
    },
  ];
}

/** Names of the columns that are captured and of the kind; those of keys as well. */
function columnsOf(
  tables: readonly CapturedTable[],
  isKind: (column: ColumnDefinition) => boolean,
): readonly string[] {
  return tables.flatMap((table) => {
    const captured = new Set(table.schema.columns.map(({ name }) => name));
    return table.definition.columns
      .filter((column) => captured.has(column.name) && isKind(column))
      .map(({ name }) => `${nameOf(table)}.${name}`);
  });
}

function nameOf({ info }: CapturedTable): string {
  return `${info.database}.${info.name}`;
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}
