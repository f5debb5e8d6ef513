import { expect, test } from 'vitest';
import { BinlogDecoder } from '../../../../src/source/mysql/binlog/binlog-decoder.ts';
import type { BinlogStart } from '../../../../src/source/mysql/wire/binlog-commands.ts';
import { BinlogWire } from '../../../../src/source/mysql/wire/binlog-wire.ts';
import {
  readBinlogFiles,
  readServerFacts,
} from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { replicaIdentity } from '../../../../src/source/mysql/wire/replica-identity.ts';
import type { PositionOrigin } from '../../../../src/source/mysql/wire/start-check.ts';
import { startProblem } from '../../../../src/source/mysql/wire/start-check.ts';
import { sourceProperties } from '../../../support/binlog-ledger.ts';
import { watchedPipeline } from '../../../support/watched-pipeline.ts';
import type { MysqlAddress } from '../../../support/mysql-database.ts';
import { connectTo, sharedMysql } from '../../../support/mysql-database.ts';
import {
  replicaOf,
  startApplying,
  stopApplying,
  stopReplica,
} from '../../../support/mysql-replica.ts';
import type { MysqlServer } from '../../../support/mysql-server.ts';
import { startServer } from '../../../support/mysql-server.ts';
import { binlogEnd, connectionTo, DecodedChanges } from '../../../support/mysql-source.ts';

const { signal } = new AbortController();
const { flavor, series } = sharedMysql();

/** What changed from there on; an error where it cannot be known. */
async function changesSince(server: MysqlAddress, start: BinlogStart): Promise<readonly string[]> {
  const changes = new DecodedChanges(new BinlogDecoder('crc32'));
  const replica = replicaIdentity('failover', undefined, { serverId: 0, replicas: null });
  const settings = { replica, heartbeatMs: 5000, netWriteTimeoutSeconds: 60 };
  const dump = { ...settings, start, annotateRows: false, stopAtEnd: true };
  await using wire = await BinlogWire.connect(connectionTo(server), dump, signal);
  await wire.stream(changes, signal);
  return changes.rows;
}

/** What we say of a start before the server is asked. */
async function judged(
  server: MysqlAddress,
  start: BinlogStart,
  origin: PositionOrigin,
): Promise<string | null> {
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  const facts = await readServerFacts(session);
  return startProblem(start, origin, facts, await readBinlogFiles(session))?.code ?? null;
}

async function originOf(server: MysqlAddress): Promise<PositionOrigin> {
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  return await readServerFacts(session);
}

/** A pipeline at the copy, with all that it has: that it does not have all is what is told. */
async function expectLagNamed(source: MysqlServer, replica: MysqlServer): Promise<void> {
  const { flavor: product, host, port, user, password } = replica;
  const copy = { flavor: product, host, port, user, password, name: 'shop' };
  const { named, well, streaming, pipeline } = await watchedPipeline({
    ...sourceProperties(copy),
    'snapshot.mode': 'no_data',
  });
  await streaming();
  await named('idle');
  const reader = await connectTo(replica, 'shop');
  await reader.query('LOCK TABLES t READ');
  await source.query('INSERT INTO shop.t VALUES (100)');
  const late = await named('replica_lag');
  expect(late.title).toMatch(/^the server is a copy, and \d+ s behind its own source$/);
  await reader.query('UNLOCK TABLES');
  await well();
  await stopApplying(replica);
  const stopped = await named('replica_lag');
  expect(stopped.evidence).toContain('it applies nothing: its SQL thread is stopped');
  await startApplying(replica);
  await well();
  await pipeline.stop();
}

test('after a failover GTIDs go on where they were, and nothing else does (B20, B21)', async () => {
  await using source = await startServer(series);
  await using replica = await replicaOf(source);
  await source.query('CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)');
  await source.query('INSERT INTO shop.t VALUES (1)');
  await expect
    .poll(() => replica.query('SELECT id FROM shop.t').catch(() => []), { timeout: 45_000 })
    .toEqual([{ id: 1 }]);
  await expectLagNamed(source, replica);
  const origin = await originOf(source);
  const seen = await binlogEnd(source);
  await stopReplica(replica);
  // Captured, and never replicated: only the source has had it.
  await source.query('INSERT INTO shop.t VALUES (2)');
  const ahead = await binlogEnd(source);
  await source.kill();
  await replica.query('INSERT INTO shop.t VALUES (3)');
  await replica.query('INSERT INTO shop.t VALUES (4)');

  expect(await judged(replica, seen.gtid, origin)).toBeNull();
  expect(await changesSince(replica, seen.gtid)).toEqual(['c shop.t 3', 'c shop.t 4']);
  // Files have the same names there.
  expect(await judged(replica, seen.file, origin)).toBe('MYSQL_POSITION');
  const diverged = 'MYSQL_GTID_DIVERGED';
  if (flavor === 'mysql') expect(await judged(replica, ahead.gtid, origin)).toBe(diverged);
  else await expect(changesSince(replica, ahead.gtid)).rejects.toMatchObject({ code: diverged });
});
