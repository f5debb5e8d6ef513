import { expect, test } from 'vitest';
import { openDuckdbSession } from '../../../src/sink/sql/duckdb-session.ts';
import { eventually } from '../../support/eventually.ts';
import { never } from '../../support/sink-harness.ts';
import { duckdbSinkTarget } from '../../support/sink-target.ts';

test('what a transaction did is there after its COMMIT alone', async () => {
  await using target = await duckdbSinkTarget();
  const session = await target.open();
  await session.query('CREATE TABLE t (n INTEGER)');
  await session.begin();
  expect(await session.query('INSERT INTO t VALUES (1), (2)')).toEqual({ rows: [], rowCount: 2 });
  expect(await target.query('SELECT * FROM t')).toEqual([]);
  await session.rollback();
  await session.begin();
  await session.query('INSERT INTO t VALUES (3)');
  await session.commit();
  expect(await session.query('SELECT n FROM t')).toEqual({ rows: [{ n: 3 }], rowCount: 1 });
  await session.close();
});

/** DuckDB has none: the session does again what had been done before. */
test('savepoints: what failed behind one is undone, what was before it stays (S10)', async () => {
  await using target = await duckdbSinkTarget();
  const session = await target.open();
  await session.query('CREATE TABLE t (n INTEGER PRIMARY KEY)');
  await session.begin();
  const add = (n: number) =>
    session.query({ text: 'INSERT INTO t VALUES ($1)', values: [String(n)] });
  await add(1);
  await session.query('SAVEPOINT a');
  await add(2);
  await session.query('SAVEPOINT a');
  await add(3);
  await expect(add(1)).rejects.toMatchObject({ code: 'SINK_RECORD' });
  await session.query('ROLLBACK TO SAVEPOINT a');
  await session.query('RELEASE SAVEPOINT a');
  await add(4);
  await session.query('RELEASE SAVEPOINT a');
  await session.query('SAVEPOINT b');
  await add(5);
  await session.query('ROLLBACK TO SAVEPOINT b');
  await session.commit();
  expect(await target.query('SELECT n FROM t ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
  await session.close();
});

test('rows that are not new are refused, and nothing but them is undone (S10)', async () => {
  await using target = await duckdbSinkTarget();
  const session = await target.open();
  await session.query('CREATE TABLE t (n INTEGER PRIMARY KEY)');
  expect(session.mayAdd?.('t')).toBe(false);
  await session.begin();
  const insert = (...rows: number[]) => {
    const text = `INSERT INTO t VALUES ${rows.map((n) => `(${n})`).join(', ')}`;
    return { text, values: [] };
  };
  await session.query(insert(1));
  expect(await session.addFresh?.('t', insert(2))).toBe(true);
  expect(session.mayAdd?.('t')).toBe(true);
  expect(await session.addFresh?.('t', insert(3, 1))).toBe(false);
  expect(session.mayAdd?.('t')).toBe(false);
  await session.query(insert(4));
  await session.commit();
  expect(await target.query('SELECT n FROM t ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
  await session.begin();
  const wrong = { text: 'INSERT INTO nowhere VALUES (1)', values: [] };
  await expect(session.addFresh?.('t', wrong)).rejects.toMatchObject({ code: 'SINK_SCHEMA' });
  await session.close();
});

test('one session writes at a time; the next one waits, but not for ever', async () => {
  await using target = await duckdbSinkTarget();
  const first = await target.open();
  await first.query('CREATE TABLE t (n INTEGER)');
  const impatient = await openDuckdbSession(target.options({ lockTimeoutMs: 50 }), never);
  const patient = await target.open();
  await first.begin();
  await first.query('INSERT INTO t VALUES (1)');
  await expect(impatient.begin()).rejects.toMatchObject({ code: 'SINK_SERVER' });
  const waiting = patient.query('INSERT INTO t SELECT count(*) + 1 FROM t');
  await first.commit();
  await waiting;
  expect(await target.query('SELECT n FROM t ORDER BY n')).toEqual(
    [{ n: 1 }, { n: '2' }].map(({ n }) => ({ n: Number(n) })),
  );
  await Promise.all([first, impatient, patient].map((session) => session.close()));
});

test('a session that is cut rolls back, and lets the next one in', async () => {
  await using target = await duckdbSinkTarget();
  const session = await target.open();
  await session.query('CREATE TABLE t (n INTEGER)');
  const next = await target.open();
  await session.begin();
  await session.query('INSERT INTO t VALUES (1)');
  const long = session.query('INSERT INTO t SELECT a.range FROM range(100000000) a, range(1000) b');
  session.destroy();
  await expect(long).rejects.toMatchObject({ code: 'SINK_CONNECT' });
  expect(session.broken).toBe(true);
  await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'SINK_CONNECT' });
  await next.begin();
  expect(await next.query('SELECT n FROM t')).toEqual({ rows: [], rowCount: 0 });
  await next.rollback();
  await Promise.all([session, next].map((one) => one.close()));
});

/** DuckDB fails to commit an ALTER behind another that changed rows (a default). */
test('several columns with defaults are added to a table with rows', async () => {
  await using target = await duckdbSinkTarget();
  const session = await target.open();
  await session.query('CREATE TABLE t (n INTEGER PRIMARY KEY)');
  await session.query('INSERT INTO t VALUES (1)');
  await session.begin();
  await session.query('ALTER TABLE t ADD COLUMN a INTEGER DEFAULT 1');
  await session.query('ALTER TABLE t ADD COLUMN b INTEGER DEFAULT 2');
  await session.commit();
  expect(await target.query('SELECT * FROM t')).toEqual([{ n: 1, a: 1, b: 2 }]);
  await session.close();
});

test('a start that is called off leaves the file free', async () => {
  await using target = await duckdbSinkTarget();
  await expect(openDuckdbSession(target.options(), AbortSignal.abort())).rejects.toThrow();
  await eventually(async () => {
    expect(await target.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
