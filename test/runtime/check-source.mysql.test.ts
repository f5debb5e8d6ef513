import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { SourceCheck } from '../../src/runtime/check-source.ts';
import { checkSourceServer } from '../../src/runtime/check-source.ts';
import { mysqlProperties } from '../support/examined-mysql-source.ts';
import { freshMysqlDatabase } from '../support/mysql-database.ts';
import type { MysqlDatabase } from '../support/mysql-database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function check(
  database: MysqlDatabase,
  change: Readonly<Record<string, string>>,
  file = '/p.yaml',
): Promise<SourceCheck> {
  const choice = { 'database.include.list': database.name };
  const source = mysqlProperties(database, { ...choice, ...change });
  const config = parsePipeline(JSON.stringify({ name: 'shop', source }), file, {});
  return checkSourceServer(config, null, new AbortController().signal, systemClock);
}

test('a source of binlogs is asked by its family; warnings come with their cures', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, n BIGINT UNSIGNED)');
  const { tables, problems, warnings } = await check(database, {
    'post.processors': 'again',
    'again.type': 'io.debezium.processors.reselect.ReselectColumnsPostProcessor',
    'again.reselect.columns.include.list': 'nowhere:nothing',
  });
  expect(problems).toEqual([]);
  expect(tables.map(({ id }) => `${id.schema}.${id.table}`)).toEqual([`${database.name}.t`]);
  expect(warnings).toContainEqual(
    expect.stringMatching(/^source: BIGINT UNSIGNED .* \(Debezium .*\)\. Set bigint\.unsigned/),
  );
  expect(warnings).toContainEqual(expect.stringMatching(/^source: .*no column of a captured/));
});

test('custom converters: modules that cannot be loaded, and idle ones', async () => {
  await using database = await freshMysqlDatabase();
  await using folder = await temporaryFolder('check');
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, n INT)');
  writeFileSync(
    path.join(folder.path, 'idle.mjs'),
    'export default () => undefined;\nexport const name = 1;',
  );
  const file = path.join(folder.path, 'p.yaml');
  const gone = { converters: 'gone', 'gone.type': './gone.mjs' };
  const { problems } = await check(database, gone, file);
  expect(problems).toMatchObject([{ message: expect.stringContaining('gone.mjs') as unknown }]);
  const idle = { converters: 'idle', 'idle.type': './idle.mjs' };
  const { problems: none, warnings } = await check(database, idle, file);
  expect(none).toEqual([]);
  expect(warnings).toContainEqual('source: idle: it converts no captured column');
});

test('SELECTs of the first snapshot are looked at, before anything is read', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, n INT); CREATE TABLE u (id INT)');
  const overrides = 'snapshot.select.statement.overrides';
  const { name } = database;
  const { problems, warnings } = await check(database, {
    [overrides]: `${name}.t,${name}.U,${name}.gone`,
    [`${overrides}.${name}.t`]: `SELECT id FROM ${name}.t`,
    [`${overrides}.${name}.U`]: `SELECT * FROM ${name}.u`,
    [`${overrides}.${name}.gone`]: `SELECT 1`,
  });
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(`^${overrides}\\.${name}\\.t: .*\\bn\\b`),
    `${overrides} names ${name}.U, the table is ${name}.u`,
  ]);
  expect(warnings).toContainEqual(expect.stringContaining(`names ${name}.gone, which is not read`));
  const without = await check(database, {
    'snapshot.mode': 'no_data',
    [overrides]: `${name}.t`,
    [`${overrides}.${name}.t`]: 'nonsense',
  });
  expect(without.problems).toEqual([]);
});
