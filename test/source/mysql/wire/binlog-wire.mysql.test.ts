import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BinlogDecoder } from '../../../../src/source/mysql/binlog/binlog-decoder.ts';
import type { MysqlConnectionOptions } from '../../../../src/source/mysql/mysql-connection-options.ts';
import type { BinlogStart } from '../../../../src/source/mysql/wire/binlog-commands.ts';
import type { BinlogDump } from '../../../../src/source/mysql/wire/binlog-wire.ts';
import { BinlogWire } from '../../../../src/source/mysql/wire/binlog-wire.ts';
import {
  readReplicas,
  readServerFacts,
} from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { replicaIdentity } from '../../../../src/source/mysql/wire/replica-identity.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import type { MysqlAddress } from '../../../support/mysql-database.ts';
import { startServer } from '../../../support/mysql-server.ts';
import { binlogEnd, connectionTo, DecodedChanges } from '../../../support/mysql-source.ts';

const { signal } = new AbortController();
const { flavor, series, caFile } = sharedMysql();
/** How the servers checksum their events; the decoder learns it from the stream. */
const CHECKSUM = 'crc32';

function dumpFrom(start: BinlogStart, change: Partial<BinlogDump> = {}): BinlogDump {
  const pipeline = randomBytes(6).toString('hex');
  const replica = replicaIdentity(pipeline, undefined, { serverId: 0, replicas: null });
  return {
    start,
    replica,
    heartbeatMs: 5000,
    netWriteTimeoutSeconds: 60,
    annotateRows: true,
    ...change,
  };
}

/** Everything from there to the end of the log. */
async function readAll(
  options: MysqlConnectionOptions,
  start: BinlogStart,
): Promise<DecodedChanges> {
  const changes = new DecodedChanges(new BinlogDecoder(CHECKSUM));
  await using wire = await BinlogWire.connect(
    options,
    dumpFrom(start, { stopAtEnd: true }),
    signal,
  );
  await wire.stream(changes, signal);
  return changes;
}

/** A dump that goes on until it fails; the promise is what it failed with. */
async function following(
  server: MysqlAddress,
  start: BinlogStart,
  change: Partial<BinlogDump> = {},
): Promise<{ wire: BinlogWire; changes: DecodedChanges; ended: Promise<unknown> }> {
  const changes = new DecodedChanges(new BinlogDecoder(CHECKSUM));
  const wire = await BinlogWire.connect(connectionTo(server), dumpFrom(start, change), signal);
  const ended = wire.stream(changes, signal).then(
    () => 'ended quietly',
    (error: unknown) => error,
  );
  await expect.poll(() => changes.kinds).toContain('format-description');
  return { wire, changes, ended };
}

const modes = caFile === undefined ? (['disabled'] as const) : (['disabled', 'verify_ca'] as const);

test.each(modes)(
  'rows written by SQL arrive decoded, by file and by GTID, ssl.mode %s',
  async (sslMode) => {
    await using database = await freshMysqlDatabase();
    const begin = await binlogEnd(sharedMysql());
    await database.query(`
    CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(20), at DATETIME,
      d DECIMAL(10,2));
    INSERT INTO t VALUES (18446744073709551615, 'grüße 😀', '2024-02-29 12:00:00', -1.5),
      (2, NULL, NULL, 0);
    UPDATE t SET name = 'two' WHERE id = 2;
    DELETE FROM t WHERE id = 2`);
    const options = connectionTo(sharedMysql(), { sslMode });
    for (const start of [begin.file, begin.gtid]) {
      const { rows, kinds } = await readAll(options, start);
      const ours = rows.filter((row) => row.includes(` ${database.name}.t `));
      const large = unsigned('18446744073709551615');
      expect(ours).toEqual([
        `c ${database.name}.t ${large}|grüße 😀|2024-02-29 12:00:00|-1.50`,
        `c ${database.name}.t 2|NULL|NULL|0.00`,
        `u ${database.name}.t 2|two|NULL|0.00`,
        `d ${database.name}.t 2|two|NULL|0.00`,
      ]);
      expect(kinds).toContain(flavor === 'mariadb' ? 'mariadb-gtid' : 'gtid');
      // MariaDB sends the statements where it is asked to (PITFALLS B7).
      expect(kinds.includes('rows-query')).toBe(flavor === 'mariadb');
    }
  },
);

/** Before 8.0 the table map does not tell signs: without a schema they read as signed. */
function unsigned(text: string): string {
  return series === '5.6' || series === '5.7' ? String(BigInt.asIntN(64, BigInt(text))) : text;
}

