import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PostgresWire } from '../../../../src/source/postgres/wire/postgres-wire.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo } from '../../../support/postgres-source.ts';
import { rejection } from '../../../support/snapshot-run.ts';
import { startProxy } from '../../../support/tcp-proxy.ts';

type Options = ReturnType<typeof connectionTo>;

const { signal } = new AbortController();

async function open(options: Options, replication = false): Promise<PostgresWire> {
  return await PostgresWire.connect(options, { replication, applicationName: 'test' }, signal);
}

test('several statements, nulls, an error, and on', async () => {
  await using database = await freshDatabase();
  await using wire = await open(connectionTo(database));
  expect(await wire.query(`SELECT 1 AS a, NULL AS b, 'ä' AS c; SHOW client_encoding`)).toEqual([
    { columns: ['a', 'b', 'c'], rows: [['1', null, 'ä']], command: 'SELECT 1' },
    { columns: ['client_encoding'], rows: [['UTF8']], command: 'SHOW' },
  ]);
  await expect(wire.query('SELECT 1; SELECT 1/0')).rejects.toMatchObject({
    code: 'PG_SERVER',
    message: expect.stringContaining('SQLSTATE 22012') as string,
  });
  expect((await wire.query('SELECT 2 AS a'))[0]?.rows).toEqual([['2']]);
});

test('settings of the database do not change how values print (P86, P104)', async () => {
  await using database = await freshDatabase();
  await database.query(`
    ALTER DATABASE ${database.name} SET DateStyle = 'SQL, DMY';
    ALTER DATABASE ${database.name} SET IntervalStyle = 'sql_standard';
    ALTER DATABASE ${database.name} SET TimeZone = 'Asia/Kolkata';
    ALTER DATABASE ${database.name} SET bytea_output = 'escape';
    ALTER DATABASE ${database.name} SET extra_float_digits = -5;
    ALTER DATABASE ${database.name} SET statement_timeout = '1ms'`);
  for (const replication of [false, true]) {
    await using wire = await open(connectionTo(database), replication);
    const sql = `SELECT timestamptz '2020-01-02 03:04:05+00', interval '1 day 2 hours',
      '\\x00ff'::bytea, 0.1::float8 + 0.2::float8, current_setting('statement_timeout')`;
    expect((await wire.query(sql))[0]?.rows[0]).toEqual([
      '2020-01-02 03:04:05+00',
      'P1DT2H',
      '\\x00ff',
      '0.30000000000000004',
      '0',
    ]);
  }
});

test('a copy comes row by row, and stops while its receiver waits', async () => {
  await using database = await freshDatabase();
  await using wire = await open(connectionTo(database));
  let rows = 0;
  let bytes = 0;
  let waiting = false;
  let waits = 0;
  let wrong = 0;
  await wire.copyOut(
    `COPY (SELECT g, repeat('x', g % 100) FROM generate_series(1, 200000) g) TO STDOUT`,
    {
      data(buffer, start, end) {
        if (waiting || buffer[end - 1] !== 10) wrong++;
        rows++;
        bytes += end - start;
      },
      settle() {
        if (++waits % 10 !== 0) return undefined;
        waiting = true;
        return sleep(1).then(() => {
          waiting = false;
        });
      },
    },
    signal,
  );
  expect(wrong).toBe(0);
  expect(rows).toBe(200_000);
  expect(bytes).toBe(200_000 * 49.5 + 1_088_895 + 200_000 * 2);
  expect(waits).toBeGreaterThan(10);
  expect((await wire.query('SELECT 1'))[0]?.rows).toEqual([['1']]);
});

test('a value of 64 MB in a copy (P81)', async () => {
  await using database = await freshDatabase();
  await using wire = await open(connectionTo(database));
  const lengths: number[] = [];
  await wire.copyOut(
    `COPY (SELECT repeat('0123456789abcdef', 4194304) UNION ALL SELECT 'small') TO STDOUT`,
    {
      data(_buffer, start, end) {
        lengths.push(end - start);
      },
      settle: () => undefined,
    },
    signal,
  );
  expect(lengths).toEqual([67_108_865, 6]);
});

test('a handler that throws ends the copy with its error', async () => {
  await using database = await freshDatabase();
  await using wire = await open(connectionTo(database));
  const copy = wire.copyOut(
    'COPY (SELECT generate_series(1, 100000)) TO STDOUT',
    {
      data() {
        throw new Error('full');
      },
      settle: () => undefined,
    },
    signal,
  );
  await expect(copy).rejects.toThrow('full');
  expect(wire.isOpen).toBe(false);
});

test('what stands in the way of a connection has its own code', async () => {
  await using database = await freshDatabase();
  const options = connectionTo(database);
  const codeOf = async (overrides: Partial<Options>): Promise<unknown> => {
    try {
      await using wire = await open({ ...options, ...overrides });
      return wire.isOpen;
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  expect(await codeOf({})).toBe(true);
  expect(await codeOf({ password: 'wrong' })).toBe('PG_AUTH');
  expect(await codeOf({ password: undefined })).toBe('PG_AUTH');
  expect(await codeOf({ database: 'nowhere' })).toBe('PG_DATABASE_MISSING');
  expect(await codeOf({ port: 1 })).toBe('PG_CONNECT');
  await using proxy = await startProxy(database);
  proxy.silent = true;
  expect(await codeOf({ port: proxy.port, connectTimeoutMs: 100 })).toBe('PG_CONNECT');
});

test('a lost connection rejects what runs, and a backend that is ended says so', async () => {
  await using database = await freshDatabase();
  await using proxy = await startProxy(database);
  const cut = await open({ ...connectionTo(database), port: proxy.port });
  const sleeping = cut.query('SELECT pg_sleep(60)');
  proxy.cutAll();
  await expect(sleeping).rejects.toMatchObject({
    code: expect.stringMatching(/^PG_CONN/) as string,
  });
  await using victim = await open(connectionTo(database));
  const pid = (await victim.query('SELECT pg_backend_pid()'))[0]?.rows[0]?.[0];
  // Listened to before it happens: it may come before the answer to the next statement.
  const refused = rejection(victim.query('SELECT pg_sleep(60)'));
  await database.query('SELECT pg_terminate_backend($1)', [pid]);
  expect(await refused).toMatchObject({
    code: 'PG_CONNECTION_LOST',
    message: expect.stringContaining('57P01') as string,
  });
});

test('an abort ends a query at once', async () => {
  await using database = await freshDatabase();
  const abort = new AbortController();
  const wire = await open(connectionTo(database));
  const sleeping = wire.query('SELECT pg_sleep(60)', abort.signal);
  abort.abort();
  await expect(sleeping).rejects.toThrow();
  expect(wire.isOpen).toBe(false);
});
