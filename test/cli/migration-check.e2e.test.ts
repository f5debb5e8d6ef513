import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { CliFaces } from '../../src/cli/cli-context.ts';
import { ConsoleOutput } from '../../src/cli/console-output.ts';
import { runCli } from '../../src/cli/program.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { runProgram } from '../support/cli-process.ts';
import { programFile } from '../support/program-file.ts';
import { diesWithItsTest } from '../support/dies-with-its-test.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freshDatabase } from '../support/postgres.ts';
import { shopDatabase, shopPipeline } from '../support/shop-pipeline.ts';
import { reportProblems } from '../support/verify-report-schema.ts';

const NO_FACES: CliFaces = {
  serveHttp: () => Promise.resolve(null),
  serveStatus: () => Promise.resolve(null),
  runDemo: () => Promise.resolve(false),
};

/** The command line in this process: a start of the program takes longer than what it does. */
async function runHere(args: readonly string[]) {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof texts) => ({
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const output = new ConsoleOutput(stream('stdout'), stream('stderr'), {});
  const { signal } = new AbortController();
  const context = { output, environment: {}, signal, clock: systemClock, faces: NO_FACES };
  return { code: await runCli(args, context), ...texts };
}

interface Report {
  readonly ok: boolean;
  readonly worst: string | null;
  readonly alerts: readonly { readonly text: string; readonly position: string }[];
}

test('a migration is told as its alerts would be, for people and for CI', async () => {
  await using source = await shopDatabase();
  await using target = await freshDatabase();
  await target.query('CREATE TABLE t (id int PRIMARY KEY, v varchar(5))');
  await using pipeline = await shopPipeline(source, target, {
    sink: { 'table.name.format': 't' },
  });
  const file = async (name: string, sql: string): Promise<string> => {
    const place = path.join(pipeline.folder, name);
    await writeFile(place, sql);
    return place;
  };
  const plain = await file('0001.sql', 'CREATE INDEX ON t (v);\n');
  const added = await file('0002.sql', '-- adds\nALTER TABLE t\n  ADD c int;\n');
  const retyped = await file('0003.sql', 'ALTER TABLE t ALTER v TYPE int USING v::int');
  const wrong = await file('0004.sql', 'SELECT 1;\nALTER TABLE nowhere ADD c int;');
  const away = await file('0005.sql', 'ALTER TABLE t ADD d int;\nDROP ROLE admin;\n\\c other');
  const check = (...args: string[]) => runHere(['check', pipeline.file, '--against', ...args]);
  const [quiet, told, both, late, asJson, failed, refused, missing, idle] = await Promise.all([
    check(plain),
    check(added),
    check(added, retyped),
    check(added, '--fail-on', 'breaking'),
    check(plain, added, retyped, '--json'),
    check(wrong),
    check(away, '--json'),
    check(path.join(pipeline.folder, 'none.sql')),
    runHere(['check', pipeline.file, '--fail-on', 'info']),
  ]);
  expect(quiet).toMatchObject({ code: 0, stderr: '' });
  expect(quiet.stdout).toContain('nobody would be told of anything');
  expect(told.code).toBe(4);
  expect(told.stdout).toMatch(/^\[warning\] shop: public\.t\.c is new: integer\n/);
  expect(told.stdout).toMatch(/\n {2}position +0002\.sql:2\n/);
  expect(told.stdout).toMatch(/\n {2}sink w +alters public\.t: .*gets the column c\n/);
  expect(told.stdout).toMatch(/\n {2}statement +ALTER TABLE t\n +ADD c int\n/);
  expect(both.code).toBe(5);
  expect(both.stdout).toMatch(/\n\[breaking\] shop: public\.t\.v is integer now \(was text\)/);
  expect(both.stdout).toMatch(/0003\.sql: 1 breaking, 1 warning\n$/);
  expect(late.code).toBe(0);
  expect(asJson.code).toBe(5);
  const report = JSON.parse(asJson.stdout) as Report;
  expect(await reportProblems(report, 'migration-report.schema.json')).toBe('');
  expect(report).toMatchObject({ ok: false, worst: 'breaking' });
  expect(report.alerts.map(({ position }) => position)).toEqual(['0002.sql:2', '0003.sql:1']);
  for (const alert of report.alerts) {
    expect(await reportProblems(alert, 'alert.schema.json')).toBe('');
  }
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/^MIGRATION_FAILED {2}0004\.sql:2: .*nowhere.*42P01/);
  expect(refused.code).toBe(2);
  expect(refused.stdout).toMatch(/0005\.sql:2: .*whole server.*0005\.sql:3: .*psql alone/);
  expect(missing).toMatchObject({ code: 2, stdout: '' });
  expect(missing.stderr).toContain('none.sql cannot be read');
  expect(idle.stderr).toContain('--fail-on without --against');
  // The source was not touched.
  const columns = `SELECT count(*) = 2 AS same FROM pg_attribute
    WHERE attrelid = 't'::regclass AND attnum > 0`;
  expect(await source.query(columns)).toEqual([{ same: true }]);
});

