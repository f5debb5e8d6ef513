import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { programFile } from '../support/program-file.ts';
import { diesWithItsTest } from '../support/dies-with-its-test.ts';
import { mysqlProperties } from '../support/examined-mysql-source.ts';
import { freshMysqlDatabase } from '../support/mysql-database.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

test('a migration is tried beside the source; what a killed run left goes', async () => {
  await using database = await freshMysqlDatabase();
  const { name } = database;
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))');
  const source = mysqlProperties(database, { 'database.include.list': name });
  await using pipeline = await pipelineFolder({ name: 'shop', source });
  const file = path.join(pipeline.folder, '1.sql');
  const args = ['check', pipeline.file, '--against', file];
  const sleeping = `information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(600) AS ${name}'`;

  await writeFile(file, `ALTER TABLE t ADD c INT;\nSELECT SLEEP(600) AS ${name};`);
  const killed = spawn(process.execPath, [programFile(), ...args], { stdio: 'ignore' });
  diesWithItsTest(killed);
  await database.until(`SELECT COUNT(*) > 0 FROM ${sleeping}`);
  const [row] = await database.query<{ name: string }>(`SELECT DB AS name FROM ${sleeping}`);
  const left = row?.name ?? '';
  expect(left).toMatch(/^tidemark_scratch_/);
  killed.kill('SIGKILL');
  await once(killed, 'close');
  await database.until(`SELECT IS_FREE_LOCK('${left}')`);

  await writeFile(file, `ALTER TABLE ${name}.t DROP COLUMN v;`);
  const { code, stdout } = await runProgram(args);
  expect(stdout).toMatch(/^\[warning\] shop: \S+\.t\.v was dropped/);
  expect(stdout).toMatch(/\n {2}position +1\.sql:1\n/);
  expect(code).toBe(4);
  // Another test's run may have been the next one: gone it is in any case, with its statement.
  await database.until(`SELECT COUNT(*) = 0 FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME = '${left}'`);
  await database.until(`SELECT COUNT(*) = 0 FROM ${sleeping}`);
  expect(await database.query('SELECT COUNT(v) AS n FROM t')).toEqual([{ n: 0 }]);
});