test.each(modes)('a receiver that waits misses nothing, ssl.mode %s (B14)', async (sslMode) => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(2000))');
  const { file } = await binlogEnd(sharedMysql());
  for (let first = 0; first < 3000; first += 500) {
    const rows = Array.from({ length: 500 }, (_, i) => `(${first + i}, REPEAT('v', ${i}))`);
    await database.query(`INSERT INTO t VALUES ${rows.join(', ')}`);
  }
  const options = connectionTo(sharedMysql(), { sslMode });
  const changes = new DecodedChanges(new BinlogDecoder(CHECKSUM));
  await using wire = await BinlogWire.connect(options, dumpFrom(file, { stopAtEnd: true }), signal);
  let calls = 0;
  let waiting = false;
  const wait = async (): Promise<void> => {
    waiting = true;
    await sleep(calls % 3);
    waiting = false;
  };
  const receiver = {
    event: (bytes: Buffer, start: number, end: number) => {
      expect(waiting).toBe(false);
      changes.event(bytes, start, end);
      return ++calls % 10 === 0 ? wait() : undefined;
    },
    settle: () => (++calls % 4 === 0 ? wait() : undefined),
  };
  await wire.stream(receiver, signal);
  const ours = changes.rows.filter((row) => row.includes(` ${database.name}.t `));
  const expected = Array.from({ length: 3000 }, (_, i) => `${i}|${'v'.repeat(i % 500)}`);
  expect(ours.map((row) => row.slice(row.lastIndexOf(' ') + 1))).toEqual(expected);
});

test.each(modes)('the end comes before what closes behind it, ssl.mode %s', async (sslMode) => {
  // Over TLS a connection that has nothing left to read is closed although nobody listens: while
  // the receiver settled the last rows, the end of the log was taken for a lost connection.
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const { file } = await binlogEnd(sharedMysql());
  await database.query('INSERT INTO t VALUES (1), (2), (3)');
  const options = connectionTo(sharedMysql(), { sslMode });
  const changes = new DecodedChanges(new BinlogDecoder(CHECKSUM));
  await using wire = await BinlogWire.connect(options, dumpFrom(file, { stopAtEnd: true }), signal);
  const receiver = {
    event: (bytes: Buffer, start: number, end: number) => changes.event(bytes, start, end),
    settle: async () => {
      // The server has its turns meanwhile.
      for (let i = 0; i < 20; i++) await database.query('SELECT 1');
    },
  };
  await wire.stream(receiver, signal);
  const ours = changes.rows.filter((row) => row.includes(` ${database.name}.t `));
  expect(ours.map((row) => row.slice(row.lastIndexOf(' ') + 1))).toEqual(['1', '2', '3']);
});

test('an event over 16 MB comes whole, and what follows it too (PITFALLS B12)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB) ENGINE=MyISAM');
  const begin = await binlogEnd(sharedMysql());
  for (const [id, size] of [
    [1, 16_777_100],
    [2, 40_000_000],
    [3, 5],
  ]) {
    await database.query(`INSERT INTO t VALUES (${id}, REPEAT('x', ${size}))`);
  }
  const sizes: number[] = [];
  const decoder = new BinlogDecoder(CHECKSUM);
  const changes = new DecodedChanges(decoder);
  const dump = dumpFrom(begin.file, { stopAtEnd: true });
  await using wire = await BinlogWire.connect(connectionTo(sharedMysql()), dump, signal);
  const receiver = {
    event: (bytes: Buffer, start: number, end: number) => {
      changes.event(bytes, start, end);
      sizes.push(end - start);
      return undefined;
    },
    settle: () => undefined,
  };
  await wire.stream(receiver, signal);
  const rows = changes.rows.filter((row) => row.includes(` ${database.name}.t `));
  expect(rows.map((row) => row.slice(row.lastIndexOf(' ')).length)).toEqual([
    16_777_103, 40_000_003, 8,
  ]);
  expect(Math.max(...sizes)).toBeGreaterThan(40_000_000);
});

test('an idle server sends heartbeats, and the stream goes on behind them (B9)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const { gtid } = await binlogEnd(sharedMysql());
  const { wire, changes, ended } = await following(sharedMysql(), gtid, { heartbeatMs: 200 });
  await using _wire = wire;
  await expect.poll(() => count(changes, 'heartbeat')).toBeGreaterThan(5);
  await database.query('INSERT INTO t VALUES (7)');
  await expect.poll(() => changes.rows).toContain(`c ${database.name}.t 7`);
  wire.stop();
  expect(await ended).toBe('ended quietly');
});

