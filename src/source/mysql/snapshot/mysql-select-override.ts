import { TidemarkError } from '../../../foundation/errors.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import { selectList } from './mysql-select-list.ts';

/** A table whose rows are read. */
export interface TableToRead {
  readonly schema: TableSchema;
  readonly definition: TableDefinition;
  readonly estimatedRows: number;
  /** As `readStamp` gave it when the definition was read. */
  readonly stamp: string;
  /** A transaction sees no state of it (MyISAM …), and its rows cannot be told apart. */
  readonly isUnversioned: boolean;
  /** Of snapshot.select.statement.overrides: it is read in one piece. */
  readonly statement: string | null;
}

type Overrides = SnapshotOptions['overrides'];

/** The SELECT that the rows of a table are read with; null: the table itself. */
export function overrideOf(overrides: Overrides, { id }: Pick<TableSchema, 'id'>): string | null {
  const name = tableName(id);
  return overrides.find(({ table }) => table === name)?.statement ?? null;
}

/**
 * Reads what the SELECT of a user gives. Columns are found by name, so that their order is free.
 * In lines of its own: a comment at the statement's end does not swallow the rest.
 */
export function overrideQuery(
  { definition, schema }: Pick<TableToRead, 'definition' | 'schema'>,
  statement: string,
): string {
  const from = `(${statement.replace(/[;\s]+$/, '')}\n) AS chosen`;
  return `SELECT ${selectList(definition, schema)} FROM ${from}`;
}

/** What the server says of the SELECTs, and which of them no table is read with. */
export interface OverrideFindings {
  readonly problems: readonly TidemarkError[];
  readonly unused: readonly string[];
}

/** Has the server look at the SELECTs; reads no row. */
export async function overrideFindings(
  querier: MysqlQuerier,
  tables: readonly Pick<TableToRead, 'schema' | 'definition'>[],
  overrides: Overrides,
  signal: AbortSignal,
): Promise<OverrideFindings> {
  const problems: TidemarkError[] = [];
  for (const table of tables) {
    const statement = overrideOf(overrides, table.schema);
    if (statement === null) continue;
    try {
      await querier.query(`${overrideQuery(table, statement)} LIMIT 0`, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TidemarkError) || error.retry !== 'stop') throw error;
      problems.push(refusal(table, error));
    }
  }
  const names = tables.map(({ schema }) => tableName(schema.id));
  const stray = overrides.map(({ table }) => table).filter((table) => !names.includes(table));
  const unused: string[] = [];
  for (const table of stray) {
    const near = names.find((name) => name.toLowerCase() === table.toLowerCase());
    if (near === undefined)
      unused.push(`${OVERRIDES} names ${table}, which is not read: ${UNUSED}`);
    else problems.push(misspelled(table, near));
  }
  return { problems, unused };
}

const OVERRIDES = 'snapshot.select.statement.overrides';
const UNUSED = 'the SELECT is not used';

/** A table that is read under another spelling would be read whole. */
function misspelled(table: string, near: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', `${OVERRIDES} names ${table}, the table is ${near}`, {
    cure: `Write ${near} in both properties; the case counts.`,
  });
}

/**
 * Has the server look at the SELECTs before anything is read. Notes those that are not used.
 * @throws CONFIG_INVALID for one that does not give every captured column
 */
export async function examineOverrides(
  querier: MysqlQuerier,
  tables: readonly TableToRead[],
  overrides: Overrides,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { problems, unused } = await overrideFindings(querier, tables, overrides, signal);
  if (problems[0] !== undefined) throw problems[0];
  for (const text of unused) note(text);
}

function refusal({ schema }: Pick<TableToRead, 'schema'>, cause: TidemarkError): TidemarkError {
  const property = `${OVERRIDES}.${tableName(schema.id)}`;
  return new TidemarkError('CONFIG_INVALID', `${property}: ${cause.message}`, {
    cause,
    cure:
      'Select every captured column under its own name, in any order; names of tables need their ' +
      'database. Run the SELECT on the source with the account of the pipeline.',
  });
}
