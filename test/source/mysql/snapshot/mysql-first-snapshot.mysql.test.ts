import { expect, test } from 'vitest';
import { freshMysqlDatabase } from '../../../support/mysql-database.ts';
import { mysqlSourceOptions, startMysqlSnapshot } from '../../../support/mysql-snapshot-run.ts';

test('tables are told as they are, with markers, statements and a place', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`
    CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(20), f FLOAT);
    CREATE TABLE nothing (id INT PRIMARY KEY);
    CREATE TABLE \`Quoted \`\`name\` (\`a b\` INT PRIMARY KEY, \`select\` TEXT);
    CREATE VIEW w AS SELECT * FROM a;
    INSERT INTO a VALUES (1, 'grüße 😀', 16777217.1), (2, NULL, 0.1), (3, '', NULL);
    INSERT INTO \`Quoted \`\`name\` VALUES (7, 'x')`);
  const run = startMysqlSnapshot(mysqlSourceOptions(database, { snapshotMaxThreads: 1 }));
  const { resume, catalog, complete } = await run.result;
  const { recorder } = run;
  expect(complete).toBe(true);
  expect(recorder.of('a')).toEqual([
    '1|grüße 😀|16777218',
    '2|NULL|0.10000000149011612',
    '3||NULL',
  ]);
  expect(recorder.of('Quoted `name')).toEqual(['7|x']);
  expect(recorder.rows.map(({ marker }) => marker).toSorted()).toEqual(
    ['first', 'first_in_data_collection', 'last', 'true'].toSorted(),
  );
  const place = `${resume.done.file}:${resume.done.pos}`;
  expect(new Set(recorder.rows.map((row) => row.place))).toEqual(new Set([place]));
  expect(catalog.table(database.name, 'a')?.columns).toHaveLength(3);
  expect(recorder.statements.map(({ ddl }) => ddl.split(' ').slice(0, 3).join(' '))).toEqual([
    expect.stringMatching(/^SET character_set_server=/),
    'DROP TABLE IF',
    'DROP TABLE IF',
    'DROP TABLE IF',
    'DROP DATABASE IF',
    `CREATE DATABASE \`${database.name}\``,
    `USE \`${database.name}\``,
    expect.stringMatching(/^CREATE TABLE/),
    expect.stringMatching(/^CREATE TABLE/),
    expect.stringMatching(/^CREATE TABLE/),
  ]);
  expect(run.notifications.map(({ type }) => type)).toContain('COMPLETED');
});
