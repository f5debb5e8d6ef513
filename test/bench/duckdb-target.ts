import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { BenchCores } from './bench-cores.ts';
import type { SinkFigures } from './sink-runs.ts';
import type { FileTarget, TableSum } from './sink-targets.ts';

const APPENDER = fileURLToPath(new URL('./duckdb-appender-process.ts', import.meta.url));

/** As the other products have it, see `sink-targets`. */
const TEXT = `concat_ws('|', id, customer_id, amount::DECIMAL(12,2),
    round(weight * 100)::BIGINT, paid::INTEGER, sku, note,
    strftime(created_at, '%Y-%m-%d %H:%M:%S.%f'), strftime(updated_at, '%Y-%m-%d %H:%M:%S'),
    strftime(due, '%Y-%m-%d'), lower(ref::VARCHAR), meta->>'$.n', meta->>'$.s')`;

/** How the appender is fed: by a call for each value, or by vectors of 2048 rows. */
export type AppenderKind = 'values' | 'chunks';

export interface DuckdbTarget extends FileTarget {
  /** DuckDB's own appender with the rows of the table, into one like it in a file of its own. */
  append(table: string, kind: AppenderKind): Promise<SinkFigures>;
}

async function ask<T>(file: string, work: (connection: DuckDBConnection) => Promise<T>) {
  const instance = await DuckDBInstance.create(file, { threads: '2' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await work(connection);
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

async function sumOf(file: string, table: string): Promise<TableSum> {
  return ask(file, async (connection) => {
    const texts = await connection.stream(`SELECT ${TEXT} FROM ${table}`);
    let rows = 0;
    let sum = 0n;
    for (;;) {
      const chunk = await texts.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      for (const text of chunk.getColumnValues(0)) sum += BigInt(crc32(String(text)));
      rows += chunk.rowCount;
    }
    return { rows, checksum: String(sum) };
  });
}

/** A DuckDB file, which belongs to one process at a time: it is asked when our daemon has ended. */
export function duckdbTarget(folder: string, cores: BenchCores): DuckdbTarget {
  const file = path.join(folder, 'target.db');
  const other = path.join(folder, 'appended.db');
  const remove = async (name: string): Promise<void> => {
    await Promise.all([name, `${name}.wal`].map((one) => rm(one, { force: true })));
  };
  return {
    family: 'duckdb',
    url: `duckdb:${file}`,
    sum: (table) => sumOf(file, table),
    drop: () => remove(file),
    settle: () => Promise.resolve(),
    async bulkLoad(table) {
      const csv = path.join(folder, 'loaded.csv');
      return ask(file, async (connection) => {
        await connection.run(`COPY ${table} TO '${csv}'`);
        await connection.run(`CREATE TABLE loaded AS FROM ${table} WITH NO DATA`);
        await connection.run('ALTER TABLE loaded ADD PRIMARY KEY (id)');
        const startMs = performance.now();
        await cores.asClient(() => connection.run(`COPY loaded FROM '${csv}'`));
        return (performance.now() - startMs) / 1000;
      });
    },
    async append(table, kind) {
      const expected = await sumOf(file, table);
      await remove(other);
      const args = ['--disable-warning=ExperimentalWarning', APPENDER, file, table, other, kind];
      const { stdout } = await cores.asClient(() => promisify(execFile)(process.execPath, args));
      const found = await sumOf(other, table);
      await remove(other);
      if (found.rows !== expected.rows || found.checksum !== expected.checksum) {
        throw new Error(`the appender wrote ${JSON.stringify(found)}`);
      }
      return JSON.parse(stdout) as SinkFigures;
    },
    [Symbol.asyncDispose]: () => remove(file),
  };
}
