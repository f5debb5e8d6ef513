import { expect, test } from 'vitest';
import { MariadbGtidPosition } from '../../../../src/model/mariadb-gtid.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { BinlogStart } from '../../../../src/source/mysql/wire/binlog-commands.ts';
import { dumpProblem } from '../../../../src/source/mysql/wire/dump-probe.ts';
import { replicaIdentity } from '../../../../src/source/mysql/wire/replica-identity.ts';
import { freshMysqlDatabase } from '../../../support/mysql-database.ts';
import { binlogEnd, connectionTo } from '../../../support/mysql-source.ts';

test('the server says whether it would begin there (PITFALLS B19)', async () => {
  // A domain that MariaDB has nothing of it lets begin anywhere.
  await using server = await freshMysqlDatabase();
  const { signal } = new AbortController();
  const replica = replicaIdentity(`probe-${server.port}`, undefined, {
    serverId: 0,
    replicas: null,
  });
  const settings = { replica, heartbeatMs: 5000, netWriteTimeoutSeconds: 60, annotateRows: false };
  const askedAt = (start: BinlogStart): ReturnType<typeof dumpProblem> =>
    dumpProblem(connectionTo(server), { ...settings, start }, signal, systemClock);
  const { gtid, file } = await binlogEnd(server);
  expect(await askedAt(gtid)).toBeNull();
  expect(await askedAt(file)).toBeNull();
  // Changes of a server that this one has never heard of, in numbers that it has not reached.
  const elsewhere: BinlogStart =
    server.flavor === 'mariadb'
      ? { kind: 'mariadb-gtid', position: MariadbGtidPosition.parse('0-99-999999999999') }
      : { kind: 'file', file: 'binlog.999999', position: 4 };
  const code = server.flavor === 'mariadb' ? 'MYSQL_GTID_DIVERGED' : 'MYSQL_BINLOG_LOST';
  expect(await askedAt(elsewhere)).toMatchObject({ code });
});
