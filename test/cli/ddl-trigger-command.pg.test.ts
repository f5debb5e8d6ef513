import { expect, test } from 'vitest';
import { runInProcess } from '../support/cli-in-process.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freshDatabase } from '../support/postgres.ts';

function urlOf(database: TestDatabase, user = database.user): string {
  const { host, port, password, name } = database;
  return `postgres://${user}:${password}@${host}:${port}/${name}`;
}

async function triggersOf(database: TestDatabase): Promise<readonly unknown[]> {
  const rows = await database.query(
    `SELECT evtname, evtevent FROM pg_event_trigger WHERE evtname ~ '^tidemark' ORDER BY 1`,
  );
  return rows.map((row) => `${String(row['evtname'])} ${String(row['evtevent'])}`);
}

const INSTALLED = ['tidemark_ddl ddl_command_end', 'tidemark_ddl_drop sql_drop'];

test('the trigger is made, made again, printed and removed; nothing is left', async () => {
  await using database = await freshDatabase();
  const init = (...flags: string[]) => runInProcess(['init', urlOf(database), ...flags]);
  expect(await init('--ddl-trigger')).toMatchObject({ code: 0, stderr: '' });
  expect(await init('--ddl-trigger', '--json')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"installed"') as string,
  });
  expect(await triggersOf(database)).toEqual(INSTALLED);
  expect(await init('--ddl-trigger', '--remove')).toMatchObject({ code: 0 });
  expect(await init('--ddl-trigger', '--remove')).toMatchObject({ code: 0 });
  expect(await triggersOf(database)).toEqual([]);
  const left = await database.query(`SELECT FROM pg_namespace WHERE nspname = 'tidemark_ddl'`);
  expect(left).toEqual([]);
  // What is printed is what a DBA may run.
  const printed = await init('--ddl-trigger', '--print');
  await database.query(printed.stdout);
  expect(await triggersOf(database)).toEqual(INSTALLED);
  await database.query((await init('--ddl-trigger', '--print', '--remove')).stdout);
  expect(await triggersOf(database)).toEqual([]);
});

test('whoever may not is told what to do, and wrong flags are refused', async () => {
  await using database = await freshDatabase();
  const role = `plain_${database.name}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${database.password}';
    GRANT CREATE ON DATABASE ${database.name} TO ${role}`);
  const refused = await runInProcess(['init', urlOf(database, role), '--ddl-trigger']);
  await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('PG_PERMISSION');
  expect(refused.stderr).toContain('--ddl-trigger --print');
  expect(await triggersOf(database)).toEqual([]);
  const wrong = async (...args: string[]) => (await runInProcess(['init', ...args])).stderr;
  expect(await wrong(urlOf(database), '--print')).toContain('--print goes with --ddl-trigger');
  expect(await wrong(urlOf(database), '--ddl-trigger', '-o', 'x')).toContain('no pipeline file');
  expect(await wrong('mysql://a@b/c', '--ddl-trigger')).toContain('a binlog has the statements');
});
