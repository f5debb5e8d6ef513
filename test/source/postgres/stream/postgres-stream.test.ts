import { expect, test } from 'vitest';
import { lsn } from '../../../../src/model/lsn.ts';
import { PostgresStream } from '../../../../src/source/postgres/stream/postgres-stream.ts';
import type { RelationCatalog } from '../../../../src/source/postgres/stream/relation-cache.ts';
import { RelationCache } from '../../../../src/source/postgres/stream/relation-cache.ts';
import { ReplicationPosition } from '../../../../src/source/postgres/stream/replication-position.ts';
import { StreamedTransactions } from '../../../../src/source/postgres/stream/streamed-transactions.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { goldenScenarios } from '../../../support/pgoutput-golden.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';

const DATABASE = { host: '', port: 0, user: '', password: '', name: 'd' };

const CATALOG: RelationCatalog = {
  context: {
    catalog: 'd',
    lists: sourceOptionsFor(DATABASE),
    messageKeys: [],
    types: {
      typeOf: () => ({ schema: { type: 'string', optional: false }, format: { kind: 'string' } }),
    },
  },
  table: () => Promise.resolve(null),
  loadTypes: () => Promise.resolve(),
  end: () => Promise.resolve(lsn(0n)),
  seen: () => Promise.resolve({ sees: () => false }),
  typeTexts: () => Promise.resolve(new Map()),
};

function setUp(catalog: RelationCatalog = CATALOG): {
  stream: PostgresStream;
  position: ReplicationPosition;
  receiver: RecordingReceiver;
  clock: FakeClock;
  replies: number[];
} {
  const receiver = new RecordingReceiver();
  receiver.autoFlush = false;
  const clock = new FakeClock();
  const replies: number[] = [];
  const position = new ReplicationPosition({
    systemIdentifier: '1',
    timeline: 1,
    slot: 's',
    fingerprint: '',
    endLsn: lsn(0n),
    openCommitLsn: null,
    eventsDone: 0,
    previousCommitLsn: null,
    lastLsn: lsn(0n),
    transactionId: null,
    commitMicros: null,
    snapshot: 'completed',
  });
  const stream = new PostgresStream({
    receiver,
    relations: new RelationCache(catalog, clock),
    position,
    streamed: new StreamedTransactions('/nowhere', 's'),
    ownOnly: false,
    skippedOperations: [],
    wantsMessage: (prefix) => prefix !== 'unwanted',
    clock,
    idleIntervalMs: 1000,
    onStarted: () => undefined,
    onReplyRequested: () => {
      replies.push(1);
    },
  });
  return { stream, position, receiver, clock, replies };
}

function xlogData(message: Buffer, at: bigint): Buffer {
  const header = Buffer.alloc(25);
  header.writeUInt8(0x77, 0);
  header.writeBigUInt64BE(at, 1);
  return Buffer.concat([header, message]);
}

function keepalive(walEnd: bigint, replyRequested = false): Buffer {
  const frame = Buffer.alloc(18);
  frame.writeUInt8(0x6b, 0);
  frame.writeBigUInt64BE(walEnd, 1);
  frame.writeUInt8(replyRequested ? 1 : 0, 17);
  return frame;
}

const scenario = (name: string): readonly Buffer[] =>
  goldenScenarios(18)
    .find((candidate) => candidate.name === name)
    ?.frames.map((frame) => Buffer.from(frame, 'hex')) ?? [];

async function feed(stream: PostgresStream, frames: readonly Buffer[]): Promise<void> {
  for (const frame of frames) await stream.frame(frame, 0, frame.length);
}

const CHANGES = scenario('row changes of every replica identity').map((message, i) =>
  xlogData(message, 1000n + BigInt(i)),
);

test('recorded messages become calls of the receiver, in order', async () => {
  const { stream, receiver, position } = setUp();
  await feed(stream, CHANGES);
  expect(receiver.schemas.map(({ table }) => table.id.table)).toEqual(['d', 'f', 'i', 'n']);
  expect(receiver.commits.map(({ ordinal }) => ordinal)).toEqual([5, 2, 1, 4]);
  expect(receiver.commits.map(({ lsn: at }) => at)).toEqual(
    receiver.commits.map(({ commitLsn }) => commitLsn),
  );
  expect(receiver.commits[1]?.previousCommitLsn).toBe(receiver.commits[0]?.commitLsn);
  expect(position.offset().openCommitLsn).toBeNull();
  expect(stream.received).toBe(position.endLsn);
});

