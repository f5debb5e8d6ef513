import { expect, test } from 'vitest';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../../src/model/mariadb-gtid.ts';
import type { BinlogOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import { ALL_GTID_SOURCES } from '../../../../src/source/mysql/stream/dump-start.ts';
import { lagOf } from '../../../../src/source/mysql/stream/replica-lag.ts';
import type { MysqlServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { binlogOffset } from '../../../support/binlog-offsets.ts';
import { mariadbFacts, mysqlFacts } from '../../../support/mysql-facts.ts';

const A = '0edc9ba3-e627-11f1-8348-02fc00000001';
const B = '3e11fa47-71ca-11e1-9e33-c80aa9429562';

function captured(gtids: string | null, serverUuid: string | null = A): BinlogOffset {
  return binlogOffset({ gtids }, { serverUuid });
}

function replicaAt(executed: string, serverUuid = B): MysqlServerFacts {
  const gtid = { kind: 'mysql', mode: 'ON', purged: new GtidSet() } as const;
  return mysqlFacts({
    serverId: 2,
    serverUuid,
    gtid: { ...gtid, executed: GtidSet.parse(executed) },
  });
}

function mariadbAt(position: string, serverId = 2): MysqlServerFacts {
  const binlog = MariadbGtidPosition.parse(position);
  return mariadbFacts({ serverId, gtid: { kind: 'mariadb', domain: 0, binlog } });
}

test.each<readonly [string, BinlogOffset | null, MysqlServerFacts, boolean]>([
  ['nothing was captured', null, replicaAt(''), false],
  ['it has all', captured(`${A}:1-9`), replicaAt(`${A}:1-9,${B}:1`), false],
  ['it lacks some', captured(`${A}:1-9`), replicaAt(`${A}:1-8,${B}:1`), true],
  ['the server itself lacks some', captured(`${A}:1-9`), replicaAt('', A), false],
  ['files', captured(null), replicaAt(''), false],
  ['MariaDB that has all', captured('0-1-9', null), mariadbAt('0-1-9'), false],
  ['MariaDB that lacks some', captured('0-1-9', null), mariadbAt('0-1-8'), true],
  ['MariaDB itself', captured('0-1-9', null), mariadbAt('0-1-8', 1), false],
])('a replica that lags is given time: %s (PITFALLS B21)', (_name, found, facts, lags) => {
  const memory = { sinceMs: null };
  const clock = { nowMs: () => 1_000 };
  const problem = lagOf(found, facts, ALL_GTID_SOURCES, memory, clock);
  expect(problem?.code ?? null).toBe(lags ? 'MYSQL_REPLICA_BEHIND' : null);
  expect(problem?.retry ?? 'backoff').toBe('backoff');
});

test('its time is over after some minutes, and begins anew when it has caught up', () => {
  const memory = { sinceMs: null };
  let nowMs = 0;
  const clock = { nowMs: () => nowMs };
  const lags = (executed: string): boolean =>
    lagOf(captured(`${A}:1-9`), replicaAt(executed), ALL_GTID_SOURCES, memory, clock) !== null;
  const told = [lags(`${A}:1-7`)];
  nowMs = 299_000;
  told.push(lags(`${A}:1-8`));
  nowMs = 301_000;
  told.push(lags(`${A}:1-8`), lags(`${A}:1-9`), lags(`${A}:1-8`));
  expect(told).toEqual([true, true, false, false, true]);
});
