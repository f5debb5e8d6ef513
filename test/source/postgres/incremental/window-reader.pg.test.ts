import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import type { CapturedTable } from '../../../../src/source/postgres/capture/captured-tables.ts';
import { PostgresWire } from '../../../../src/source/postgres/wire/postgres-wire.ts';
import {
  isStatementError,
  reachable,
  WindowReader,
} from '../../../../src/source/postgres/incremental/window-reader.ts';
import { formatLsn } from '../../../../src/model/lsn.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo } from '../../../support/postgres-source.ts';
import { rejection } from '../../../support/snapshot-run.ts';

const { signal } = new AbortController();

test('rows, what the read saw, and up to where', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE a (id int PRIMARY KEY, v text);
    INSERT INTO a SELECT g, repeat('x', 100) FROM generate_series(1, 50) g`);
  const [row] = await database.query(`SELECT 'a'::regclass::oid::int AS oid`);
  const captured = { info: { oid: Number(row?.['oid']) }, storage: [] };
  const connection = connectionTo(database);
  let connections = 0;
  const reader = new WindowReader((session, abort) => {
    connections++;
    return PostgresWire.connect(connection, session, abort);
  }, 2_000);
  const read = (sql: string): ReturnType<WindowReader['read']> =>
    reader.read(`COPY (${sql}) TO STDOUT`, captured as unknown as CapturedTable, signal);

  const small = await read('SELECT id FROM a ORDER BY id LIMIT 3');
  expect(small.rows.count).toBe(3);
  expect(small.rows.bytes.toString('utf8', small.rows.start(2), small.rows.end(2))).toBe('3\n');
  expect(small.rows.cut).toBe(false);
  expect(small.fingerprints.get(captured.info.oid)).toContain('id 23');
  expect(small.visibility.sees(3)).toBe(true);
  // Beyond xmax nothing is: xmin may be far behind, where others have long transactions.
  const xmax = BigInt(small.snapshot.split(':')[1] ?? '');
  expect(small.visibility.sees(Number(BigInt.asUintN(32, xmax + 10n)))).toBe(false);
  const [now] = await database.query('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  expect(small.until).toBeLessThanOrEqual(reachable(String(now?.['lsn'])));

  const large = await read('SELECT id, v FROM a');
  expect(large.rows.cut).toBe(true);
  expect(large.rows.count).toBeGreaterThan(10);
  expect(large.rows.count).toBeLessThan(50);
  const error = await rejection(read('SELECT nosuch FROM a'));
  expect(isStatementError(error)).toBe(true);
  expect((await read('SELECT id FROM a LIMIT 1')).rows.count).toBe(1);
  expect(connections).toBe(1);
  (await reader.wire(signal)).destroy();
  expect((await read('SELECT id FROM a LIMIT 1')).rows.count).toBe(1);
  expect(connections).toBe(2);
  await reader.close();
});

test('the head of a page is no place where a record ends', () => {
  expect(formatLsn(reachable('0/4000018'))).toBe('0/4000000');
  expect(formatLsn(reachable('0/4000028'))).toBe('0/4000000');
  expect(formatLsn(reachable('0/4000040'))).toBe('0/4000040');
  expect(isStatementError(new TidemarkError('PG_CONNECTION_LOST', 'x'))).toBe(false);
});
