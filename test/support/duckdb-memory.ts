import * as library from '@duckdb/node-api';
import type { CatalogRow, SqlText } from '../../dialects/dialect.ts';
import { DuckdbStagedRows } from '../../src/sink/sql/duckdb-staged-rows.ts';

/** A database of DuckDB in memory, of which a test asks what statements do. */
export interface DuckdbMemory extends Disposable {
  /** Runs a statement and what follows it; the rows of the last. */
  rows(sql: SqlText | string): Promise<readonly CatalogRow[]>;
  /** The same as one text for each row, its values as DuckDB prints them. */
  texts(sql: string): Promise<readonly string[]>;
  /** How many rows a statement touched, with those of what follows it. */
  changed(sql: SqlText): Promise<number>;
}

/** A new one, in UTC. */
export async function duckdbMemory(): Promise<DuckdbMemory> {
  const instance = await library.DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const staged = new DuckdbStagedRows(connection, library);
  const run = async (sql: SqlText) => {
    if (sql.staged !== undefined) await staged.put(sql.staged);
    return sql.values.length === 0
      ? connection.runAndReadAll(sql.text)
      : connection.runAndReadAll(sql.text, [...sql.values]);
  };
  const memory: DuckdbMemory = {
    rows: async (sql) => {
      const first = typeof sql === 'string' ? { text: sql, values: [] } : sql;
      const answer = await run(first);
      if (first.next !== undefined) return memory.rows(first.next);
      return answer.getRowObjectsJson();
    },
    texts: async (sql) => {
      const rows = await memory.rows(`SELECT COLUMNS(*)::VARCHAR FROM (${sql})`);
      return rows.map((row) => Object.values(row).map(String).join(' '));
    },
    changed: async (sql) => {
      const { rowsChanged } = await run(sql);
      return rowsChanged + (sql.next === undefined ? 0 : await memory.changed(sql.next));
    },
    [Symbol.dispose]: () => {
      connection.disconnectSync();
      instance.closeSync();
    },
  };
  return memory;
}
