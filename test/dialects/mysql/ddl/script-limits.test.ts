import { describe, expect, test } from 'vitest';
import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { splitMysqlScript } from '../../../../dialects/mysql/ddl/mysql-script.ts';
import type { PlacedSql } from '../../../../dialects/mysql/ddl/script-limits.ts';
import { placedInScratch } from '../../../../dialects/mysql/ddl/script-limits.ts';

function placed(sql: string, folds = false): readonly PlacedSql[] {
  const place = {
    dialect: ddlDialect({ flavor: 'mysql', version: 90_704 }, 0),
    databases: ['shop', 'crm', 'mysql', 'information_schema', 'sys'],
    copied: 'shop',
    scratch: 's',
    foldsNames: folds,
  };
  return splitMysqlScript(sql).map((statement) => placedInScratch(statement, place));
}

const INSIDE: readonly (readonly [sql: string, run?: string])[] = [
  ['ALTER TABLE t ADD c INT'],
  ['ALTER TABLE shop.t ADD c INT', 'ALTER TABLE `s`.t ADD c INT'],
  ['UPDATE `shop` . t, shop.u SET shop.t.a = u.b', 'UPDATE `s` . t, `s`.u SET `s`.t.a = u.b'],
  ['USE shop', 'USE `s`'],
  ['ALTER DATABASE shop CHARACTER SET latin1', 'ALTER DATABASE `s` CHARACTER SET latin1'],
  ['ALTER DATABASE CHARACTER SET latin1'],
  ['CREATE DATABASE IF NOT EXISTS shop', 'CREATE DATABASE IF NOT EXISTS `s`'],
  ['SELECT t.crm, a.b FROM t AS a'],
  ["INSERT INTO t VALUES ('crm.x', 'DROP USER x', 1.5)"],
  ['SELECT * FROM information_schema.TABLES'],
  ['SET @shop.x = 1, NAMES = 2; SET SESSION sql_mode = DEFAULT'],
  ['SET @@session.sql_mode = @@global.sql_mode'],
  ['START TRANSACTION; COMMIT; CALL p(); LOCK TABLES t WRITE; UNLOCK TABLES'],
  ['CREATE TABLE user (role INT, global INT)'],
  [
    'CREATE TRIGGER x BEFORE INSERT ON shop.t FOR EACH ROW SET NEW.a = OLD.b',
    'CREATE TRIGGER x BEFORE INSERT ON `s`.t FOR EACH ROW SET NEW.a = OLD.b',
  ],
];

const OUTSIDE: readonly (readonly [sql: string, reason: RegExp])[] = [
  ['ALTER TABLE crm.t ADD c INT', /another database, crm/],
  ['ALTER TABLE `mysql`.user ADD c INT', /another database, mysql/],
  ['SELECT 1 FROM "crm".t', /another database, crm/],
  ['ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES crm . u (b)', /another database/],
  ['/*!40000 ALTER TABLE crm.t ADD c INT */', /another database/],
  ['USE crm', /another database/],
  ['USE nowhere', /another database/],
  ['CREATE DATABASE other', /another database/],
  ['DROP DATABASE shop', /drops a database/],
  ['DROP SCHEMA IF EXISTS shop', /drops a database/],
  ['CREATE USER x', /whole server/],
  ['GRANT SELECT ON t TO x', /rights/],
  ['SET GLOBAL x = 1', /whole server/],
  ['SET @@global.x = 1', /whole server/],
  ['SET @a = 1, @@PERSIST.x := 1', /whole server/],
  ['SET sql_log_bin = 1', /binlog/],
  ['FLUSH TABLES', /whole server/],
  ['START REPLICA', /whole server/],
  ["LOAD DATA INFILE 'x' INTO TABLE t", /reads files/],
  ["SELECT 1 INTO OUTFILE 'x'", /writes files/],
  ["PREPARE p FROM 'DROP DATABASE crm'", /put together/],
  ["CREATE PROCEDURE p() EXECUTE IMMEDIATE 'x'", /put together/],
  ["CREATE TABLE x (id INT) ENGINE=FEDERATED CONNECTION='mysql://a'", /another server/],
  ["CREATE FUNCTION f RETURNS INT SONAME 'x.so'", /library/],
  ['SOURCE x.sql', /client alone/],
  ['\\! rm -rf /', /^\\! is for the client/],
  ["SELECT 'a", /has no end/],
  ['DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; GRANT ALL ON *.* TO x; END$$', /rights/],
  [
    'DELIMITER $$\nCREATE PROCEDURE p() BEGIN IF a THEN PREPARE x FROM @a; END IF; END$$',
    /together/,
  ],
];

describe('what a migration may do to a copy', () => {
  test.each(INSIDE)('inside: %s', (sql = '', run = sql) => {
    const texts = placed(sql).map((one) => ('sql' in one ? one.sql : one.reason));
    expect(texts.join('; ')).toBe(run);
  });

  test.each(OUTSIDE)('outside: %s', (sql, reason) => {
    const reasons = placed(sql).map((one) => ('reason' in one ? one.reason : ''));
    expect(reasons.join('; ')).toMatch(reason);
  });

  test('names in capitals are the same where the server takes them so', () => {
    expect(placed('USE SHOP', true)).toEqual([{ sql: 'USE `s`' }]);
    expect(placed('DELETE FROM CRM.t', true)).toEqual([
      { reason: 'it names another database, CRM' },
    ]);
    expect(placed('DELETE FROM CRM.t')).toEqual([{ sql: 'DELETE FROM CRM.t' }]);
  });
});
