import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliResult, runProgram } from '../support/cli-process.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, startOwnServer, type TestDatabase } from '../support/postgres.ts';

interface CheckOutput {
  readonly ok: boolean;
  readonly errors: readonly {
    readonly code: string;
    readonly message: string;
    readonly cure: string;
  }[];
  readonly warnings: readonly string[];
}

async function check(
  database: TestDatabase,
  overrides: Readonly<Record<string, unknown>> = {},
  rest: Readonly<Record<string, unknown>> = {},
): Promise<CheckOutput & Pick<CliResult, 'code'>> {
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: sourceSection(database, overrides),
    ...rest,
  });
  const { code, stdout, stderr } = await runProgram(['check', pipeline.file, '--json']);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as CheckOutput) };
}

const codes = ({ errors }: CheckOutput): string[] => errors.map(({ code }) => code);

describe('check', () => {
  test('all is well', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id int PRIMARY KEY, v text)');
    const own = { name: 'w', 'connector.class': 'jdbc', 'connection.url': database.url };
    const sink = { ...own, 'table.name.format': 'copies.${source.table}' };
    const outcome = await check(database, {}, { sinks: [sink] });
    expect(outcome).toMatchObject({ code: 0, ok: true, errors: [] });
    expect(codes(await check(database, {}, { sinks: [own] })), 'into itself').toEqual([
      'CONFIG_INVALID',
    ]);
    await using pipeline = await pipelineFolder({ name: 'shop', source: sourceSection(database) });
    const people = await runProgram(['check', pipeline.file]);
    expect(people.stdout).toMatch(/source and 0 sinks are ready\.\n$/);
    // Nothing was changed.
    expect(await database.query('SELECT 1 FROM pg_publication')).toEqual([]);
    expect(
      await database.query(
        'SELECT 1 FROM pg_replication_slots WHERE database = current_database()',
      ),
    ).toEqual([]);
  });

  test('the folder of a file, which plan names', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id int PRIMARY KEY)');
    const lines = { name: 'lines', 'connector.class': 'file', file: 'logs/t.jsonl' };
    const printed = { name: 'printed', 'connector.class': 'FileStreamSink' };
    await using pipeline = await pipelineFolder({
      name: 'shop',
      source: sourceSection(database),
      sinks: [lines, printed],
    });
    const folder = path.join(pipeline.folder, 'logs');
    const ask = async (command: string): Promise<CliResult> =>
      runProgram([command, pipeline.file, '--json']);
    expect(JSON.parse((await ask('check')).stdout)).toMatchObject({
      errors: [{ code: 'SINK_FILE', cure: `mkdir -p ${folder}` }],
      warnings: [expect.stringContaining('sink printed: standard output keeps no offsets')],
    });
    await mkdir(folder);
    expect(JSON.parse((await ask('check')).stdout)).toMatchObject({ ok: true, errors: [] });
    const file = path.join(folder, 't.jsonl');
    expect(JSON.parse((await ask('plan')).stdout)).toMatchObject({
      sinks: [
        { name: 'lines', file, tables: [] },
        { name: 'printed', file: null },
      ],
    });
    const people = await runProgram(['plan', pipeline.file]);
    expect(people.stdout).toContain(`added to ${file}`);
    expect(await readdir(folder)).toEqual([]);
  });

  test('wrong password, at source and target together', async () => {
    await using database = await freshDatabase();
    const { host, port, user, name } = database;
    const url = `postgres://${user}:wrong@${host}:${port}/${name}`;
    const sink = { name: 'w', 'connector.class': 'jdbc', 'connection.url': url };
    const outcome = await check(database, { 'database.password': 'wrong' }, { sinks: [sink] });
    expect(outcome.code).toBe(3);
    expect(codes(outcome)).toEqual(['PG_AUTH', 'SINK_AUTH']);
    expect(JSON.stringify(outcome)).not.toContain('wrong');
  });

  test('missing database', async () => {
    await using database = await freshDatabase();
    const outcome = await check(database, { 'database.dbname': 'not_there' });
    expect(outcome.code).toBe(3);
    expect(codes(outcome)).toEqual(['PG_DATABASE_MISSING']);
    expect(outcome.errors[0]?.message).toContain('not_there');
  });

  test('no REPLICATION right and no right to read, with the statements that cure it', async () => {
    await using database = await freshDatabase();
    const role = `role_${database.name}`;
    await database.query(
      `CREATE TABLE t (id int PRIMARY KEY); CREATE ROLE ${role} LOGIN PASSWORD 'x'`,
    );
    try {
      const outcome = await check(database, { 'database.user': role, 'database.password': 'x' });
      expect(outcome.code).toBe(3);
      expect(codes(outcome)).toContain('PG_NO_REPLICATION_RIGHT');
      expect(codes(outcome)).toContain('PG_PERMISSION');
      const cures = outcome.errors.map(({ cure }) => cure).join('\n');
      expect(cures).toContain(`ALTER ROLE "${role}" REPLICATION`);
    } finally {
      await database.query(`DROP ROLE ${role}`);
    }
  });

  test('slot in use, with the pid of its reader', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id int PRIMARY KEY)');
    await using pipeline = await pipelineFolder({
      name: 'other',
      source: sourceSection(database),
      http: { listen: 'none' },
    });
    const slot = `slot_${database.name}`;
    const stop = new AbortController();
    const daemon = runProgram(['run', pipeline.file], {}, stop.signal);
    const active = `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`;
    await database.until(`SELECT count(*) = 1 FROM (${active}) s WHERE active`);
    const outcome = await check(database);
    expect(outcome.code).toBe(3);
    expect(codes(outcome)).toContain('PG_SLOT_IN_USE');
    const inUse = outcome.errors.find(({ code }) => code === 'PG_SLOT_IN_USE');
    expect(inUse?.message).toMatch(new RegExp(`${slot} .* pid \\d+`));
    stop.abort();
    expect((await daemon).code).toBe(0);
  });

  test('no table matches, and a target that may not be written', async () => {
    await using database = await freshDatabase();
    const role = `role_${database.name}`;
    await database.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
    );
    try {
      const url = `postgres://${role}:x@${database.host}:${database.port}/${database.name}`;
      const sink = { name: 'w', 'connector.class': 'jdbc', 'connection.url': url };
      const outcome = await check(database, {}, { sinks: [sink] });
      expect(codes(outcome)).toEqual(['PG_NO_TABLES', 'SINK_SCHEMA']);
      expect(outcome.errors[1]?.cure).toContain(`GRANT CREATE ON SCHEMA "public" TO "${role}"`);
    } finally {
      await database.query(`DROP ROLE ${role}`);
    }
  });

  test("the defaults of Debezium's class are warned of", async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id int PRIMARY KEY)');
    const outcome = await check(database, {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    });
    const warnings = outcome.warnings.join('\n');
    expect(warnings).toContain('publication.autocreate.mode is all_tables');
  });
});

test('wal_level = replica', async () => {
  await using server = await startOwnServer({ settings: { wal_level: 'replica' } });
  await using database = await server.freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY)');
  const outcome = await check(database);
  expect(outcome.code).toBe(3);
  expect(codes(outcome)).toEqual(['PG_WAL_LEVEL']);
  expect(outcome.errors[0]?.cure).toContain("ALTER SYSTEM SET wal_level = 'logical'");
});