test('what policies say of a change is told with it', async () => {
  await using source = await shopDatabase();
  await using target = await freshDatabase();
  const policies = [
    { classes: 'column_added', policy: 'ignore' },
    { grades: 'breaking', policy: 'hold' },
  ];
  const rest = { schema: { 'change.policies': policies } };
  await using pipeline = await shopPipeline(source, target, { rest });
  const file = path.join(pipeline.folder, '0001.sql');
  await writeFile(file, 'ALTER TABLE t ADD c int;\nALTER TABLE t ALTER v TYPE int USING v::int');
  const { code, stdout } = await runHere(['check', pipeline.file, '--against', file]);
  expect(code).toBe(5);
  // Nobody is told of what is ignored.
  expect(stdout).not.toContain('public.t.c is new');
  expect(stdout).toMatch(/\n {2}Tidemark +lets the table wait before its next record/);
});

test('a run that is stopped leaves no copy, and what a killed one left goes', async () => {
  await using source = await shopDatabase();
  await using target = await freshDatabase();
  await using pipeline = await shopPipeline(source, target);
  const slow = path.join(pipeline.folder, 'slow.sql');
  // The tag tells this test's sessions from those of others.
  const tag = `as_${source.name}`;
  await writeFile(slow, `ALTER TABLE t ADD c int; SELECT pg_sleep(600) AS ${tag}`);
  const args = ['check', pipeline.file, '--against', slow];

  const stopped = startProgram(args);
  const first = await scratchOf(source, tag);
  stopped.kill('SIGINT');
  const [code] = (await once(stopped, 'close')) as [number | null];
  expect(code).not.toBe(0);
  expect(await databases(source, first)).toEqual([]);

  const killed = startProgram(args);
  const second = await scratchOf(source, tag);
  killed.kill('SIGKILL');
  await once(killed, 'close');
  await source.until(`SELECT count(*) = 0 FROM pg_stat_activity
    WHERE application_name = '${second}'`);
  await writeFile(slow, 'SELECT 1');
  // Another test's run may have been the next one: gone it is in any case.
  expect(await runProgram(args)).toMatchObject({ code: 0 });
  await source.until(`SELECT count(*) = 0 FROM pg_database WHERE datname = '${second}'`);
});

function startProgram(args: readonly string[]) {
  const child = spawn(process.execPath, [programFile(), ...args], { stdio: 'ignore' });
  diesWithItsTest(child);
  return child;
}

/** The copy in which the statement runs now. */
async function scratchOf(source: TestDatabase, tag: string): Promise<string> {
  const running = `FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600) AS ${tag}'
    AND state = 'active' AND datname LIKE 'tidemark%'`;
  await source.until(`SELECT count(*) > 0 ${running}`);
  const [row] = await source.query<{ datname: string }>(`SELECT datname ${running}`);
  return row?.datname ?? '';
}

function databases(source: TestDatabase, name: string) {
  return source.query('SELECT datname FROM pg_database WHERE datname = $1', [name]);
}
