import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import type { BinlogDump, BinlogReceiver } from '../../../../src/source/mysql/wire/binlog-wire.ts';
import { BinlogWire } from '../../../../src/source/mysql/wire/binlog-wire.ts';
import type { MysqlScript, ScriptedPeer } from '../../../support/scripted-mysql.ts';
import { packetsOf, scriptedMysql } from '../../../support/scripted-mysql.ts';

const { signal } = new AbortController();
const DUMP: BinlogDump = {
  start: { kind: 'file', file: 'binlog.000001', position: 4 },
  replica: {
    serverId: 4_000_000_000,
    uuid: '17b1742e-9bfb-8f10-8a16-c378a7116e52',
    host: 'tidemark-x',
  },
  heartbeatMs: 60_000,
  netWriteTimeoutSeconds: 600,
  annotateRows: true,
};

function collector(): BinlogReceiver & { events: string[]; settled: number } {
  const collected = {
    events: [] as string[],
    settled: 0,
    event(bytes: Buffer, start: number, end: number) {
      collected.events.push(bytes.toString('latin1', start, Math.min(end, start + 20)));
      return undefined;
    },
    settle() {
      collected.settled++;
      return undefined;
    },
  };
  return collected;
}

/** Runs a dump against a server that answers it so. */
async function streamed(
  dump: MysqlScript['dump'],
  receiver: BinlogReceiver,
  change: Partial<BinlogDump> = {},
): Promise<readonly string[]> {
  await using server = await scriptedMysql(dump === undefined ? {} : { dump });
  await using wire = await BinlogWire.connect(server.options, { ...DUMP, ...change }, signal);
  await wire.stream(receiver, signal);
  return server.log;
}

test('the server is told what a replica tells, in this order, before the dump', async () => {
  let command = Buffer.alloc(0);
  const log = await streamed(
    (peer, body) => {
      command = Buffer.from(body);
      peer.end();
    },
    collector(),
    { stopAtEnd: true },
  );
  expect(log).toEqual([
    "SET SESSION time_zone = '+00:00', sql_mode = ''",
    expect.stringMatching(/^SET @master_binlog_checksum = @@global.binlog_checksum, /) as string,
    'SET SESSION net_write_timeout = 600',
    'COM_21',
    'COM_18',
  ]);
  // Its statements behind the rows are MariaDB's to send.
  expect(command.toString('hex', 0, 7)).toBe('12040000000100');
});

test('events come in order with the end of each chunk; the end of the log ends it', async () => {
  const receiver = collector();
  await streamed(
    (peer) => {
      for (const text of ['one', 'two', 'three']) peer.event(Buffer.from(text));
      peer.end();
    },
    receiver,
    { stopAtEnd: true },
  );
  expect(receiver.events).toEqual(['one', 'two', 'three']);
  expect(receiver.settled).toBeGreaterThan(0);
});

test('while the receiver waits nothing more is handed over, and the socket fills up', async () => {
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  let written = 0;
  let peerOf: ScriptedPeer | undefined;
  const receiver: BinlogReceiver = {
    event(bytes, start) {
      seen.push(String.fromCharCode(bytes[start] as number));
      return seen.length === 1 ? gate.promise : undefined;
    },
    settle: () => undefined,
  };
  const streaming = streamed(
    (peer) => {
      peerOf = peer;
      for (let i = 0; i < 400; i++) {
        peer.event(Buffer.alloc(100_000, 65 + (i % 26)));
        written++;
      }
      peer.end();
    },
    receiver,
    { stopAtEnd: true },
  );
  await expect.poll(() => seen.length).toBe(1);
  await sleep(150);
  expect(seen).toEqual(['A']);
  expect(written).toBe(400);
  // What the kernel does not take stays with the server: 40 MB do not fit into its buffers.
  expect(peerOf?.socket.writableLength).toBeGreaterThan(20_000_000);
  gate.resolve();
  await streaming;
  expect(seen.join('')).toBe(
    Array.from({ length: 400 }, (_, i) => String.fromCharCode(65 + (i % 26))).join(''),
  );
});

test('a wait of settle holds the next chunk back too', async () => {
  const order: string[] = [];
  const receiver: BinlogReceiver = {
    event(bytes, start, end) {
      order.push(bytes.toString('latin1', start, end));
      return undefined;
    },
    async settle() {
      await sleep(20);
      order.push('settled');
    },
  };
  await streamed(
    (peer) => {
      peer.event(Buffer.from('one'));
      setTimeout(() => {
        peer.event(Buffer.from('two'));
        peer.end();
      }, 5);
    },
    receiver,
    { stopAtEnd: true },
  );
  expect(order).toEqual(['one', 'settled', 'two', 'settled']);
});

