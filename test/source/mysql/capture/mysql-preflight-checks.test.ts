import { expect, test } from 'vitest';
import { parseGrants } from '../../../../src/source/mysql/capture/account-privileges.ts';
import { mysqlPreflightChecks } from '../../../../src/source/mysql/capture/mysql-preflight-checks.ts';
import type { MysqlPreflightInput } from '../../../../src/source/mysql/capture/mysql-preflight-checks.ts';
import type { BinlogSettings } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { mariadbFacts, mysqlFacts } from '../../../support/mysql-facts.ts';

const ALL = parseGrants(['GRANT ALL PRIVILEGES ON *.* TO x']);
const STATUS = {
  file: 'binlog.000001',
  position: 4,
  doDatabases: '',
  ignoredDatabases: '',
  executed: null,
};

function input(change: Partial<MysqlPreflightInput> = {}): MysqlPreflightInput {
  return {
    facts: mysqlFacts(),
    privileges: ALL,
    status: STATUS,
    isReplica: false,
    tables: [
      { database: 'shop', table: 'orders' },
      { database: 'shop', table: 'items' },
      { database: 'crm', table: 'people' },
    ],
    cascades: [],
    logsCascades: false,
    rdsRetentionHours: undefined,
    lagSeconds: null,
    takesSnapshot: true,
    lockingMode: 'minimal',
    isFirstStart: true,
    ...change,
  };
}

function binlog(change: Partial<BinlogSettings>): BinlogSettings {
  return { ...mysqlFacts().binlog, ...change };
}

test('a server in its best order has neither problems nor warnings', () => {
  expect(mysqlPreflightChecks(input())).toEqual({ problems: [], warnings: [] });
});

test.each<readonly [string, Partial<MysqlPreflightInput>, string, RegExp, RegExp]>([
  [
    'an old MySQL',
    { facts: mysqlFacts({ version: 50_562, versionText: '5.5.62' }) },
    'MYSQL_UNSUPPORTED_SERVER',
    /5\.5\.62/,
    /MySQL 5\.6/,
  ],
  [
    'an old MariaDB',
    { facts: mariadbFacts({ version: 100_148 }) },
    'MYSQL_UNSUPPORTED_SERVER',
    /./,
    /10\.2/,
  ],
  [
    'no binlog',
    { facts: mysqlFacts({ binlog: binlog({ enabled: false }) }) },
    'MYSQL_BINLOG_OFF',
    /log_bin/,
    /log_bin/,
  ],
  [
    'no server id',
    { facts: mysqlFacts({ serverId: 0 }) },
    'MYSQL_BINLOG_OFF',
    /server_id is 0/,
    /SET GLOBAL server_id = 1;/,
  ],
  [
    'statements',
    { facts: mysqlFacts({ binlog: binlog({ format: 'STATEMENT' }) }) },
    'MYSQL_BINLOG_SETTINGS',
    /STATEMENT/,
    /SET PERSIST binlog_format = ROW;.*connect again/,
  ],
  [
    'mixed on MariaDB',
    { facts: mariadbFacts({ binlog: binlog({ format: 'MIXED' }) }) },
    'MYSQL_BINLOG_SETTINGS',
    /MIXED/,
    /SET GLOBAL binlog_format = ROW;/,
  ],
  [
    'a replica that logs nothing (B18)',
    { isReplica: true, facts: mysqlFacts({ binlog: binlog({ logsReplicated: false }) }) },
    'MYSQL_BINLOG_SETTINGS',
    /log_replica_updates is off/,
    /log_replica_updates = ON/,
  ],
  [
    'the same of MariaDB',
    { isReplica: true, facts: mariadbFacts({ binlog: binlog({ logsReplicated: false }) }) },
    'MYSQL_BINLOG_SETTINGS',
    /log_slave_updates is off/,
    /log_slave_updates = ON/,
  ],
  [
    'a database that is left out (B40)',
    { status: { ...STATUS, ignoredDatabases: 'crm,tmp' } },
    'MYSQL_BINLOG_SETTINGS',
    /changes of crm are not/,
    /binlog-ignore-db/,
  ],
  [
    'all but some are left out',
    { status: { ...STATUS, doDatabases: 'shop' } },
    'MYSQL_BINLOG_SETTINGS',
    /changes of crm are not/,
    /binlog-do-db/,
  ],
])('%s', (_name, change, code, message, cure) => {
  const { problems } = mysqlPreflightChecks(input(change));
  expect(problems.map((one) => one.code)).toEqual([code]);
  expect(problems[0]?.message).toMatch(message);
  expect(problems[0]?.cure).toMatch(cure);
});

