import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { checkPostgresSource } from '../../../../src/source/postgres/capture/postgres-preflight.ts';
import type { PreflightReport } from '../../../../src/source/postgres/capture/postgres-preflight.ts';
import { tableName } from '../../../../src/model/table-schema.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase, startOwnServer } from '../../../support/postgres.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { startSnapshot } from '../../../support/snapshot-run.ts';

type Overrides = NonNullable<Parameters<typeof sourceOptionsFor>[1]>;

type Address = Pick<TestDatabase, 'host' | 'port' | 'user' | 'password' | 'name'>;

async function check(address: Address, overrides: Overrides = {}): Promise<PreflightReport> {
  const options = sourceOptionsFor(address, {
    publicationAutocreateMode: 'filtered',
    ...overrides,
  });
  const { signal } = new AbortController();
  return await checkPostgresSource(options, { clock: systemClock, signal });
}

const codes = ({ problems }: PreflightReport): string[] => problems.map(({ code }) => code);

/** Runs the statements that a cure names, as the administrator. */
async function cure(database: TestDatabase, report: PreflightReport): Promise<void> {
  for (const problem of report.problems) {
    for (const statement of problem.cure.match(/(?:GRANT|ALTER ROLE)[^;]*;/g) ?? []) {
      if (!statement.includes('rds_')) await database.query(statement);
    }
  }
}

describe('connection', () => {
  test('a wrong password, a missing database and a closed port are told apart', async () => {
    await using database = await freshDatabase();
    const { host, port, user, password, name } = database;
    const address = { host, port, user, password, name };
    expect(codes(await check({ ...address, password: 'wrong' }))).toEqual(['PG_AUTH']);
    expect(codes(await check({ ...address, name: 'nowhere' }))).toEqual(['PG_DATABASE_MISSING']);
    const closed = await check({ ...address, port: 1 });
    expect(codes(closed)).toEqual(['PG_CONNECT']);
    expect(closed.server).toBeNull();
  });
});

describe('rights', () => {
  test('a role without rights is told all at once; the cures suffice for a snapshot', async () => {
    await using database = await freshDatabase();
    const role = `${database.name}_r`;
    await database.query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'p';
      CREATE ROLE ${role}_app;
      CREATE SCHEMA private AUTHORIZATION ${role}_app;
      CREATE TABLE private.a (id int PRIMARY KEY);
      INSERT INTO private.a VALUES (1);
      ALTER TABLE private.a OWNER TO ${role}_app;`);
    const { host, port, name } = database;
    const address = { host, port, name, user: role, password: 'p' };
    const before = await check(address);
    expect(codes(before)).toEqual([
      'PG_NO_REPLICATION_RIGHT',
      'PG_PERMISSION',
      'PG_PERMISSION',
      'PG_PERMISSION',
    ]);
    expect(before.tables.map(({ id }) => tableName(id))).toEqual(['private.a']);
    await cure(database, before);
    expect(codes(await check(address))).toEqual([]);
    const options = sourceOptionsFor(address, { publicationAutocreateMode: 'filtered' });
    const run = startSnapshot(options);
    await run.result;
    expect(run.receiver.events.map(({ after }) => after)).toEqual([{ id: '1' }]);
  });

  test('row level security is found, and a snapshot would fail rather than miss rows', async () => {
    await using database = await freshDatabase();
    const role = `${database.name}_r`;
    await database.query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'p' REPLICATION;
      CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);
      ALTER TABLE a ENABLE ROW LEVEL SECURITY;
      GRANT SELECT ON a TO ${role};
      CREATE PUBLICATION ours FOR TABLE a;`);
    const { host, port, name } = database;
    const address = { host, port, name, user: role, password: 'p' };
    const ours = { publicationName: 'ours', publicationAutocreateMode: 'disabled' } as const;
    const report = await check(address, ours);
    expect(codes(report)).toEqual(['PG_PERMISSION']);
    expect(report.problems[0]?.message).toContain('row level security');
    const refused = startSnapshot(sourceOptionsFor(address, ours));
    await expect(refused.result).rejects.toThrow(/row-level security/);
    // It stays for the pipeline that resumes; what follows is another one.
    await database.until(`SELECT NOT active FROM pg_replication_slots WHERE slot_name = $1`, [
      sourceOptionsFor(address, ours).slotName,
    ]);
    await database.query('SELECT pg_drop_replication_slot($1)', [
      sourceOptionsFor(address, ours).slotName,
    ]);
    await cure(database, report);
    expect(codes(await check(address, ours))).toEqual([]);
    const run = startSnapshot(sourceOptionsFor(address, ours));
    await run.result;
    expect(run.receiver.events).toHaveLength(1);
  });
});

test('unsupported types of all tables are named at once', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE EXTENSION cube;
    CREATE TABLE t1 (id int PRIMARY KEY, p cube, c circle);
    CREATE TABLE t2 (id int PRIMARY KEY, q cube[]);`);
  const [problem, ...rest] = (await check(database)).problems;
  expect(rest).toEqual([]);
  expect(problem?.code).toBe('PG_UNSUPPORTED_TYPE');
  for (const name of ['public.t1.p (cube)', 'public.t2.q (cube[])']) {
    expect(problem?.message).toContain(name);
  }
});

test('a slot of another plugin or in use, and tables without identity', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int)');
  await database.query(`SELECT pg_create_logical_replication_slot($1, 'test_decoding')`, [
    database.name,
  ]);
  expect(codes(await check(database))).toEqual(['PG_SLOT_MISMATCH', 'PG_REPLICA_IDENTITY']);
});

test('a server without logical WAL and without free slots', async () => {
  await using server = await startOwnServer({
    settings: { wal_level: 'replica', max_replication_slots: 1, max_slot_wal_keep_size: '1GB' },
  });
  await using database = await server.freshDatabase();
  await database.query(`CREATE TABLE a (id int PRIMARY KEY);
    SELECT pg_create_physical_replication_slot('taken')`);
  const report = await check(database);
  expect(codes(report)).toEqual(['PG_WAL_LEVEL', 'PG_SLOTS_EXHAUSTED']);
  expect(report.warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining('max_slot_wal_keep_size is 1024 MB'),
  ]);
});

test('a database that is not UTF-8', async () => {
  await using database = await freshDatabase();
  const name = `${database.name}_latin`;
  await database.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`);
  const { host, port, user, password } = database;
  expect(codes(await check({ host, port, user, password, name }))).toEqual([
    'PG_ENCODING',
    'PG_NO_TABLES',
  ]);
  await database.query(`DROP DATABASE ${name} WITH (FORCE)`);
});
