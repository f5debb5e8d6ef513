import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { PostgresOrigin } from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';
import type { RecordWriter } from '../../src/runtime/record-writer.ts';
import { SourceTransactions } from '../../src/runtime/source-transactions.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { binlogOrigin, readBatch, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { renamingWriter } from '../support/renaming-writer.ts';

const TABLE = { catalog: 'db', schema: 'public', table: 't' };

function at(position: bigint, transactionId: number | null = 7): PostgresOrigin {
  return {
    family: 'postgres',
    lsn: lsn(position),
    commitLsn: lsn(90n),
    previousCommitLsn: null,
    ordinal: 0,
    transactionId,
    sourceMicros: 5_000_000n,
    snapshot: 'false',
  };
}

async function setUp(transforming?: RecordWriter): Promise<SourceTransactions> {
  const transport: Pick<Transport, 'openTopic'> = { openTopic: () => Promise.resolve(3) };
  const converter = new JsonConverter({ schemasEnable: false });
  const transactions = new SourceTransactions({
    transport: transport as Transport,
    topic: 'shop.transaction',
    key: converter,
    value: converter,
    topicOptions: { partitions: 2 },
    clock: new FakeClock(),
    ...(transforming === undefined ? {} : { transforming }),
  });
  await transactions.prepare(null);
  return transactions;
}

function statuses(batch: RecordBatch): string[] {
  return readBatch(batch, WIRES[1] as Wire).map(({ value }) => {
    const record = JSON.parse(value ?? '') as { status: string; id: string; event_count: number };
    return `${record.status} ${record.id} ${record.event_count}`;
  });
}

test('begin stands before the first event and end after the last, with the counts', async () => {
  const transactions = await setUp();
  const batch = new RecordBatch();
  transactions.enter(at(10n), batch);
  expect(transactions.block(at(10n), TABLE)?.values).toEqual(['7:10', 1n, 1n]);
  transactions.enter(at(11n), batch);
  expect(transactions.messageBlock(at(11n))?.values).toEqual(['7:11', 2n, 1n]);
  transactions.leave(at(11n), batch);
  expect(statuses(batch)).toEqual(['BEGIN 7:10 null', 'END 7:90 2']);
});

test('a transaction of which nothing became a record has both too', async () => {
  const transactions = await setUp();
  const batch = new RecordBatch();
  transactions.leave(at(10n), batch);
  expect(statuses(batch)).toEqual(['BEGIN 7:10 null', 'END 7:90 0']);
});

test('a statement of MariaDB begins what nothing ends, as in the original', async () => {
  const transactions = await setUp();
  const batch = new RecordBatch();
  transactions.enter(binlogOrigin({ transactionId: '0-223-125' }), batch);
  const row = binlogOrigin({ transactionId: '0-223-126' });
  transactions.enter(row, batch);
  transactions.enter(row, batch);
  transactions.block(row, TABLE);
  transactions.leave(row, batch);
  const wanted = ['BEGIN 0-223-125 null', 'BEGIN 0-223-126 null', 'END 0-223-126 1'];
  expect(statuses(batch)).toEqual(wanted);
});

test('what stands outside of transactions has none', async () => {
  const transactions = await setUp();
  const batch = new RecordBatch();
  transactions.enter(at(10n, null), batch);
  transactions.leave(at(10n, null), batch);
  expect(batch.count).toBe(0);
});

test('a crash in the middle of a transaction begins it only once', async () => {
  const before = await setUp();
  before.enter(at(10n), new RecordBatch());
  before.block(at(10n), TABLE);
  const after = await setUp();
  await after.prepare({ partition: { server: 'shop' }, offset: before.offset() });
  const batch = new RecordBatch();
  after.enter(at(11n), batch);
  expect(after.block(at(11n), TABLE)?.values).toEqual(['7:11', 2n, 2n]);
  after.leave(at(11n), batch);
  expect(statuses(batch)).toEqual(['END 7:90 2']);
});

test('a transaction whose rest is gone is ended with what was told of it, once', async () => {
  const before = await setUp();
  before.enter(at(10n), new RecordBatch());
  before.block(at(10n), TABLE);
  const stored = { partition: {}, offset: before.offset() };
  const [transactions, late] = [await setUp(), await setUp()];
  await transactions.prepare(stored);
  const batch = new RecordBatch();
  transactions.interrupted(batch);
  expect(transactions.offset()).toEqual({});
  transactions.interrupted(batch);
  transactions.enter({ ...at(95n, 8), commitLsn: lsn(99n) }, batch);
  expect(statuses(batch)).toEqual(['END 7:90 1', 'BEGIN 8:95 null']);
  // Nobody said that it is gone, but another one comes.
  await late.prepare(stored);
  const next = new RecordBatch();
  late.enter({ ...at(95n, 8), commitLsn: lsn(99n) }, next);
  late.leave({ ...at(95n, 8), commitLsn: lsn(99n) }, next);
  expect(statuses(next)).toEqual(['END 7:90 1', 'BEGIN 8:95 null', 'END 8:99 0']);
});

test('with transforms its records go through them, in their order', async () => {
  const renamed: string[] = [];
  const writer = renamingWriter(renamed);
  const transactions = await setUp(writer);
  const batch = new RecordBatch();
  transactions.enter(at(10n), batch);
  transactions.leave(at(10n), batch);
  await writer.drain(() => batch, new AbortController().signal);
  expect(renamed).toEqual(['x.shop.transaction']);
  expect(statuses(batch).map((status) => status.split(' ')[0])).toEqual(['BEGIN', 'END']);
});
