import { expect, test } from 'vitest';
import { MysqlSession, readServerError } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { scriptedMysql } from '../../../support/scripted-mysql.ts';

const { signal } = new AbortController();

test('each session reads and prints alike, then runs what was asked for (B116)', async () => {
  await using server = await scriptedMysql();
  const options = {
    ...server.options,
    queryTimeoutMs: 1500,
    initialStatements: ['SET @a = 1', 'SET @b = 2'],
  };
  await using session = await MysqlSession.connect(options, signal);
  expect(session.isOpen).toBe(true);
  expect(server.log).toEqual([
    "SET SESSION time_zone = '+00:00', sql_mode = ''",
    'SET SESSION max_execution_time = 1500',
    'SET @a = 1',
    'SET @b = 2',
  ]);
  await session.close();
  expect(session.isOpen).toBe(false);
  expect(server.log.at(-1)).toBe('COM_1');
  await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'MYSQL_CONNECTION_LOST' });
});

test('the limit of a query is another variable on MariaDB, and none on the oldest', async () => {
  const limitOn = async (version: string): Promise<string | undefined> => {
    await using server = await scriptedMysql({ version });
    await using _session = await MysqlSession.connect(
      { ...server.options, queryTimeoutMs: 1500 },
      signal,
    );
    return server.log[1];
  };
  expect(await limitOn('5.5.5-10.11.18-MariaDB')).toBe('SET SESSION max_statement_time = 1.5');
  expect(await limitOn('5.6.24-log')).toBeUndefined();
});

test('a statement that is refused leaves the session in use', async () => {
  await using server = await scriptedMysql({
    query(peer, sql) {
      if (!sql.startsWith('BAD')) return false;
      peer.error(1064, 'You have an error');
      return true;
    },
  });
  await using session = await MysqlSession.connect(server.options, signal);
  await expect(session.query('BAD')).rejects.toMatchObject({
    code: 'MYSQL_SERVER',
    message: 'You have an error (error 1064, SQLSTATE HY000)',
  });
  expect(await session.query('GOOD')).toEqual({ columns: [], rows: [] });
});

test('a command of the protocol is answered, or refused by its error', async () => {
  await using server = await scriptedMysql();
  await using session = await MysqlSession.connect(server.options, signal);
  await session.command(Buffer.from([0x15, 1, 2, 3]));
  expect(server.log.at(-1)).toBe('COM_21');
  expect(await session.query('SELECT 1')).toEqual({ columns: [], rows: [] });
});

test('a connection that is cut rejects what runs on it', async () => {
  await using server = await scriptedMysql({
    query(peer, sql) {
      if (sql === 'CUT') peer.socket.destroy();
      return sql === 'CUT';
    },
  });
  await using session = await MysqlSession.connect(server.options, signal);
  await expect(session.query('CUT')).rejects.toMatchObject({ code: 'MYSQL_CONNECTION_LOST' });
  expect(session.isOpen).toBe(false);
});

test('an abort cuts the connection under a statement that hangs', async () => {
  await using server = await scriptedMysql({ query: (_peer, sql) => sql === 'HANG' });
  await using session = await MysqlSession.connect(server.options, signal);
  const abort = new AbortController();
  const query = session.query('HANG', abort.signal);
  abort.abort(new Error('enough'));
  await expect(query).rejects.toThrow('enough');
  await expect.poll(() => server.open.size).toBe(0);
});

test('an ERR packet without an SQLSTATE, or cut short, is still an error', () => {
  const read = (hex: string): string => {
    const bytes = Buffer.from(hex, 'hex');
    return readServerError(bytes, 0, bytes.length).message;
  };
  expect(read('ff1004' + Buffer.from('Too many').toString('hex'))).toBe('Too many (error 1040)');
  expect(read('ff')).toContain('an error without a number');
});
