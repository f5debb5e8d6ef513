import { expect, test } from 'vitest';
import { newTask, NO_SNAPSHOTS } from '../../../../src/source/incremental/snapshot-state.ts';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { rowsOf } from '../../../support/mysql-replay.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';

test('keys are compared by the server, in its own order (PITFALLS B118)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`
    CREATE TABLE c (id VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german1_ci PRIMARY KEY);
    INSERT INTO c VALUES ('z'), ('ä'), ('B'), ('a1'), (''), ('ü\\''), ('\\\\'), ('ZZ'), ('€');
    CREATE TABLE e (id ENUM('z', 'm', 'a') , n DECIMAL(20, 3), PRIMARY KEY (id, n));
    INSERT INTO e VALUES ('z', 1), ('z', -0.5), ('m', 12345678901234567.125), ('a', 0), ('a', 9);
    CREATE TABLE b (id VARBINARY(8) PRIMARY KEY, f INT);
    INSERT INTO b VALUES (x'ff', 1), (x'fe', 1), (x'00', 1), (x'', 1), (x'c3', 1), (x'41', 1);
    CREATE TABLE d (id DATETIME(3), t TIME, y BIT(9), u BIGINT UNSIGNED, PRIMARY KEY (id, t, y, u));
    INSERT INTO d VALUES ('2020-01-01 00:00:00.5', '-12:00:01', 300, 18446744073709551615),
      ('2020-01-01 00:00:00.5', '-12:00:01', 300, 18446744073709551614),
      ('2020-01-01 00:00:00.5', '100:00:00', 1, 0), ('0001-01-01', '00:00:00', 263, 1),
      ('2020-01-01 00:00:00.5', '-12:00:01', 5, 1)`);
  const snapshots = { chunkSize: 1 };
  const source = await BesideSource.start(sharedMysql(), database.name, { snapshots });
  source.execute(['c', 'e', 'b', 'd']);
  // Bytes that are no text are told apart all the same, in the window too.
  await database.query(`UPDATE b SET f = 2 WHERE id = x'fe'`);
  await source.untilRead();
  await database.query(`INSERT INTO b VALUES (x'aa', 9)`);
  await source.until(() => source.told.some(({ after }) => after?.['f'] === '9'));
  await source.stop();
  for (const [table, count] of Object.entries({ c: 9, e: 5, d: 5 })) {
    expect(source.reads(table)).toHaveLength(count);
    expect(source.applied(table)).toEqual(await rowsOf(sharedMysql(), database.name, table));
  }
  expect(source.reads('b').length).toBeGreaterThanOrEqual(5);
  expect(source.reads('e').map((row) => row.split('|')[0])).toEqual(['z', 'z', 'm', 'a', 'a']);
});

test('conditions and surrogate keys, and what is wrong with them', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`CREATE TABLE a (id VARCHAR(10) PRIMARY KEY, n INT NOT NULL, x INT);
    INSERT INTO a VALUES ('e', 1, 1), ('d', 2, 1), ('c', 3, 1), ('b', 4, 1), ('a', 4, 1)`);
  const source = await BesideSource.start(sharedMysql(), database.name);
  const name = `${database.name}.a`;
  const filtered = (filter: string): object => ({
    'additional-conditions': [{ 'data-collection': name, filter }],
  });
  source.execute(['a'], { 'surrogate-key': 'n', ...filtered('n > 1 # ;') }, 's1');
  await source.untilRead();
  expect(source.reads('a')).toEqual(['d', 'c', 'a', 'b']);
  source.execute(['a'], { 'surrogate-key': 'x' }, 's2');
  await source.untilRead();
  source.execute(['a'], { 'surrogate-key': 'nothing' }, 's3');
  await source.untilRead();
  source.execute(['a'], filtered('1 = 1) OR (1'), 's4');
  source.execute(['a'], filtered('no_column = 1'), 's5');
  await source.untilRead();
  source.execute(['gone'], {}, 's6');
  await source.untilRead();
  await source.stop();
  expect(source.reads('a')).toHaveLength(4);
  const notes = source.notes.join('\n');
  expect(notes).toContain('the surrogate-key x may be NULL in a');
  expect(notes).toContain('the surrogate-key nothing is no column of a');
  expect(notes).toContain(`the condition of ${name} closes a bracket that it did not open`);
  expect(notes).toContain('no_column');
  expect(notes).toContain('gone, which is not captured');
});

test('the rest of a first snapshot comes by the SELECT of the user, chunk by chunk', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`CREATE TABLE a (id INT PRIMARY KEY, v INT);
    INSERT INTO a VALUES (1, 1), (2, 0), (3, 1), (4, 1), (5, 0), (6, 1), (7, 1)`);
  const statement = `SELECT v, id FROM ${database.name}.a WHERE v = 1 -- those; `;
  const snapshots = { overrides: [{ table: `${database.name}.a`, statement }], chunkRows: 2 };
  const base = { schema: database.name, purpose: 'initial', snapshotId: 'first' } as const;
  const tasks = [newTask({ ...base, table: 'a', method: 'keys' })];
  const state = { ...NO_SNAPSHOTS, tasks };
  const source = await BesideSource.start(sharedMysql(), database.name, { snapshots }, state);
  await source.untilRead();
  await source.stop();
  expect(source.reads('a')).toEqual(['1', '3', '4', '6', '7']);
  expect(source.told.at(-1)?.after).toEqual({ id: '7', v: '1' });
});
