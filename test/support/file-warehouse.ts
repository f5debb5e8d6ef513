import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { LedgerClient } from './ledger-load.ts';
import type { Row } from './postgres.ts';
import { sqliteFamily } from './sqlite-arrivals.ts';

/** Gives a pipeline whose server may be no target a file as its warehouse; returns what asks it. */
export async function fileWarehouse(pipeline: {
  readonly file: string;
  readonly folder: string;
}): Promise<LedgerClient> {
  const target = path.join(pipeline.folder, 'warehouse.db');
  const { sink } = sqliteFamily(target);
  const document = JSON.parse(await readFile(pipeline.file, 'utf8')) as object;
  const named = { name: 'warehouse', ...sink, 'table.name.format': '${source.table}' };
  await writeFile(pipeline.file, JSON.stringify({ ...document, sinks: [named] }));
  return {
    async query<R extends Row>(sql: string, params: readonly unknown[] = []) {
      // It is there with the first table.
      using database = new DatabaseSync(target, { timeout: 10_000, readOnly: true });
      const statement = database.prepare(sql.replaceAll(/\$\d/g, '?'));
      const rows = statement.all(...(params as readonly SQLInputValue[]));
      return await Promise.resolve({ rows: rows as unknown as readonly R[] });
    },
  };
}
