import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tryMysqlMigration } from '../../../../src/source/mysql/migration/migration-trial.ts';
import { sqlModeBits } from '../../../../src/source/mysql/migration/session-context.ts';
import type { MysqlSourceOptions } from '../../../../src/source/mysql/mysql-source-options.ts';
import type { MysqlDatabase } from '../../../support/mysql-database.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { mysqlSourceOptions } from '../../../support/mysql-snapshot-run.ts';
import type { TriedMigration } from '../../../support/tried-migration.ts';
import { triedMigration } from '../../../support/tried-migration.ts';

const { flavor } = sharedMysql();
const SCRATCHES = `information_schema.SCHEMATA
  WHERE SCHEMA_NAME LIKE 'tidemark|_scratch|_%' ESCAPE '|'`;

const LATIN = 'ALTER TABLE t MODIFY word VARCHAR(20) CHARACTER SET latin1';

const SCHEMA = [
  `CREATE TABLE t (id INT PRIMARY KEY, n INT, req INT NOT NULL, word VARCHAR(20),
     e ENUM('a','b')) CHARACTER SET utf8mb4`,
  `CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY, t_id INT DEFAULT 3, at TIMESTAMP NULL,
     FOREIGN KEY (t_id) REFERENCES t (id)) CHARACTER SET latin1`,
  'CREATE TABLE hidden (id INT PRIMARY KEY, t_id INT)',
  'CREATE VIEW v AS SELECT id, n FROM t WHERE n > 1',
  'CREATE VIEW w AS SELECT v.id FROM v JOIN u ON u.t_id = v.id',
  'CREATE TRIGGER told BEFORE INSERT ON u FOR EACH ROW SET NEW.at = NULL',
  'CREATE PROCEDURE grow() ALTER TABLE t ADD grown INT',
  'INSERT INTO t VALUES (1, 1, 1, NULL, NULL)',
  'INSERT INTO u (t_id) VALUES (1)',
];

const MIGRATION = `-- nothing; at all
# here; either
ALTER TABLE hidden ADD c INT; CREATE INDEX i ON t (n); OPTIMIZE TABLE t;
ALTER TABLE t ADD c INT;
ALTER TABLE t DROP c; ALTER TABLE u ADD d INT;
USE @db;
ALTER TABLE \`@db\`.t MODIFY e ENUM('a','b','c');
DELIMITER $$
CREATE PROCEDURE p() BEGIN
  ALTER TABLE t ADD called INT; SELECT 'a;b'; END$$
CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW BEGIN SET NEW.n = 1; END$$
DELIMITER ;
CALL p();
CALL grow();
/*!40000 ALTER TABLE t MODIFY word VARCHAR(50) */;
ALTER TABLE u ALTER t_id SET DEFAULT 1;
START TRANSACTION; INSERT INTO t VALUES (7, 7, 7, NULL, NULL, NULL, NULL); ROLLBACK;
LOCK TABLES t WRITE, u WRITE;
ALTER TABLE t ADD r INT NOT NULL DEFAULT 7;
UNLOCK TABLES;
TRUNCATE TABLE u;
CREATE TABLE fresh (id INT PRIMARY KEY) COMMENT 'a;b';
CREATE TABLE fresh_like LIKE fresh; CREATE TEMPORARY TABLE gone (id INT); DROP TEMPORARY TABLE gone;
RENAME TABLE fresh TO renamed;
DROP VIEW w; DROP TRIGGER told; DROP TABLE u;
ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (req)`;

/** Alerts as `class table line`. */
const TOLD = [
  'column_added t 4',
  'column_dropped t 5',
  'column_added u 5',
  'members_added t 7',
  'column_added t 13',
  'column_added t 14',
  'column_widened t 15',
  'column_default u 16',
  'column_added t 19',
  'table_truncated u 21',
  'table_created fresh 22',
  'table_created fresh_like 23',
  'table_renamed fresh 24',
  'table_dropped u 25',
  'key_changed t 26',
];

