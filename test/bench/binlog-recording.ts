import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import mysql from 'mysql2/promise';
import type { MysqlServer } from '../support/mysql-server.ts';
import { changeRows, createBenchTable, loadRows } from './mysql-workload.ts';

/** Runs the workload on the server and copies the binlog that it wrote of it, one file. */
export async function recordWorkload(
  server: MysqlServer,
  rows: number,
  folder: string,
): Promise<string> {
  const { host, port, user, password } = server;
  await server.query('CREATE DATABASE bench CHARACTER SET utf8mb4');
  const client = await mysql.createConnection({ host, port, user, password, database: 'bench' });
  try {
    await createBenchTable(client);
    await client.query('FLUSH BINARY LOGS');
    await loadRows(client, 1, rows);
    await changeRows(client, 1, rows);
    const files = await server.query<{ Log_name: string }>('SHOW BINARY LOGS');
    const name = files.at(-1)?.Log_name ?? '';
    // The next one begins, so that this one is whole and closed.
    await client.query('FLUSH BINARY LOGS');
    const [place] = await server.query<{ base: string }>('SELECT @@log_bin_basename AS base');
    const copy = path.join(folder, 'workload.binlog');
    await copyFile(path.join(path.dirname(place?.base ?? ''), name), copy);
    return copy;
  } finally {
    client.destroy();
  }
}