function count({ kinds }: DecodedChanges, kind: string): number {
  return kinds.filter((one) => one === kind).length;
}

test('the server lists us by name; another id of ours is told apart (PITFALLS B4)', async () => {
  const { gtid } = await binlogEnd(sharedMysql());
  const { wire } = await following(sharedMysql(), gtid, {
    replica: replicaIdentity('listed', undefined, { serverId: 0, replicas: null }),
  });
  await using _wire = wire;
  await using session = await MysqlSession.connect(connectionTo(sharedMysql()), signal);
  const facts = await readServerFacts(session);
  const replicas = await readReplicas(session, facts);
  const us = replicas?.find(({ host }) => host === 'tidemark-listed');
  const inUse = { serverId: facts.serverId, replicas };
  expect(replicaIdentity('listed', undefined, inUse).serverId).toBe(us?.serverId);
  expect(() => replicaIdentity('other', us?.serverId, inUse)).toThrow(/replica tidemark-listed/);
});

test('a second reader with the same identity replaces the first (PITFALLS B4)', async () => {
  const { gtid } = await binlogEnd(sharedMysql());
  const replica = replicaIdentity('twice', undefined, { serverId: 0, replicas: null });
  const first = await following(sharedMysql(), gtid, { replica });
  await using _first = first.wire;
  const second = await following(sharedMysql(), gtid, { replica });
  await using _second = second.wire;
  // The oldest does not say why it ends the stream.
  const code = series === '5.6' ? 'MYSQL_CONNECTION_LOST' : 'MYSQL_REPLACED';
  expect(await first.ended).toMatchObject({ code });
});

test('a killed thread, a stop, a kill and a silence lose the connection (B8, B9)', async () => {
  await using server = await startServer(series);
  const lost = { code: 'MYSQL_CONNECTION_LOST' };
  const begin = await binlogEnd(server);
  const killed = await following(server, begin.gtid);
  const list = await server.query<{ Id: number; Command: string }>('SHOW FULL PROCESSLIST');
  const dump = list.find(({ Command: command }) => command.startsWith('Binlog Dump'));
  await server.query(`KILL ${dump?.Id}`);
  expect(await killed.ended).toMatchObject(lost);
  const silent = await following(server, begin.gtid, { heartbeatMs: 300 });
  await server.pause();
  expect(await silent.ended).toMatchObject({
    ...lost,
    message: expect.stringContaining('no heartbeat') as string,
  });
  server.resume();
  const stopped = await following(server, begin.gtid);
  await server.stop();
  expect(await stopped.ended).toMatchObject(lost);
  await server.start();
  const crashed = await following(server, begin.gtid);
  await server.kill();
  expect(await crashed.ended).toMatchObject(lost);
});

test('a purged start and one beyond the end are refused by what they are (B19)', async () => {
  await using server = await startServer(series);
  await using database = await server.freshDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const begin = await binlogEnd(server);
  await database.query('INSERT INTO t VALUES (1)');
  const refused = async (start: BinlogStart): Promise<unknown> =>
    await readAll(connectionTo(server), start).then(
      () => 'read',
      (error: unknown) => error,
    );
  const beyond = { ...begin.file, position: 1_000_000_000 };
  expect(await refused(beyond)).toMatchObject({ code: 'MYSQL_POSITION' });
  await database.query('FLUSH BINARY LOGS');
  const { file } = (await binlogEnd(server)).file;
  // What a thread still reads, or a checkpoint needs, stays.
  await expect
    .poll(async () => {
      await database.query(`PURGE BINARY LOGS TO '${file}'`);
      const [oldest] = await database.query<{ Log_name: string }>('SHOW BINARY LOGS');
      return oldest?.Log_name;
    })
    .toBe(file);
  const gone = { code: 'MYSQL_BINLOG_LOST', cure: expect.stringContaining('snapshot') as string };
  expect(await refused(begin.file)).toMatchObject(gone);
  expect(await refused(begin.gtid)).toMatchObject(gone);
});

test('an account that may not read the binlog is told which privilege it lacks (B17)', async () => {
  const { gtid } = await binlogEnd(sharedMysql());
  await using database = await freshMysqlDatabase();
  const user = `u_${randomBytes(4).toString('hex')}`;
  await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
  const options = connectionTo(sharedMysql(), { user, password: 'x' });
  await expect(readAll(options, gtid)).rejects.toMatchObject({
    code: 'MYSQL_PERMISSION',
    cure: expect.stringContaining('GRANT REPLICATION SLAVE ON *.*') as string,
  });
  await database.query(`DROP USER '${user}'@'%'`);
});
