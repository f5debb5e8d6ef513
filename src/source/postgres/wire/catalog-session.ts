import type { CatalogRow } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { QueryResult } from './wire-operation.ts';

/** What can run statements: a `PostgresWire`. */
export interface Querier {
  query(sql: string, signal?: AbortSignal): Promise<readonly QueryResult[]>;
}

/** Runs one query and names the values of its rows. */
export async function catalogRows(
  querier: Querier,
  sql: string,
  signal?: AbortSignal,
): Promise<CatalogRow[]> {
  const result = (await querier.query(sql, signal)).at(-1);
  if (result === undefined) return [];
  const { columns, rows } = result;
  return rows.map((row) =>
    Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null] as const)),
  );
}
