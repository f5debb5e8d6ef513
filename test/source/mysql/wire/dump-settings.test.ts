import { expect, test } from 'vitest';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../../src/model/mariadb-gtid.ts';
import { dumpSettings } from '../../../../src/source/mysql/wire/dump-settings.ts';

const REPLICA = { serverId: 1, uuid: '17b1742e-9bfb-8f10-8a16-c378a7116e52', host: 'x' };
const COMMON =
  'SET @master_binlog_checksum = @@global.binlog_checksum, ' +
  '@source_binlog_checksum = @@global.binlog_checksum, ' +
  '@master_heartbeat_period = 5000000000, @source_heartbeat_period = 5000000000, ';

test('MySQL: checksum, heartbeats in ns, and who we are (PITFALLS B2, B4, B9)', () => {
  const settings = { replica: REPLICA, heartbeatMs: 5000, netWriteTimeoutSeconds: 3600 };
  const start = { kind: 'gtid', executed: new GtidSet() } as const;
  expect(dumpSettings('mysql', { ...settings, start })).toEqual([
    `${COMMON}@slave_uuid = '${REPLICA.uuid}', @replica_uuid = '${REPLICA.uuid}'`,
    'SET SESSION net_write_timeout = 3600',
  ]);
});

test('MariaDB: capability 4, and where it begins (PITFALLS B6)', () => {
  const settings = { replica: REPLICA, heartbeatMs: 5000, netWriteTimeoutSeconds: 0 };
  const position = MariadbGtidPosition.parse('1-2-9,0-1-5');
  expect(
    dumpSettings('mariadb', { ...settings, start: { kind: 'mariadb-gtid', position } }),
  ).toEqual([
    `${COMMON}@mariadb_slave_capability = 4, @slave_connect_state = '0-1-5,1-2-9', ` +
      '@slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0',
  ]);
  const file = { kind: 'file', file: 'a', position: 4 } as const;
  expect(dumpSettings('mariadb', { ...settings, start: file })).toEqual([
    `${COMMON}@mariadb_slave_capability = 4`,
  ]);
});

test('nothing asks for semi-sync (PITFALLS B13), and a period is never 0', () => {
  const start = { kind: 'file', file: 'a', position: 4 } as const;
  const settings = { replica: REPLICA, heartbeatMs: 0, netWriteTimeoutSeconds: 1, start };
  const all = [...dumpSettings('mysql', settings), ...dumpSettings('mariadb', settings)].join();
  expect(all).not.toContain('semi_sync');
  expect(all).toContain('@master_heartbeat_period = 1000000,');
});
