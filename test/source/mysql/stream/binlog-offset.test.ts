import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BinlogOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import {
  ANY_SERVER,
  debeziumOffsetProblem,
  readStoredOffset,
  restartPlace,
  toSourceOffset,
} from '../../../../src/source/mysql/stream/binlog-offset.ts';

const UUID = '531e30d3-e585-11f1-809b-02fc00000001';

const OFFSET: BinlogOffset = {
  serverUuid: UUID,
  serverId: 80,
  fingerprint: 'f',
  done: { file: 'binlog.000001', pos: 663_992, gtids: `${UUID}:1-121` },
  held: null,
  open: null,
  eventsDone: 0,
  rowsDone: 0,
  seconds: 1_795_251_919,
  snapshot: 'completed',
  sentBefore: null,
};

test('snapshots under way go along with the offset', () => {
  const offset = { ...OFFSET, snapshot: 'running', snapshotState: '{"version":1}' } as const;
  expect(readStoredOffset(toSourceOffset('p', offset))).toEqual(offset);
});

describe('Debezium’s keys', () => {
  test('between transactions: as Debezium 3.6 wrote them (recorded schema history)', () => {
    expect(toSourceOffset('p', OFFSET)).toMatchObject({
      partition: { server: 'p' },
      midTransaction: false,
      offset: {
        ts_sec: 1_795_251_919,
        file: 'binlog.000001',
        pos: 663_992,
        gtids: `${UUID}:1-121`,
        server_id: 80,
      },
    });
  });

  test('inside a transaction: its beginning, so that Debezium repeats and loses nothing', () => {
    const open = { file: 'binlog.000001', pos: 664_000, gtid: `${UUID}:122` };
    const { offset, midTransaction } = toSourceOffset('p', { ...OFFSET, open, eventsDone: 3 });
    expect([offset['pos'], offset['gtids'], midTransaction]).toEqual([
      663_992,
      `${UUID}:1-121`,
      true,
    ]);
    expect([offset['event'], offset['row']]).toEqual([undefined, undefined]);
  });

  test('while a prepared transaction waits: the place before it (PITFALLS B32)', () => {
    const held = { file: 'binlog.000001', pos: 4, gtids: `${UUID}:1-9:11-121` };
    const { offset } = toSourceOffset('p', { ...OFFSET, held });
    expect([offset['pos'], offset['gtids']]).toEqual([4, `${UUID}:1-9:11-121`]);
    expect(restartPlace({ ...OFFSET, held })).toBe(held);
  });

  test('while the first snapshot runs', () => {
    const { offset } = toSourceOffset('p', { ...OFFSET, snapshot: 'running' });
    expect([offset['snapshot'], offset['server_id']]).toEqual(['INITIAL', undefined]);
  });

  test('are read where ours are missing, with what was sent of the next transaction', () => {
    const offset = {
      ts_sec: 1_795_251_239,
      file: 'mysql-bin.000001',
      pos: 652_775,
      gtids: '0-223-124',
      server_id: 223,
      event: 2,
      row: 5,
    };
    const read = readStoredOffset({ partition: {}, offset });
    expect(read).toMatchObject({
      serverUuid: null,
      serverId: ANY_SERVER,
      done: { file: 'mysql-bin.000001', pos: 652_775, gtids: '0-223-124' },
      sentBefore: { events: 2, rows: 5 },
    });
    // And handed back until the first transaction is done.
    expect(toSourceOffset('p', read).offset).toMatchObject({ event: 2, row: 5 });
    expect(readStoredOffset(toSourceOffset('p', read))).toEqual(read);
  });

  test.each([
    [{ file: 'a.1', pos: 4, snapshot: 'INITIAL' }, /snapshot is not complete/],
    [{ file: 'a.1', pos: 4, incremental_snapshot_collections: '[{}]' }, /incremental snapshot/],
    [{ ts_sec: 1 }, /no file and pos/],
  ])('%j is refused', (offset, reason) => {
    expect(debeziumOffsetProblem(offset)?.message).toMatch(reason);
    expect(() => readStoredOffset({ partition: {}, offset })).toThrow(reason);
  });
});

const place = fc.record({
  file: fc.string({ minLength: 1 }),
  pos: fc.integer({ min: 4, max: Number.MAX_SAFE_INTEGER }),
  gtids: fc.option(fc.string()),
});
const start = fc.record({
  file: fc.string(),
  pos: fc.maxSafeNat(),
  gtid: fc.option(fc.string()),
});

test('what is printed is read again, positions beyond 32 bits too (PITFALLS B5)', () => {
  const offsets = fc.record<BinlogOffset>({
    serverUuid: fc.option(fc.string()),
    serverId: fc.nat(),
    fingerprint: fc.string(),
    done: place,
    held: fc.option(place),
    open: fc.option(start),
    eventsDone: fc.nat(),
    rowsDone: fc.nat(),
    seconds: fc.option(fc.nat()),
    snapshot: fc.constantFrom('running', 'completed', 'none'),
    sentBefore: fc.option(fc.record({ events: fc.nat(), rows: fc.nat() })),
  });
  fc.assert(
    fc.property(offsets, (offset) => {
      const json = JSON.parse(JSON.stringify(toSourceOffset('p', offset))) as never;
      expect(readStoredOffset(json)).toEqual(offset);
    }),
  );
});

describe('an offset that is none of ours', () => {
  const printed = toSourceOffset('p', OFFSET);
  test.each([
    ['tidemark.version', 2, /version 2/],
    ['tidemark.place', 'nothing', /place is "nothing"/],
    ['tidemark.place', 'a:99999999999999999999', /place/],
    ['tidemark.fingerprint', 7, /fingerprint is 7/],
    ['tidemark.events_done', -1, /events_done is -1/],
  ])('%s: %j', (key, value, reason) => {
    const offset = { ...printed.offset, [key]: value };
    expect(() => readStoredOffset({ ...printed, offset })).toThrow(reason);
  });
});

test('what the runtime keeps in the same map has other keys: topics that a registry holds', () => {
  const held = { file: 'binlog.000001', pos: 4, gtids: null };
  const { offset } = toSourceOffset('p', { ...OFFSET, held });
  expect(Object.keys(offset)).toContain('tidemark.prepared');
  expect(Object.keys(offset)).not.toContain('tidemark.held');
});

test('of several transactions of a domain, as Debezium keeps them, the farthest counts', () => {
  const gtids = '0-2-110,1-9-4,0-1-105';
  const offset = { partition: { server: 'p' }, offset: { file: 'b.000001', pos: 4, gtids } };
  expect(readStoredOffset(offset).done.gtids).toBe('0-2-110,1-9-4');
});

test('a place inside of a transaction whose beginning is not told is none to go on from', () => {
  const inside = { file: 'b.000001', pos: 800, row: 2 };
  expect(debeziumOffsetProblem(inside)?.message).toContain('inside of a transaction');
  // By GTIDs the whole transaction comes again.
  expect(debeziumOffsetProblem({ ...inside, gtids: '0-1-5' })).toBeNull();
  expect(debeziumOffsetProblem({ ...inside, event: 3 })).toBeNull();
});
