import { parseColumnText } from '../../../dialects/text-values.ts';
import { textEncoding } from '../../model/mysql-text-format.ts';
import type { ColumnSchema, TableSchema } from '../../model/table-schema.ts';
import type { KeyEncoding } from './row-key.ts';
import { rowKeyOf } from './row-key.ts';
import type { RepairRequest } from './snapshot-signal.ts';
import type { TableRepair, TableTask } from './snapshot-state.ts';
import type { RepairedKeys } from './snapshot-tasks.ts';
import type { WindowVerdict } from './snapshot-window.ts';

/** How a family's rows have what signals print. */
export interface KeyForm {
  /** Columns that tell rows apart, in the order in which they are read. */
  readonly keyColumns: readonly string[];
  readonly encoding: KeyEncoding;
  /** A text of a signal as a row has it. */
  readonly stored: (column: string, text: string) => string;
}

/** What a repair asks for, in the family's form; a text says why it cannot be. */
export function repairedKeys(
  schema: TableSchema,
  { keyColumns: names, keys }: RepairRequest,
  { keyColumns, encoding, stored }: KeyForm,
): RepairedKeys | string {
  const isSame = names.length === keyColumns.length && keyColumns.every((n) => names.includes(n));
  if (!isSame) return `has its rows told apart by (${keyColumns.join(', ')})`;
  const columns = keyColumns.map((name) => schema.columns.find((column) => column.name === name));
  const ordered = keys.map((key) =>
    keyColumns.map((name) => stored(name, key[names.indexOf(name)] ?? '')),
  );
  for (const [i, column] of columns.entries()) {
    const problem = columnProblem(schema, column, encoding, ordered, i);
    if (problem !== null) return problem;
  }
  return { keyColumns, keys: ordered.map(rowKeyOf) };
}

function columnProblem(
  { id }: TableSchema,
  column: ColumnSchema | undefined,
  encoding: KeyEncoding,
  keys: readonly (readonly string[])[],
  at: number,
): string | null {
  if (column === undefined) return 'has a key that is not captured';
  if (column.mask !== undefined || column.format.kind === 'custom') {
    return `has a key with ${column.name}, which records have otherwise`;
  }
  try {
    for (const key of keys) {
      const text = key[at] ?? '';
      const isPlain = encoding === 'utf8' || textEncoding(column.format) === 'latin1';
      parseColumnText(id, column, isPlain ? text : Buffer.from(text, 'latin1').toString());
    }
    return null;
  } catch (error) {
    return `has no such key: ${(error as Error).message}`;
  }
}

/** The keys are those of the table as it is now. */
export function isRepairOf(repair: TableRepair, keyColumns: readonly string[]): boolean {
  const { keyColumns: names } = repair;
  return names.length === keyColumns.length && names.every((name, i) => name === keyColumns[i]);
}

/**
 * Keys of a repair that are to be told as deleted: a read has no row of them, and the stream has
 * brought nothing of them since. `read`: keys of the rows that it has.
 */
export function goneKeys(
  { repair }: Pick<TableTask, 'repair'>,
  asked: readonly string[],
  read: ReadonlySet<string>,
  { newer, emptied }: WindowVerdict,
): readonly string[] {
  if (repair === undefined || emptied) return [];
  const { deleted } = repair;
  return asked.filter((key) => !read.has(key) && !newer.has(key) && !deleted.includes(key));
}

/** What a window leaves to be read again, and what it has deleted: the task behind it. */
export function repairAfter(
  { repair }: Pick<TableTask, 'repair'>,
  gone: readonly string[],
): Pick<TableTask, 'repair'> {
  if (repair === undefined || gone.length === 0) return {};
  return { repair: { ...repair, deleted: [...repair.deleted, ...gone] } };
}
