import { expect, test } from 'vitest';
import { newTask, NO_SNAPSHOTS } from '../../../../src/source/incremental/snapshot-state.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { newReaderState, startReader } from '../../../support/mysql-reader-run.ts';
import { mysqlSourceOptions } from '../../../support/mysql-snapshot-run.ts';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { rowsOf } from '../../../support/mysql-replay.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { seededNumbers } from '../../../support/random-history.ts';

const SIGNALS = `CREATE TABLE signals (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL,
  data VARCHAR(2048))`;

test('a signal of the table has tables read in the order of their keys', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`${SIGNALS};
    CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(20));
    INSERT INTO a VALUES (10, 'x'), (9, 'x'), (8, 'x'), (7, NULL), (6, 'x'), (5, 'x'), (4, 'x');
    CREATE TABLE b (x INT, y VARCHAR(20), v FLOAT, PRIMARY KEY (x, y));
    INSERT INTO b VALUES (1, 'a', 1.5), (1, 'B', 0.1), (1, 'c', 2), (2, 'A', 3), (2, '', 4);
    CREATE TABLE empty_one (id INT PRIMARY KEY)`);
  const source = await BesideSource.start(sharedMysql(), database.name);
  await database.query('INSERT INTO signals VALUES (?, ?, ?)', [
    's1',
    'execute-snapshot',
    JSON.stringify({
      'data-collections': ['a', 'b', 'empty_one'].map((name) => `${database.name}.${name}`),
    }),
  ]);
  await source.until(() => source.reads('b').length === 5);
  await source.untilRead();
  await source.stop();
  expect(source.reads('a')).toEqual(['4', '5', '6', '7', '8', '9', '10']);
  expect(source.reads('b')).toEqual(['1|a', '1|B', '1|c', '2|', '2|A']);
  expect(new Set(source.told.filter(({ op }) => op === 'r').map((r) => r.snapshot))).toEqual(
    new Set(['incremental']),
  );
  expect(source.applied('a')).toEqual(await rowsOf(sharedMysql(), database.name, 'a'));
});

test.each([{}, { byFile: true }])(
  'rows that change while they are read come in their newest version, %j (PITFALLS B46)',
  async (options) => {
    await using database = await freshMysqlDatabase();
    await database.query(`CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40));
      CREATE TABLE other (id INT PRIMARY KEY AUTO_INCREMENT, v INT)`);
    const values = Array.from({ length: 60 }, (_, i) => `(${i}, 'first ${i}')`);
    await database.query(`INSERT INTO t VALUES ${values.join(', ')}`);
    const source = await BesideSource.start(sharedMysql(), database.name, options);
    const writing = { on: true };
    const random = seededNumbers(7);
    const write = async (): Promise<void> => {
      const client = await database.connect();
      for (let n = 0; writing.on; n++) {
        const id = random(80);
        const statements = [
          `REPLACE INTO t VALUES (${id}, 'w${n}')`,
          `UPDATE t SET v = 'u${n}' WHERE id BETWEEN ${id} AND ${id + 3}`,
          `DELETE FROM t WHERE id = ${id}`,
          `UPDATE IGNORE t SET id = ${random(80)}, v = 'moved ${n}' WHERE id = ${id}`,
          `INSERT INTO other (v) VALUES (${n})`,
        ];
        const chosen = [0, 1].map(() => statements[random(statements.length)] as string);
        const end = random(6) === 0 ? 'ROLLBACK' : 'COMMIT';
        await client.query(`BEGIN; ${chosen.join('; ')}; ${end}`);
      }
    };
    const writers = [write(), write()];
    source.execute(['t']);
    await source.untilRead();
    source.execute(['t'], {}, 's2');
    await source.untilRead();
    writing.on = false;
    await Promise.all(writers).catch(() => undefined);
    await database.query(`INSERT INTO other (v) VALUES (-1)`);
    await source.until(() => source.told.some(({ after }) => after?.['v'] === '-1'));
    await source.stop();
    expect(source.applied('t')).toEqual(await rowsOf(sharedMysql(), database.name, 't'));
    expect(source.reads('t').length).toBeGreaterThan(40);
  },
);