test('a row of a relation that was not announced is refused', async () => {
  const { stream } = setUp();
  const begin = CHANGES[0] as Buffer;
  const insert = CHANGES[2] as Buffer;
  await feed(stream, [begin]);
  expect(() => stream.frame(insert, 0, insert.length)).toThrow(/unknown relation/);
});

test('an idle keepalive moves the offset, once per interval (P51, P52)', async () => {
  const { stream, position, clock, replies } = setUp();
  await feed(stream, [keepalive(10n)]);
  expect(position.offset().endLsn).toBe(10n);
  await feed(stream, [keepalive(20n, true)]);
  expect(position.offset().endLsn).toBe(10n);
  expect(stream.serverEnd).toBe(20n);
  expect(replies).toHaveLength(1);
  clock.advance(1000);
  await feed(stream, [keepalive(30n)]);
  expect(position.offset().endLsn).toBe(30n);
  clock.advance(1000);
  await feed(stream, [CHANGES[0] as Buffer, keepalive(1n << 60n)]);
  expect(position.offset().endLsn).toBe(30n);
});

test('after a halt nothing is handed over', async () => {
  const { stream, receiver } = setUp();
  await feed(stream, CHANGES.slice(0, 3));
  stream.halt();
  const row = CHANGES[3] as Buffer;
  const held = stream.frame(row, 0, row.length);
  expect(held).toBeInstanceOf(Promise);
  expect(stream.settle(false)).toBe(held);
  expect(receiver.schemas).toHaveLength(1);
});

test('it tells when the receiver holds it up', async () => {
  const { stream, receiver } = setUp();
  const gate = Promise.withResolvers<void>();
  receiver.gate = gate.promise;
  const wait = stream.settle(false);
  expect(stream.isReading).toBe(false);
  gate.resolve();
  await wait;
  expect(stream.isReading).toBe(true);
});

test('prepared transactions are handed over when they commit (P76)', async () => {
  const { stream, receiver, position } = setUp();
  const prepared = scenario('prepared transactions').map((message) => xlogData(message, 5n));
  const kind = (frame: Buffer): string => String.fromCharCode(frame[25] as number);
  const end = prepared.findIndex((frame) => kind(frame) === 'K');
  await feed(stream, prepared.slice(0, end));
  const before = receiver.commits.length;
  expect(position.offset().heldLsn).not.toBeNull();
  await feed(stream, prepared.slice(end));
  expect(receiver.commits.length).toBeGreaterThan(before);
  expect(position.offset().heldLsn).toBeNull();
});

test.each([
  ['an unknown frame', Buffer.from('78', 'hex')],
  ['XLogData without a message', Buffer.alloc(25, 0x77)],
  ['a short keepalive', Buffer.from('6b00', 'hex')],
])('%s is a decode error', (_name, frame) => {
  expect(() => setUp().stream.frame(frame, 0, frame.length)).toThrow(
    expect.objectContaining({ code: 'DECODE' }) as Error,
  );
});

test('only beside a streamed transaction a repeated shape is not asked for', async () => {
  let asked: number[] = [];
  const catalog: RelationCatalog = {
    ...CATALOG,
    table: (oid) => {
      asked.push(oid);
      return Promise.resolve(null);
    },
  };
  const { stream, receiver, clock } = setUp(catalog);
  const repeat = async (): Promise<number> => {
    asked = [];
    await feed(stream, CHANGES);
    return asked.length;
  };
  expect([await repeat(), await repeat()]).toEqual([4, 4]);
  const begin = Buffer.from([0x53, 0, 0, 0, 9, 1]); // S: transaction 9, its first block
  await feed(stream, [xlogData(begin, 2000n), xlogData(Buffer.from('E'), 2000n)]);
  // The three others have no primary key as their identity.
  expect([await repeat(), await repeat()]).toEqual([3, 3]);
  clock.advance(5001);
  expect([await repeat(), await repeat()]).toEqual([4, 3]);
  expect(receiver.schemas).toHaveLength(4);
});

test('a shape is not asked for again by a transaction that was over when it was', async () => {
  let asked = 0;
  const catalog: RelationCatalog = {
    ...CATALOG,
    seen: () => Promise.resolve({ sees: () => true }),
    table: () => {
      asked++;
      return Promise.resolve(null);
    },
  };
  const { stream, receiver } = setUp(catalog);
  for (let i = 0; i < 3; i++) await feed(stream, CHANGES);
  expect([asked, receiver.schemas.length]).toEqual([4, 4]);
});