describe('migrations of a database', () => {
  let source: MysqlDatabase;
  let options: MysqlSourceOptions;

  beforeAll(async () => {
    source = await freshMysqlDatabase();
    for (const sql of SCHEMA) await source.query(sql);
    options = mysqlSourceOptions(source, {
      tableExclude: [new RegExp(`^${source.name}\\.hidden$`)],
    });
  });

  afterAll(async () => {
    await source[Symbol.asyncDispose]();
  });

  const tried = async (sql: string): Promise<TriedMigration> => {
    const text = sql.replaceAll('@db', source.name);
    const migration = triedMigration(flavor === 'mariadb' ? 'mariadb' : 'mysql', text);
    await tryMysqlMigration({ ...migration.trial, options, scratch: null, database: null });
    return migration;
  };

  test('one statement after the other, as mysql cuts them', async () => {
    const migration = await tried(MIGRATION);
    expect(migration.told()).toEqual(TOLD);
    expect(own(migration.notes)).toEqual([]);
    const [row] = await source.query(`SELECT COUNT(*) AS n FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE()`);
    expect(Number(row?.['n'])).toBe(5 + 3 + 2 + 2 + 1);
  });

  test('stored rows that change without events (ruling 5), by the session’s mode', async () => {
    const migration = await tried(
      `SET sql_mode = 'STRICT_ALL_TABLES';\n${LATIN};\n` +
        `SET sql_mode = '';\n${LATIN.replace('latin1', 'ascii')}`,
    );
    expect(migration.told().map((one) => one.replace(/^\S+ /, ''))).toEqual(['t 2', 't 4']);
    const { events } = migration.recorder;
    const rewritten = events.map(({ details }) =>
      JSON.stringify(details['changes']).includes('rows_rewritten'),
    );
    expect(rewritten).toEqual([false, true]);
    expect(events[0]?.details['ddl']).toBe(LATIN);
  });

  test('a statement that fails is told with its line; what leaves is not run', async () => {
    await expect(
      tried('ALTER TABLE t DROP n;\nALTER TABLE t\n  ADD id INT;'),
    ).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringMatching(/^m\.sql:2: .*Duplicate column/) as string,
    });
    const away = 'ALTER TABLE t DROP n;\nDROP DATABASE @db;\nALTER TABLE mysql.user ADD x INT';
    await expect(tried(away)).rejects.toMatchObject({
      code: 'MIGRATION_REFUSED',
      message: expect.stringMatching(
        /^m\.sql:2: it drops.*\nm\.sql:3: .*database, mysql/,
      ) as string,
    });
    expect(await source.query('SELECT n FROM t')).toEqual([{ n: 1 }]);
  });

  test('no copy is left, nor what others left', async () => {
    const left = `tidemark_scratch_${randomBytes(6).toString('hex')}`;
    await source.query(`CREATE DATABASE ${left}`);
    await tried('SELECT 1');
    // Others run beside this test: theirs are locked.
    await source.until(`SELECT COUNT(*) = 0 FROM ${SCRATCHES} AND IS_FREE_LOCK(SCHEMA_NAME)`);
  });

  test('whose rights or databases do not do is told what to do', async () => {
    const { trial } = triedMigration('mysql', 'SELECT 1');
    // 5.6 has no longer names.
    const user = source.name.replace('t_', 'p_').slice(0, 14);
    await source.query(`CREATE USER ${user} IDENTIFIED BY 'x'`);
    await source.query(`GRANT SELECT ON ${source.name}.* TO ${user}`);
    const connection = { ...options.connection, user, password: 'x' };
    const run = (change: Partial<MysqlSourceOptions>, database: string | null = null) =>
      tryMysqlMigration({ ...trial, options: { ...options, ...change }, scratch: null, database });
    try {
      await expect(run({ connection })).rejects.toMatchObject({
        code: 'MIGRATION_SCRATCH',
        message: expect.stringContaining('a database for the copy cannot be made') as string,
        cure: expect.stringContaining('tidemark\\_scratch\\_%') as string,
      });
      await expect(
        run({ connection, databaseInclude: [], tableInclude: [/^.*\.t$/] }),
      ).rejects.toThrow('would capture the copy, too');
      // Of another account, the copy is made for all the same: of what this one may see.
      const elsewhere = triedMigration('mysql', `ALTER TABLE ${source.name}.t ADD c INT`);
      const plain = { ...options, connection };
      const scratch = options.connection;
      await tryMysqlMigration({ ...elsewhere.trial, options: plain, scratch, database: null });
      expect(elsewhere.told()).toEqual(['column_added t 1']);
      expect(own(elsewhere.notes).join()).toMatch(/not in the copy: view v \(/);
      await expect(run({}, 'nowhere')).rejects.toThrow(`there are ${source.name}`);
    } finally {
      await source.query(`DROP USER ${user}`);
    }
  });
});

test('modes as bits of the binlog (PITFALLS B95)', () => {
  expect(sqlModeBits('')).toBe(0n);
  expect(sqlModeBits('ANSI_QUOTES,NO_ZERO_DATE,STRICT_TRANS_TABLES')).toBe(4n + (1n << 21n));
});

/** Without what is told of copies that other tests have left. */
function own(notes: readonly string[]): readonly string[] {
  return notes.filter((note) => !/had left|by another run/.test(note));
}
