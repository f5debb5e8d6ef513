import mysql from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { EmbeddedMysql } from '../../src/demo/embedded-mysql.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

async function answers(server: Login, sql: string): Promise<unknown[]> {
  const { host, port, user, password } = server;
  const client = await mysql.createConnection({ host, port, user, password });
  try {
    const [rows] = await client.query<mysql.RowDataPacket[][]>({ sql, rowsAsArray: true });
    return Array.isArray(rows) ? rows.flat() : [];
  } finally {
    client.destroy();
  }
}

describe.each(['mariadb', 'mysql'] as const)('%s', (flavor) => {
  test('a server with a binlog of rows, whose data are there after a restart', async () => {
    await using folder = await temporaryFolder('embedded');
    const options = { flavor, directory: folder.path, signal: new AbortController().signal };
    const first = await EmbeddedMysql.start(options);
    const { port } = first;
    try {
      expect(await answers(first, 'SELECT @@log_bin, @@binlog_format, @@binlog_row_image')).toEqual(
        [1, 'ROW', 'FULL'],
      );
      await answers(first, 'CREATE DATABASE kept');
    } finally {
      await first.stop();
    }
    await using second = await EmbeddedMysql.start(options);
    expect(second.port).toBe(port);
    expect(await answers(second, `SHOW DATABASES LIKE 'kept'`)).toEqual(['kept']);
    // Nobody gets in without the password.
    const root = { host: second.host, port, user: 'root', password: '' };
    await expect(answers(root, 'SELECT 1')).rejects.toThrow('denied');
  });
});
