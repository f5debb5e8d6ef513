import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { mysqlProperties } from '../support/examined-mysql-source.ts';
import { freshMysqlDatabase } from '../support/mysql-database.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

test('plan tells what a run would do, for people and for programs, and does nothing', async () => {
  await using database = await freshMysqlDatabase();
  const { name } = database;
  await database.query('CREATE TABLE t (id INT, part INT, v TEXT, PRIMARY KEY (part, id))');
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: mysqlProperties(database, { 'database.include.list': name }),
    sinks: [
      { name: 'w', 'connector.class': 'jdbc', 'connection.url': 'postgres://u@h/d' },
      { name: 'f', 'connector.class': 'sqlite', 'connection.url': 'sqlite:/nowhere/copy.db' },
    ],
  });
  const people = await runProgram(['plan', pipeline.file]);
  expect(people).toMatchObject({ code: 0, stderr: '' });
  expect(people.stdout).toMatch(/On the source\n {2}(MariaDB|MySQL) .*; nothing is made there\n/);
  expect(people.stdout).toMatch(/ {2}replica tidemark-shop with server id \d+\n/);
  expect(people.stdout).toMatch(/ {2}binlog ends at binlog\.\d+:\d+; the stream goes on by GTID\n/);
  expect(people.stdout).toMatch(/ {2}snapshot\.mode initial: rows are read; lock: .+\n/);
  expect(people.stdout).toContain(`  ${name}.t → shop.${name}.t, key part, id, about 0 rows\n`);
  expect(people.stdout).toMatch(/CREATE TABLE .*"t"/);
  expect(people.stdout).toMatch(/CREATE TABLE IF NOT EXISTS "main"."t" [^;]* STRICT/);
  const json = await runProgram(['plan', pipeline.file, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    replica: { host: 'tidemark-shop' },
    tables: [{ table: `${name}.t`, key: ['part', 'id'], estimatedRows: 0 }],
    sinks: [{ name: 'w' }, { name: 'f', tables: [{ table: 'main.t' }] }],
  });
  await database.until(
    'SELECT COUNT(*) = 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?',
    [name],
  );
});