test('stopped and started at any moment, a first snapshot is complete (ruling 1)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`CREATE TABLE t (id INT PRIMARY KEY, v INT); CREATE TABLE k (v INT);
    INSERT INTO k VALUES (1), (1), (2)`);
  const values = Array.from({ length: 40 }, (_, i) => `(${i}, 0)`);
  await database.query(`INSERT INTO t VALUES ${values.join(', ')}`);
  const task = { schema: database.name, purpose: 'initial', snapshotId: 'first' } as const;
  const tasks = [
    newTask({ ...task, table: 't', method: 'keys' }),
    newTask({ ...task, table: 'k', method: 'whole' }),
  ];
  const source = await BesideSource.start(
    sharedMysql(),
    database.name,
    {},
    {
      ...NO_SNAPSHOTS,
      tasks,
    },
  );
  for (let n = 1; n <= 6; n++) {
    const readBefore = source.told.length;
    await database.query(`UPDATE t SET v = ${n} WHERE id % 7 = ${n};
      INSERT INTO k VALUES (${n}); DELETE FROM k WHERE v = 1 LIMIT 1`);
    // After some rows, or in the middle of handing a chunk over.
    let rows = 0;
    source.onRow = () => {
      if (++rows === n * 2) source.durable = false;
    };
    await source.until(() => rows >= n * 2 || source.told.length > readBefore + 9);
    await source.stop();
    source.onRow = () => undefined;
    await source.resume();
  }
  await source.untilRead();
  await database.query('INSERT INTO t VALUES (1000, 1)');
  await source.until(() => source.applied('t').some((row) => row.includes('"1000"')));
  await source.stop();
  for (const table of ['t', 'k']) {
    expect(source.applied(table)).toEqual(await rowsOf(sharedMysql(), database.name, table));
  }
  expect(source.initialCompleted).toBe(1);
});

test('stop, pause and resume', async () => {
  await using database = await freshMysqlDatabase();
  const values = Array.from({ length: 30 }, (_, i) => `(${i})`).join(', ');
  await database.query(`CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES ${values};
    CREATE TABLE b (id INT PRIMARY KEY); INSERT INTO b VALUES ${values}`);
  const source = await BesideSource.start(sharedMysql(), database.name);
  source.execute(['a', 'b']);
  source.signal('p', 'pause-snapshot');
  await database.query('INSERT INTO a VALUES (100)');
  await source.until(() => source.told.some(({ key }) => key === '100'));
  const before = source.reads('a').length;
  expect(before).toBeLessThan(30);
  await source.stop();
  await source.resume();
  expect(source.state.paused).toBe(true);
  source.signal('x', 'stop-snapshot', { 'data-collections': [`${database.name}.b`] });
  source.signal('r', 'resume-snapshot');
  await source.untilRead();
  await source.stop();
  expect(new Set(source.reads('a')).size).toBeGreaterThanOrEqual(30);
  expect(source.reads('b')).toEqual([]);
  const types = source.notifications.map(({ type }) => type);
  for (const type of ['STARTED', 'PAUSED', 'RESUMED', 'ABORTED', 'COMPLETED'] as const) {
    expect(types).toContain(type);
  }
});

test('the reader has them beside its stream, and goes on with them after a restart', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`${SIGNALS};
    CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3), (4), (5)`);
  const signalTable = `${database.name}.signals`;
  const snapshots = { ...DEFAULT_SNAPSHOT_OPTIONS, signalTable, chunkSize: 2 };
  const options = mysqlSourceOptions(database, { snapshots });
  const state = newReaderState();
  const data = JSON.stringify({ 'data-collections': [`${database.name}.t`] });
  {
    await using run = startReader(options, state);
    await run.until(5);
    await expect.poll(() => run.reader.status().phase).toBe('streaming');
    await database.query('INSERT INTO signals VALUES (?, ?, ?)', ['s1', 'execute-snapshot', data]);
    await run.until(11);
    run.reader.signal?.({ id: 'p', type: 'pause-snapshot', data: null });
    run.reader.signal?.({ id: 's2', type: 'execute-snapshot', data });
    run.reader.signal?.({ id: 'p', type: 'pause-snapshot', data: null });
    await database.query('INSERT INTO t VALUES (6)');
    await expect.poll(() => run.told).toContain('c t 6');
    await run.stop();
    expect(run.told.filter((row) => row === 'r t 5')).toHaveLength(2);
  }
  await using run = startReader(options, state);
  await expect.poll(() => run.reader.status().phase).toBe('streaming');
  run.reader.signal?.({ id: 'r', type: 'resume-snapshot', data: null });
  await expect.poll(() => run.told).toContain('r t 6');
  await run.stop();
});
