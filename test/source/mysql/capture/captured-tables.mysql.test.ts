import { expect, test } from 'vitest';
import { capturedShapeOf } from '../../../../src/source/mysql/capture/captured-shape.ts';
import { examineTables } from '../../../../src/source/mysql/capture/captured-tables.ts';
import { readServerTables } from '../../../../src/source/mysql/capture/server-tables.ts';
import { readServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { mysqlOptions } from '../../../support/examined-mysql-source.ts';
import { freshMysqlDatabase } from '../../../support/mysql-database.ts';

const { signal } = new AbortController();

test('tables that are chosen are read, and what cannot be captured is told of each', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`
    CREATE TABLE good (id INT PRIMARY KEY, v TEXT);
    CREATE TABLE other (id INT PRIMARY KEY);
    CREATE TABLE keyed (a INT, b INT)`);
  const options = mysqlOptions(database, {
    'table.include.list': `${database.name}\\.(good.*|keyed)`,
    'message.key.columns': `${database.name}\\.keyed:nowhere`,
  });
  await using session = await MysqlSession.connect(options.connection, signal);
  const facts = await readServerFacts(session, signal);
  const all = await readServerTables(session, signal);
  // Dropped between the two looks.
  const gone = { database: database.name, name: 'good_bye', engine: 'InnoDB', estimatedRows: 0 };
  const shape = capturedShapeOf(options);
  const found = await examineTables(session, facts, [...all, gone], shape, signal);
  expect(found.chosen.map(({ name }) => name)).toEqual(['good', 'keyed', 'good_bye']);
  expect(found.tables.map(({ schema }) => schema.columns.map(({ name }) => name))).toEqual([
    ['id', 'v'],
  ]);
  expect(found.problems.map(({ message }) => message)).toEqual([
    `message.key.columns names nowhere, which ${database.name}.keyed does not have`,
  ]);
});
