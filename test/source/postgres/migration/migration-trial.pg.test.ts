import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresSourceOptions } from '../../../../src/source/postgres/postgres-source-options.ts';
import { tryPostgresMigration } from '../../../../src/source/postgres/migration/migration-trial.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import type { TriedMigration } from '../../../support/tried-migration.ts';
import { triedMigration } from '../../../support/tried-migration.ts';

const SCHEMA = `CREATE TYPE mood AS ENUM ('sad');
CREATE TABLE t (id int PRIMARY KEY, n int, req int NOT NULL, word varchar(20), m mood);
CREATE TABLE u (id serial PRIMARY KEY, t_id int REFERENCES t);
CREATE TABLE hidden (id int PRIMARY KEY, n int);
CREATE VIEW v AS SELECT id FROM t;
CREATE TABLE parted (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parted_1 PARTITION OF parted DEFAULT;`;

/** Alerts as `class table line`. */
type MigrationCase = readonly [name: string, sql: string, told: readonly string[]];

const CASES: readonly MigrationCase[] = [
  [
    'one statement after the other, as psql cuts them',
    String.raw`\set ON_ERROR_STOP on
\echo /* now
/* nothing; at /* all */ */ ;; -- here; either
ALTER TABLE hidden ADD c int; CREATE INDEX ON t (n);
CREATE INDEX CONCURRENTLY i ON t (n); DROP INDEX i;
ALTER TABLE t ADD c int;
ALTER TABLE t DROP c; ALTER TABLE u ADD d int;
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $body$ BEGIN
  EXECUTE 'ALTER TABLE t ADD never int;'; RETURN 1; END; $body$;
CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true
  THEN 2 END; END;
CREATE RULE r AS ON INSERT TO v DO INSTEAD (SELECT 1; SELECT 2);
DO $$ BEGIN ALTER TABLE t ADD "a;b" text DEFAULT E'\';'; END $$;
ALTER TYPE mood ADD VALUE 'glad';
ALTER TABLE t ALTER word TYPE varchar(50);
ALTER TABLE u ALTER t_id SET DEFAULT 1;
ALTER TABLE t REPLICA IDENTITY FULL;
ALTER TABLE t ALTER n TYPE int USING n * 2;
ALTER TABLE u ADD r float8 DEFAULT random();
TRUNCATE t CASCADE;
SET search_path = pg_catalog;
ALTER TABLE public.t ADD late int DEFAULT 1`,
    [
      'column_added t 6',
      'column_dropped t 7',
      'column_added u 7',
      'column_added t 13',
      'members_added t 14',
      'column_widened t 15',
      'column_default u 16',
      'replica_identity t 17',
      'rows_rewritten t 18',
      'column_added u 19',
      'table_truncated t 20',
      'table_truncated u 20',
      'column_added t 22',
    ],
  ],
  [
    'transactions by what they come to; tables that come, go and change their names',
    `BEGIN;
ALTER TABLE t ADD c int;
ALTER TABLE u ADD d int;
ALTER TABLE t DROP c;
COMMIT;
BEGIN; ALTER TABLE t DROP n; ROLLBACK;
BEGIN; SAVEPOINT s; ALTER TABLE t DROP n; TRUNCATE t CASCADE;
ROLLBACK TO s;
ALTER TABLE t ADD c int; COMMIT AND CHAIN;
TRUNCATE u; ROLLBACK;
CREATE TABLE fresh (id int PRIMARY KEY);
ALTER TABLE fresh ADD n int;
DROP TABLE u;
ALTER TABLE parted RENAME TO parts;
BEGIN; DROP VIEW v; DROP TABLE t;
CREATE TABLE t (id int PRIMARY KEY); COMMIT`,
    [
      'column_added u 3',
      'column_added t 9',
      'table_created fresh 11',
      'column_added fresh 12',
      'table_dropped u 13',
      'table_renamed parted 14',
      'table_recreated t 15',
    ],
  ],
];

