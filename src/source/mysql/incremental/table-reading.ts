import type {
  ColumnDefinition,
  TableDefinition,
} from '../../../../dialects/mysql/ddl/table-definition.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { orderedKey } from '../snapshot/key-range.ts';

/** A table that is captured, as the stream knows it at its place. */
export interface KnownTable {
  readonly definition: TableDefinition;
  readonly schema: TableSchema;
}

/** How the rows of a table are read and told apart. */
export interface TableReading extends KnownTable {
  /** Columns that tell rows apart. */
  readonly key: readonly ColumnDefinition[];
  /** Where they stand in a row. */
  readonly keyIndexes: readonly number[];
  /** Columns that the chunks follow each other by. */
  readonly order: readonly ColumnDefinition[];
}

/** Whether the rows of a table can be told apart, in the stream as in a read. */
export function isKeyed({ definition, schema }: KnownTable): boolean {
  return keyOf(definition, schema) !== null;
}

function keyOf(
  definition: TableDefinition,
  schema: TableSchema,
): readonly ColumnDefinition[] | null {
  const columns = orderedKey(definition)?.columns ?? null;
  const isShown = columns?.every(({ name }) => schema.columns.some((each) => each.name === name));
  return isShown === true ? columns : null;
}

/**
 * Null: the rows cannot be told apart, the table is read whole.
 * @throws MYSQL_SERVER when the surrogate key cannot order the rows
 */
export function tableReading(task: TableTask, table: KnownTable): TableReading | null {
  const { definition, schema } = table;
  const key = keyOf(definition, schema);
  if (key === null) return null;
  const order = task.surrogate === null ? key : [surrogateOf(task.surrogate, definition), ...key];
  return {
    definition,
    schema,
    key,
    keyIndexes: key.map((column) => definition.columns.indexOf(column)),
    order,
  };
}

/** Rows without a value would be before and behind no other, and left out in silence. */
function surrogateOf(name: string, { columns, name: table }: TableDefinition): ColumnDefinition {
  const column = columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (column?.nullable === false && orderedKey(tableOf(column)) !== null) return column;
  const what =
    column === undefined
      ? 'is no column of'
      : column.nullable
        ? 'may be NULL in'
        : 'has no order in';
  throw new TidemarkError('MYSQL_SERVER', `the surrogate-key ${name} ${what} ${table}`, {
    cure: 'Name a column that is NOT NULL, best one with an index.',
  });
}

/** A table of which the column is the key: whether a type has an order is asked in one place. */
function tableOf(column: ColumnDefinition): TableDefinition {
  return {
    database: '',
    name: '',
    kind: 'table',
    columns: [column],
    keys: [{ kind: 'primary', name: 'PRIMARY', parts: [{ column: column.name, length: null }] }],
    charset: '',
    collation: '',
    comment: '',
    hasHiddenPeriod: false,
  };
}
