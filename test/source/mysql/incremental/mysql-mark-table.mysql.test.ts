import { expect, test } from 'vitest';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';

const SCHEMA = `CREATE TABLE signals (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL,
    data VARCHAR(2048));
  CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1), (2), (3), (4)`;

/** What was told of the signal table. */
function marksOf(source: BesideSource): readonly string[] {
  return source.told
    .filter(({ table }) => table === 'signals')
    .map(({ op, after }) => `${op} ${after?.['type'] ?? ''}`);
}

test('windows are marked in the signal table for those who read it, and it is told', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(SCHEMA);
  const snapshots = { watermarking: 'insert_insert' } as const;
  const source = await BesideSource.start(sharedMysql(), database.name, { snapshots });
  source.execute(['a']);
  await source.until(() => marksOf(source).length === 6);
  await source.untilRead();
  await database.query('DROP TABLE signals');
  source.execute(['a'], {}, 's2');
  await source.until(() => source.reads('a').length === 8);
  await source.stop();
  const pair = ['c snapshot-window-open', 'c snapshot-window-close'];
  expect(marksOf(source)).toEqual([...pair, ...pair, ...pair]);
  expect(source.notes.join('\n')).toContain(`no mark could be written to ${database.name}.signals`);
});

test('insert_delete leaves no mark behind', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(SCHEMA);
  const snapshots = { watermarking: 'insert_delete' } as const;
  const source = await BesideSource.start(sharedMysql(), database.name, { snapshots });
  source.execute(['a']);
  await source.until(() => marksOf(source).length === 6);
  await source.stop();
  expect(await database.query('SELECT * FROM signals')).toEqual([]);
  expect(source.reads('a')).toEqual(['1', '2', '3', '4']);
});
