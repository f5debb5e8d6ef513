import { postgresTarget } from '../../dialects/postgres/postgres-target-dialect.ts';
import { TableModel } from '../../src/sink/sql/table-model.ts';

/** A model of a table of text columns, as if it had been read from a target. */
export function textTable(columns: readonly string[], key: readonly string[]): TableModel {
  const table = {
    name: { schema: 'public', table: 't' },
    columns: columns.map((name) => ({
      name,
      type: 'text',
      castType: 'text',
      isArray: false,
      notNull: false,
      hasDefault: false,
      generated: false,
      identityAlways: false,
    })),
    primaryKey: key,
    primaryKeyName: null,
    uniqueKeys: [key],
    referenced: false,
  };
  return new TableModel(postgresTarget, table, key);
}
