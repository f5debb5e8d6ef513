import type { ColumnInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { quoteIdentifier } from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { TableId } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import type { SelectOverride } from '../../snapshot/snapshot-options.ts';

/** What the SELECTs of the configuration would give, and what they stand on. */
export interface OverrideFindings {
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly string[];
  /** Every relation that a SELECT reads, also behind views. */
  readonly relations: readonly number[];
}

/** The SELECT that the rows of a table are read with; null: the table itself. */
export function overrideOf(
  overrides: readonly SelectOverride[],
  id: Pick<TableId, 'schema' | 'table'>,
): string | null {
  const name = `${id.schema}.${id.table}`;
  return overrides.find(({ table }) => table === name)?.statement ?? null;
}

/**
 * A SELECT of the user as something to read from, with the columns of its table in their own types:
 * whatever it computes, COPY prints each value as the stream would. Columns are found by name, so
 * that their order is free.
 */
export function overrideSource(
  { captured, keyColumns }: { captured: CapturedTable; keyColumns: readonly string[] },
  statement: string,
): string {
  const columns = wantedColumns(captured, keyColumns).map((column) => {
    const name = quoteIdentifier(column.name);
    return `${name}::${castType(column)} AS ${name}`;
  });
  const where = captured.rowFilter === null ? '' : ` WHERE (${captured.rowFilter})`;
  return `(SELECT ${columns.join(', ')} FROM ${derived(statement)}${where}) AS chosen`;
}

/** Takes the locks that reading the statement takes, and reads nothing. */
export function lockingQuery(statement: string): string {
  return `SELECT FROM ${derived(statement)} LIMIT 0`;
}

/** In a text of its own lines: a comment at the statement's end does not swallow the rest. */
function derived(statement: string): string {
  return `(${statement.replace(/[;\s]+$/, '')}\n) AS chosen`;
}

function wantedColumns(
  { schema, tupleColumns }: CapturedTable,
  keyColumns: readonly string[],
): readonly ColumnInfo[] {
  const captured = new Set(schema.columns.map((column) => column.tupleIndex));
  return tupleColumns.filter((column, i) => captured.has(i) || keyColumns.includes(column.name));
}

/** A cast to varchar(n) would cut without a word; without its length it does not. */
function castType({ typeText }: ColumnInfo): string {
  return typeText
    .replace(/^character varying\(\d+\)/, 'character varying')
    .replace(/^character(?! varying)(\(\d+\))?/, 'bpchar');
}

/**
 * Asks the server what the SELECTs are; reads no row. One that does not give the captured columns
 * is a problem: its rows could not be told from others, or would miss values.
 */
export async function examineOverrides(
  querier: Querier,
  tables: readonly CapturedTable[],
  overrides: readonly SelectOverride[],
  signal?: AbortSignal,
): Promise<OverrideFindings> {
  const { problems, warnings } = strayNames(tables, overrides);
  const relations = new Set<number>();
  for (const captured of tables) {
    const statement = overrideOf(overrides, captured.schema.id);
    if (statement === null) continue;
    await querier.query('BEGIN READ ONLY', signal);
    try {
      await checkShape(querier, captured, statement, signal);
      const rows = await catalogRows(querier, LOCKED_RELATIONS, signal);
      for (const { oid } of rows) relations.add(Number(oid));
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.retry !== 'stop') throw error;
      problems.push(error.code === 'PG_SELECT_OVERRIDE' ? error : refusal(captured, error));
    } finally {
      await querier.query('ROLLBACK', signal).catch(() => undefined);
    }
  }
  return { problems, warnings, relations: [...relations] };
}

const LOCKED_RELATIONS = `SELECT DISTINCT l.relation AS oid
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
WHERE l.pid = pg_catalog.pg_backend_pid() AND c.relkind IN ('r', 'p', 'm')
  AND c.relnamespace <> 'pg_catalog'::regnamespace ORDER BY 1`;

async function checkShape(
  querier: Querier,
  captured: CapturedTable,
  statement: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const all = await querier.query(`SELECT * FROM ${derived(statement)} LIMIT 0`, signal);
  const given = all.at(-1)?.columns ?? [];
  const missing = wantedColumns(captured, [])
    .map(({ name }) => name)
    .filter((name) => !given.includes(name));
  const { id } = captured.schema;
  if (missing.length > 0) {
    const excluded = missing.map((name) => `${tableName(id)}.${name}`).join(', ');
    throw new TidemarkError(
      'PG_SELECT_OVERRIDE',
      `${propertyOf(captured)} gives no column ${missing.join(', ')}; it gives: ` +
        (given.length === 0 ? 'none' : given.join(', ')),
      {
        cure:
          'Select every captured column under its own name, in any order; or leave it out ' +
          `everywhere: column.exclude.list: ${excluded}`,
      },
    );
  }
  await querier.query(
    `SELECT FROM ${overrideSource({ captured, keyColumns: [] }, statement)} LIMIT 0`,
    signal,
  );
}

function propertyOf({ schema }: CapturedTable): string {
  return `snapshot.select.statement.overrides.${tableName(schema.id)}`;
}

function refusal(captured: CapturedTable, error: TidemarkError): TidemarkError {
  return new TidemarkError('PG_SELECT_OVERRIDE', `${propertyOf(captured)}: ${error.message}`, {
    cure:
      'Run the SELECT on the source with the role of the pipeline. Names of tables need their ' +
      'schema where it is not in the search_path of the role.',
    cause: error,
  });
}

/** A name that is captured in another spelling would be read without its SELECT: a problem. */
function strayNames(
  tables: readonly CapturedTable[],
  overrides: readonly SelectOverride[],
): { problems: TidemarkError[]; warnings: string[] } {
  const problems: TidemarkError[] = [];
  const warnings: string[] = [];
  const names = tables.map(({ schema }) => tableName(schema.id));
  for (const { table } of overrides) {
    if (names.includes(table)) continue;
    const near = names.find((name) => name.toLowerCase() === table.toLowerCase());
    if (near === undefined) {
      warnings.push(
        `snapshot.select.statement.overrides names ${table}, which is not captured: ` +
          'the SELECT is not used',
      );
    } else {
      problems.push(
        new TidemarkError(
          'PG_SELECT_OVERRIDE',
          `snapshot.select.statement.overrides names ${table}, the table is ${near}`,
          { cure: `Write ${near} in both properties; the case counts.` },
        ),
      );
    }
  }
  return { problems, warnings };
}
