import { describe, expect, test } from 'vitest';
import { splitPostgresScript } from '../../../dialects/postgres/postgres-script.ts';
import { outsideOfDatabase } from '../../../dialects/postgres/postgres-script-limits.ts';

const INSIDE = [
  'ALTER TABLE t ADD c int',
  'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app',
  'CREATE TABLE database (role text, "user" text)',
  'ALTER TABLE role RENAME TO system',
  'GRANT SELECT ON t TO app; REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app',
  `COMMENT ON TABLE t IS 'drop role x; alter system'`,
  `INSERT INTO t VALUES ('ALTER SYSTEM SET x = 1')`,
  'CREATE INDEX CONCURRENTLY i ON t (n)',
  'DROP TABLE t; ROLLBACK TO s; PREPARE p AS SELECT 1',
  'DO $$ BEGIN ALTER TABLE t ADD c int; END $$',
  `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM t WHERE user = role'`,
  'CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()',
  String.raw`\echo hello`,
  String.raw`\set ON_ERROR_STOP 1`,
  String.raw`\unrestrict abc`,
];

const OUTSIDE: readonly (readonly [sql: string, reason: RegExp])[] = [
  ['CREATE DATABASE d', /whole server/],
  ['alter  /* c */ database d SET x = 1', /whole server/],
  ['DROP ROLE r', /whole server/],
  ['CREATE USER u', /whole server/],
  ['CREATE USER MAPPING FOR u SERVER s', /whole server/],
  ['ALTER SYSTEM SET wal_level = logical', /whole server/],
  ['CREATE SUBSCRIPTION s CONNECTION $$host=a$$ PUBLICATION p', /leads to another/],
  ['CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw', /leads to another/],
  ['GRANT app TO me', /member of a role/],
  ['GRANT CONNECT ON DATABASE d TO me', /whole server/],
  [`COMMENT ON ROLE r IS 'x'`, /whole server/],
  ['REASSIGN OWNED BY a TO b', /owns/],
  ['DROP OWNED BY a', /owns/],
  [`PREPARE TRANSACTION 'x'`, /outlives/],
  ['IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y', /beyond/],
  ['COPY t FROM STDIN', /COPY needs rows/],
  [`COPY t TO PROGRAM 'rm -rf /'`, /COPY needs rows/],
  [`SELECT pg_drop_replication_slot('s')`, /pg_drop_replication_slot\(\) reaches/],
  [`SELECT pg_catalog."pg_terminate_backend"(1)`, /reaches beyond/],
  [`SELECT dblink_exec('c', 'DROP TABLE t')`, /dblink_exec\(\) reaches/],
  ['DO $$ BEGIN CREATE ROLE x; END $$', /whole server.*inside/],
  [`DO $$ BEGIN EXECUTE 'ALTER ' || 1; EXECUTE 'DROP USER x'; END $$`, /whole server.*inside/],
  [`DO 'BEGIN PERFORM dblink(''a'', ''b''); END'`, /dblink\(\) reaches/],
  [`CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'ALTER SYSTEM RESET ALL'`, /whole server/],
  [`SELECT 'a`, /has no end/],
  [String.raw`\connect other`, /^\\connect is for psql/],
  [String.raw`\! rm -rf /`, /^\\! is for psql/],
  [String.raw`SELECT 1 \gexec`, /^\\gexec is for psql/],
  [String.raw`\set table t`, /^\\set is for psql/],
];

describe('what a migration may do to a copy', () => {
  const reasons = (sql: string): readonly (string | null)[] =>
    splitPostgresScript(sql).map((statement) => outsideOfDatabase(statement));

  test.each(INSIDE)('inside: %s', (sql) => {
    expect(reasons(sql).filter((reason) => reason !== null)).toEqual([]);
  });

  test.each(OUTSIDE)('outside: %s', (sql, reason) => {
    expect(reasons(sql).find((one) => one !== null) ?? '').toMatch(reason);
  });
});