test('what the account lacks is named, with the GRANT for it (PITFALLS B17)', () => {
  const privileges = parseGrants(['GRANT SELECT ON `shop`.`orders` TO `cdc`@`%`']);
  const { problems, warnings } = mysqlPreflightChecks(input({ privileges }));
  expect(problems.map(({ code, cure }) => [code, cure])).toEqual([
    ['MYSQL_PERMISSION', "GRANT REPLICATION SLAVE ON *.* TO 'cdc'@'%';"],
    ['MYSQL_PERMISSION', "GRANT REPLICATION CLIENT ON *.* TO 'cdc'@'%';"],
    ['MYSQL_PERMISSION', "GRANT SELECT ON `shop`.* TO 'cdc'@'%';"],
    ['MYSQL_PERMISSION', "GRANT SELECT ON `crm`.* TO 'cdc'@'%';"],
    ['MYSQL_PERMISSION', expect.stringMatching(/^GRANT FLUSH_TABLES ON .*mode: none$/)],
  ]);
  expect(problems[2]?.message).toBe("the account 'cdc'@'%' may not read shop: items");
  expect(warnings).toEqual([]);
  const onMariadb = mysqlPreflightChecks(input({ privileges, facts: mariadbFacts() }));
  expect(onMariadb.problems[1]?.cure).toBe("GRANT BINLOG MONITOR ON *.* TO 'cdc'@'%';");
  expect(onMariadb.warnings[0]?.cure).toBe("GRANT RELOAD ON *.* TO 'cdc'@'%';");
});

test('a stream alone needs no SELECT and no lock', () => {
  const privileges = parseGrants(['GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO x']);
  const found = mysqlPreflightChecks(input({ privileges, takesSnapshot: false }));
  expect(found).toEqual({ problems: [], warnings: [] });
});

test('without a lock only what has no snapshot yet is refused', () => {
  const privileges = parseGrants([
    'GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO x',
  ]);
  const codes = (change: Partial<MysqlPreflightInput>): string[] =>
    mysqlPreflightChecks(input({ privileges, ...change })).problems.map(({ code }) => code);
  expect(codes({})).toEqual(['MYSQL_PERMISSION']);
  expect(codes({ isFirstStart: false })).toEqual([]);
  expect(codes({ lockingMode: 'none' })).toEqual([]);
  expect(codes({ facts: mariadbFacts() })).toEqual([]);
  expect(codes({ facts: mariadbFacts(), lockingMode: 'extended' })).toEqual(['MYSQL_PERMISSION']);
});

test('a lock on each captured database is a lock', () => {
  const privileges = parseGrants([
    'GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO x',
    'GRANT LOCK TABLES ON `shop`.* TO x',
    'GRANT LOCK TABLES ON `crm`.* TO x',
  ]);
  expect(mysqlPreflightChecks(input({ privileges }))).toEqual({ problems: [], warnings: [] });
});

test('foreign keys that change rows unseen, but not on a server that logs it (B39)', () => {
  const key = { constraint: 'fk`1', parent: 'orders' };
  const cascades = [
    { database: 'shop', table: 'items', ...key },
    { database: 'shop', table: 'unknown', ...key },
  ];
  const { warnings } = mysqlPreflightChecks(input({ cascades }));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]?.message).toContain('rows of shop.items that the foreign key fk`1 changes');
  expect(warnings[0]?.cure).toContain('ALTER TABLE `shop`.`items` DROP FOREIGN KEY `fk``1`;');
  expect(mysqlPreflightChecks(input({ cascades, logsCascades: true })).warnings).toEqual([]);
});

test('what the account may not look at is no finding by itself', () => {
  expect(mysqlPreflightChecks(input({ status: null, isReplica: null })).problems).toEqual([]);
});
