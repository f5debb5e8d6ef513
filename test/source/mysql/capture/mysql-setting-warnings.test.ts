import { expect, test } from 'vitest';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import {
  setGlobally,
  settingWarnings,
} from '../../../../src/source/mysql/capture/mysql-setting-warnings.ts';
import type { MysqlSettings } from '../../../../src/source/mysql/capture/mysql-setting-warnings.ts';
import type { BinlogSettings } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { mariadbFacts, mysqlFacts } from '../../../support/mysql-facts.ts';

const CALM = { rdsRetentionHours: undefined, lagSeconds: null };

function binlog(change: Partial<BinlogSettings>): MysqlSettings {
  return { facts: mysqlFacts({ binlog: { ...mysqlFacts().binlog, ...change } }), ...CALM };
}

test('a server in its best order has nothing to be warned of', () => {
  expect(settingWarnings({ facts: mysqlFacts(), ...CALM })).toEqual([]);
  expect(settingWarnings({ facts: mariadbFacts(), ...CALM })).toEqual([]);
  // Without a binlog only that matters.
  expect(settingWarnings(binlog({ enabled: false, rowImage: 'MINIMAL' }))).toEqual([]);
});

const off = { kind: 'mysql', mode: 'OFF', executed: new GtidSet(), purged: new GtidSet() } as const;

test.each<readonly [string, MysqlSettings, RegExp, string]>([
  [
    'row image',
    binlog({ rowImage: 'MINIMAL' }),
    /lack the values/,
    'SET PERSIST binlog_row_image = FULL;',
  ],
  [
    'metadata',
    binlog({ rowMetadata: 'MINIMAL' }),
    /schema history/,
    'SET PERSIST binlog_row_metadata = FULL;',
  ],
  ['checksum', binlog({ checksum: 'NONE' }), /unseen/, 'SET PERSIST binlog_checksum = CRC32;'],
  [
    'GTIDs',
    { facts: mysqlFacts({ gtid: off, version: 50_722 }), ...CALM },
    /failover/,
    [
      'enforce_gtid_consistency = ON',
      'gtid_mode = OFF_PERMISSIVE',
      'gtid_mode = ON_PERMISSIVE',
      'gtid_mode = ON',
    ]
      .map((one) => `SET GLOBAL ${one}; and the same in the configuration of the server.`)
      .join(' '),
  ],
  [
    'GTIDs half on',
    { facts: mysqlFacts({ gtid: { ...off, mode: 'ON_PERMISSIVE' } }), ...CALM },
    /ON_PERMISSIVE/,
    'SET PERSIST enforce_gtid_consistency = ON; SET PERSIST gtid_mode = ON;',
  ],
  [
    'retention',
    binlog({ expireSeconds: 1800 }),
    /30 min/,
    'SET PERSIST binlog_expire_logs_seconds = 604800;',
  ],
  [
    'retention of old MariaDB',
    {
      facts: mariadbFacts({
        version: 100_500,
        binlog: { ...mysqlFacts().binlog, expireSeconds: 7200 },
      }),
      ...CALM,
    },
    /2 h/,
    'SET GLOBAL expire_logs_days = 7; and the same in the configuration of the server.',
  ],
  [
    'retention against the lag (B120)',
    { facts: mysqlFacts(), rdsRetentionHours: undefined, lagSeconds: 2_600_000 },
    /722 h old/,
    'SET PERSIST binlog_expire_logs_seconds = 604800;',
  ],
  [
    'RDS without retention (B28)',
    { facts: mysqlFacts(), rdsRetentionHours: null, lagSeconds: null },
    /RDS removes/,
    "CALL mysql.rds_set_configuration('binlog retention hours', 168);",
  ],
  [
    'RDS with little',
    { facts: mysqlFacts(), rdsRetentionHours: 4, lagSeconds: null },
    /4 h/,
    "CALL mysql.rds_set_configuration('binlog retention hours', 168);",
  ],
  [
    'time zone',
    { facts: mysqlFacts({ systemTimeZone: 'CET' }), ...CALM },
    /is CET/,
    "SET time_zone = '+00:00'; in the sessions of applications that fill DATETIME columns.",
  ],
])('%s', (_name, settings, message, cure) => {
  const found = settingWarnings(settings);
  expect(found).toHaveLength(1);
  expect(found[0]?.message).toMatch(message);
  expect(found[0]?.cure).toBe(cure);
});

test('partial JSON matters only where the old document is left out', () => {
  expect(settingWarnings(binlog({ rowValueOptions: 'PARTIAL_JSON' }))).toEqual([]);
  const found = settingWarnings(binlog({ rowValueOptions: 'PARTIAL_JSON', rowImage: 'NOBLOB' }));
  expect(found.map(({ cure }) => cure)).toContain("SET PERSIST binlog_row_value_options = '';");
});

test('a setting outlives the restart by itself only on MySQL from 8.0 on', () => {
  expect(setGlobally(mysqlFacts(), 'a = 1')).toBe('SET PERSIST a = 1;');
  expect(setGlobally(mariadbFacts(), 'a = 1')).toMatch(/^SET GLOBAL a = 1; and the same/);
});