describe('migrations of a database', () => {
  let source: TestDatabase;
  let options: PostgresSourceOptions;

  beforeAll(async () => {
    source = await freshDatabase();
    await source.query(SCHEMA);
    await source.query('INSERT INTO t VALUES (1, 1, 1); INSERT INTO u (t_id) VALUES (1)');
    options = sourceOptionsFor(source, {
      tableExclude: [/^public\.hidden$/],
      publishViaPartitionRoot: true,
    });
  });

  afterAll(async () => {
    await source[Symbol.asyncDispose]();
  });

  const tried = async (
    sql: string,
    change: Parameters<typeof triedMigration>[2] = {},
  ): Promise<TriedMigration> => {
    const migration = triedMigration('postgresql', sql, change);
    await tryPostgresMigration({ ...migration.trial, options, scratch: null });
    return migration;
  };

  test.each(CASES)('%s', async (_name, sql, told) => {
    const migration = await tried(sql);
    expect(migration.told().toSorted()).toEqual(told.toSorted());
    expect(own(migration.notes)).toEqual([]);
    // What a daemon would do is told; its reads, which have names, are none of ours.
    expect(JSON.stringify(migration.recorder.events)).not.toMatch(/\(ddl-/);
  });

  test('all in one transaction, and one that has no end', async () => {
    const sql = 'ALTER TABLE t ADD c int;\nALTER TABLE u ADD d int;\nALTER TABLE t ADD e int';
    const whole = await tried(sql, { inOneTransaction: true });
    const ddl = whole.recorder.of('t').map(({ details }) => details['ddl']);
    // The alert has the statements that did it.
    expect(ddl).toEqual(['ALTER TABLE t ADD c int;\nALTER TABLE t ADD e int']);
    expect(whole.told().toSorted()).toEqual(['column_added t 1', 'column_added u 2']);
    const open = await tried('BEGIN;\nALTER TABLE t ADD c int;');
    expect(open.told()).toEqual([]);
    expect(own(open.notes)).toEqual([expect.stringContaining('no COMMIT (m.sql:2)')]);
  });

  test('a statement that fails is told with its line; the source is as it was', async () => {
    const sql = 'ALTER TABLE t DROP n;\nALTER TABLE t\n  ADD id int;';
    await expect(tried(sql)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringMatching(/^m\.sql:2: .*already exists/) as string,
    });
    const [row] = await source.query('SELECT n FROM t');
    expect(row).toEqual({ n: 1 });
  });

  test('no copy is left, whatever happened; what was left by others goes', async () => {
    const left = `tidemark_scratch_${randomBytes(6).toString('hex')}`;
    await source.query(`CREATE DATABASE ${left} TEMPLATE template0`);
    await tried('SELECT 1');
    await source.until(`SELECT count(*) = 0 FROM pg_database WHERE datname = '${left}'`);
    // Others run beside this test: theirs have sessions of their names.
    await source.until(`SELECT count(*) = 0 FROM pg_database d
      WHERE datname LIKE 'tidemark\\_scratch\\_%'
      AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = d.datname)`);
  });

  test('who may make no database is told what to do', async () => {
    const role = `${source.name}_plain`;
    await source.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x' NOCREATEDB`);
    const connection = { ...options.connection, user: role, password: 'x' };
    const { trial } = triedMigration('postgresql', 'SELECT 1');
    const own = { ...options, connection };
    try {
      await expect(
        tryPostgresMigration({ ...trial, options: own, scratch: null }),
      ).rejects.toMatchObject({
        code: 'MIGRATION_SCRATCH',
        message: expect.stringContaining('permission denied to create database') as string,
        cure: expect.stringContaining('--scratch postgres://') as string,
      });
      // Of another role, the copy is made for all the same.
      const migration = triedMigration('postgresql', 'ALTER TABLE t ADD c int');
      const scratch = options.connection;
      await tryPostgresMigration({ ...migration.trial, options: own, scratch });
      expect(migration.told()).toEqual(['column_added t 1']);
    } finally {
      await source.query(`DROP ROLE ${role}`);
    }
  });
});

/** Without what is told of copies that other tests have left. */
function own(notes: readonly string[]): readonly string[] {
  return notes.filter((note) => !/had left|by another run/.test(note));
}
