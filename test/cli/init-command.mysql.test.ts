import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { freshMysqlDatabase, sharedMysql } from '../support/mysql-database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { flavor } = sharedMysql();

test('init writes a file that check finds nothing against', async () => {
  await using database = await freshMysqlDatabase();
  await using folder = await temporaryFolder('init');
  const { name, host, port, user, password } = database;
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const url = `mysql://${user}:${password}@${host}:${port}/${name}`;
  const file = `${folder.path}/shop.yaml`;
  const wrote = await runProgram(['init', url, '--output', file]);
  expect(wrote).toMatchObject({ code: 0, stderr: '' });
  const variable = `${name.toUpperCase()}_PASSWORD`;
  expect(wrote.stdout).toContain(`export ${variable}=…`);
  const checked = await runProgram(['check', file], { [variable]: password });
  expect(checked).toMatchObject({ code: 0 });
  const again = await runProgram(['init', url, '--output', file]);
  expect(again.code).not.toBe(0);
  const json = await runProgram(['init', url, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    family: flavor,
    errors: [],
    schemas: [{ name, tables: [{ name: 't', hasKey: true }] }],
  });
});