test.each<readonly [string, NonNullable<MysqlScript['dump']>, string, RegExp]>([
  [
    'an error in the middle (PITFALLS B19)',
    (peer) => {
      peer.event(Buffer.from('one'));
      peer.error(1236, 'Could not find first log file name in binary log index file');
    },
    'MYSQL_BINLOG_LOST',
    /first log file/,
  ],
  [
    'the end although it was not asked for: a shutdown (PITFALLS B8)',
    (peer) => {
      peer.end();
    },
    'MYSQL_CONNECTION_LOST',
    /shuts down/,
  ],
  [
    'a connection that is cut in the middle of a packet',
    (peer) => {
      peer.socket.end(packetsOf(Buffer.alloc(1000), 1).subarray(0, 500));
    },
    'MYSQL_CONNECTION_LOST',
    /closed the connection/,
  ],
  [
    'a reset',
    (peer) => {
      peer.socket.resetAndDestroy();
    },
    'MYSQL_CONNECTION_LOST',
    /ECONNRESET|closed the connection/,
  ],
  [
    'a packet that is no event',
    (peer) => {
      peer.send(Buffer.from([0x42, 1, 2]));
    },
    'DECODE',
    /no event/,
  ],
  [
    'an empty packet',
    (peer) => {
      peer.send(Buffer.alloc(0));
    },
    'DECODE',
    /no event/,
  ],
  [
    'a packet out of turn',
    (peer) => {
      peer.sequence = 9;
      peer.event(Buffer.from('one'));
    },
    'DECODE',
    /packet 9 instead of 1/,
  ],
  ['silence (PITFALLS B9)', () => undefined, 'MYSQL_CONNECTION_LOST', /no heartbeat/],
])('%s ends the stream', async (_name, dump, code, message) => {
  const streaming = streamed(dump, collector(), { heartbeatMs: 30, searchMs: 0 });
  await expect(streaming).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
});

test('heartbeats keep the stream, and one that searches for its start has longer', async () => {
  const receiver = collector();
  const beats = (peer: ScriptedPeer, left: number): void => {
    if (left === 0) {
      peer.end();
      return;
    }
    peer.event(Buffer.from('beat'));
    setTimeout(beats, 40, peer, left - 1);
  };
  await streamed(
    (peer) => {
      setTimeout(beats, 400, peer, 8);
    },
    receiver,
    { heartbeatMs: 40, searchMs: 5000, stopAtEnd: true },
  );
  expect(receiver.events).toHaveLength(8);
});

test('what the receiver throws ends the stream with it', async () => {
  const receiver: BinlogReceiver = {
    event: () => Promise.reject(new Error('no room')),
    settle: () => undefined,
  };
  const streaming = streamed((peer) => {
    peer.event(Buffer.from('one'));
  }, receiver);
  await expect(streaming).rejects.toThrow('no room');
});

test('a stop ends it quietly and closes the connection; an abort says why', async () => {
  await using server = await scriptedMysql({
    dump: (peer) => {
      peer.event(Buffer.from('one'));
    },
  });
  const wire = await BinlogWire.connect(server.options, DUMP, signal);
  const receiver = collector();
  const streaming = wire.stream(receiver, signal);
  await expect.poll(() => receiver.events).toEqual(['one']);
  wire.stop();
  await streaming;
  await expect.poll(() => server.open.size).toBe(0);
  const abort = new AbortController();
  await using second = await BinlogWire.connect(server.options, DUMP, signal);
  const aborted = second.stream(collector(), abort.signal);
  abort.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
});

test('a start that has no command is refused before anything is connected (B5)', async () => {
  const start = { kind: 'file', file: 'binlog.000001', position: 2 ** 33 } as const;
  const options = { host: '127.0.0.1', port: 1, user: '', password: '', connectTimeoutMs: 1000 };
  const connecting = BinlogWire.connect(
    { ...options, sslMode: 'disabled' },
    { ...DUMP, start },
    signal,
  );
  await expect(connecting).rejects.toMatchObject({ code: 'MYSQL_POSITION' });
});

test('a registration that is refused closes the connection', async () => {
  await using server = await scriptedMysql({
    query(peer, sql) {
      if (!sql.includes('@slave_uuid')) return false;
      peer.error(
        1227,
        'Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s)',
      );
      return true;
    },
  });
  const start = { kind: 'gtid', executed: new GtidSet() } as const;
  await expect(
    BinlogWire.connect(server.options, { ...DUMP, start }, signal),
  ).rejects.toMatchObject({
    code: 'MYSQL_PERMISSION',
    cure: expect.stringContaining('GRANT REPLICATION SLAVE ON *.*') as string,
  });
  await expect.poll(() => server.open.size).toBe(0);
});
