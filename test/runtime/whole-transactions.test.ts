import { describe, expect, test, vi } from 'vitest';
import type { ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import type { SinkPosition } from '../../src/model/sink-record.ts';
import { TRANSACTION_SCHEMA } from '../../src/envelope/source-block.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { SinkConverters } from '../../src/runtime/sink-records.ts';
import { WholeTransactions } from '../../src/runtime/whole-transactions.ts';
import type { FetchedRecords, Transport } from '../../src/transport/transport.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';
import { ScriptedConsumer } from '../support/scripted-sink.ts';

const ENVELOPE: ConnectSchema = {
  type: 'struct',
  optional: false,
  fields: [
    { name: 'op', schema: { type: 'string', optional: false } },
    { name: 'transaction', schema: { ...TRANSACTION_SCHEMA, optional: true } },
  ],
};

const ITEM: ConnectSchema = {
  type: 'struct',
  optional: false,
  fields: [
    { name: 'data_collection', schema: { type: 'string', optional: false } },
    { name: 'event_count', schema: { type: 'int64', optional: false } },
  ],
};

const MARK: ConnectSchema = {
  type: 'struct',
  optional: false,
  fields: ['status', 'id', 'data_collections'].map((name) => ({
    name,
    schema: { type: 'string', optional: true },
  })),
};

/** What the bytes of a record say: `u 7 1` (op, transaction, order), `BEGIN 7`, `END 7 s.a=2`. */
function decoded(text: string): Struct {
  const [first = '', id = '', rest = ''] = text.split(' ');
  if (first === 'BEGIN' || first === 'END') {
    const collections = rest === '' ? [] : rest.split(',').map((one) => one.split('='));
    const items = collections.map(([name = '', count]) => {
      return { schema: ITEM, values: [name, BigInt(Number(count))] };
    });
    return { schema: MARK, values: [first, id, items] };
  }
  const block = id === '' ? null : { schema: TRANSACTION_SCHEMA, values: [id, BigInt(rest), 1n] };
  return { schema: ENVELOPE, values: [first, block] };
}

const CONVERTER = {
  toConnect: (_topic: string, bytes: Buffer | null) =>
    bytes === null ? null : decoded(bytes.toString()),
};
const CONVERTERS = { key: CONVERTER, value: CONVERTER } as unknown as SinkConverters;

interface Around {
  readonly topics?: Readonly<Record<string, readonly number[]>>;
  /** Topics, or partitions as `topic/0`; else all. */
  readonly assigned?: readonly string[];
  readonly stored?: readonly SinkPosition[];
  /** Where the group stands; else at the beginning. */
  readonly group?: Readonly<Record<string, number>>;
  readonly documents?: MemoryDocuments;
}

const READ_BEFORE = [{ topic: 'p.s.a', partition: 0, generation: 1, offset: 3 }];
const TOPICS = { 'p.transaction': [0], 'p.s.a': [0], 'p.s.b': [0] };

/** `topics`: the ends of their partitions. */
async function reading({ topics = TOPICS, assigned, stored = [], ...more }: Around = {}) {
  const clock = new FakeClock();
  const { group = {}, documents = new MemoryDocuments() } = more;
  const partitions = Object.entries(topics).flatMap(([topic, ends]) =>
    ends.map((_, partition) => ({ topic, partition, generation: 1, position: group[topic] ?? 0 })),
  );
  const mine = partitions.filter(
    ({ topic, partition }) =>
      assigned === undefined ||
      assigned.includes(topic) ||
      assigned.includes(`${topic}/${partition}`),
  );
  const consumer = new ScriptedConsumer([], [], mine);
  const transport = {
    documents,
    describeTopic: (name: string) => {
      const ends = topics[name];
      if (ends === undefined) return Promise.resolve(null);
      const described = ends.map((endOffset, partition) => ({ partition, endOffset }));
      return Promise.resolve({ name, partitions: described });
    },
  } as unknown as Transport;
  const logger = silentLogger();
  const warn = vi.spyOn(logger, 'warn');
  const whole = new WholeTransactions({
    name: 'dwh',
    settings: {
      metadataTopic: 'p.transaction',
      topicOf: (collection) => `p.${collection}`,
      maxRows: 10,
      bufferBytes: 1_000_000,
      waitMs: 1000,
    },
    consumes: (topic) => topic !== 'p.s.left',
    transport,
    converters: CONVERTERS,
    transforms: null,
    plain: null,
    clock,
    logger,
  });
  const positions = new Map(
    mine.map((at) => {
      const found = stored.find((one) => one.topic === at.topic);
      return [`${at.topic}/${at.partition}`, found ?? null] as const;
    }),
  );
  await whole.begin(consumer, positions);
  const offsets = new Map<string, number>(Object.entries(group));
  const read = async (topic: string, ...texts: readonly string[]): Promise<void> => {
    const from = offsets.get(topic) ?? 0;
    offsets.set(topic, from + texts.length);
    await whole.read([fetched(topic, from, texts)], []);
  };
  const applied = (): readonly string[] => {
    const found: string[] = [];
    for (let next = whole.take(); next !== null; next = whole.take()) {
      found.push(next.records.map(({ topic, offset }) => `${topic}@${offset}`).join(' '));
      next.onApplied();
    }
    return found.filter((text) => text !== '');
  };
  const warnings = (): readonly string[] => warn.mock.calls.map((call) => String(call.at(-1)));
  return { whole, clock, consumer, documents, read, applied, warnings };
}

function fetched(topic: string, from: number, texts: readonly string[]): FetchedRecords {
  const records = texts.map((text, i) => ({
    offset: from + i,
    sequence: 0,
    timestampMs: 0,
    key: null,
    value: text === 'tombstone' ? null : Buffer.from(text),
    headers: [],
  }));
  const nextOffset = from + texts.length;
  return { topic, partition: 0, generation: 1, records, nextOffset, endOffset: nextOffset };
}

describe('applied at once', () => {
  test('all of a transaction, and of tables that are not read nothing is waited for', async () => {
    const { read, applied, whole } = await reading();
    await read('p.s.a', 'u 7:1 1', 'u 7:2 2');
    await read('p.transaction', 'BEGIN 7:1', 'END 7:9 s.a=2,s.b=1,s.left=4');
    expect(applied()).toEqual([]);
    expect(whole.view).toMatchObject({ open: 1, oldestWaitMs: 0, waitsFor: null });
    await read('p.s.b', 'u 7:3 3');
    expect(applied()).toEqual(['p.s.a@0 p.s.a@1 p.s.b@0']);
    expect(whole.view).toMatchObject({ open: 0, waitingBytes: 0, oldestWaitMs: null, inParts: 0 });
  });

  test('rows of a snapshot wait for nothing', async () => {
    const { read, applied } = await reading();
    await read('p.s.a', 'r', 'r');
    expect(applied()).toEqual(['p.s.a@0 p.s.a@1']);
  });

  test('changes from before the source told its transactions, with a warning', async () => {
    const { read, applied, warnings } = await reading();
    await read('p.s.a', 'u', 'u');
    expect(applied()).toEqual(['p.s.a@0 p.s.a@1']);
    expect(warnings()).toEqual([expect.stringContaining('p.s.a has changes without the block')]);
  });

  test('a transaction that is too large, in parts, with a warning', async () => {
    const { read, applied, warnings, whole } = await reading();
    await read('p.transaction', 'BEGIN 7:1');
    await read('p.s.a', ...Array.from({ length: 11 }, (_, i) => `u 7:1 ${i + 1}`));
    expect(applied().join(' ').split(' ')).toHaveLength(11);
    expect(warnings()).toEqual([
      expect.stringContaining('more than 10 rows (transaction.max.rows)'),
    ]);
    expect(whole.view.inParts).toBe(1);
  });
});

describe('what the source writes again', () => {
  const once = async () => {
    const log = await reading();
    await log.read('p.transaction', 'BEGIN 7:1', 'END 7:9 s.a=2');
    await log.read('p.s.a', 'd 7:1 1', 'tombstone', 'u 7:2 2');
    expect(log.applied()).toEqual(['p.s.a@0 p.s.a@1 p.s.a@2']);
    return log;
  };

  test('is left out, though its END is read before its records', async () => {
    const { read, applied, warnings } = await once();
    await read('p.transaction', 'BEGIN 7:1', 'END 7:9 s.a=2');
    expect(applied()).toEqual([]);
    await read('p.s.a', 'd 7:1 1');
    expect(applied()).toEqual([]);
    // The row may have come again since.
    await read('p.s.a', 'tombstone', 'u 7:2 2');
    expect(applied()).toEqual([]);
    await read('p.transaction', 'BEGIN 8:1', 'END 8:9 s.a=1');
    await read('p.s.a', 'u 8:1 1');
    expect(applied()).toEqual(['p.s.a@6']);
    expect(warnings()).toEqual([]);
  });

  test('is another one where its END is another', async () => {
    const { read, applied } = await once();
    await read('p.transaction', 'BEGIN 7:10', 'END 7:19 s.a=1');
    await read('p.s.a', 'd 7:10 1', 'tombstone');
    expect(applied().join(' ')).toBe('p.s.a@3 p.s.a@4');
  });
});

describe('what is waited for', () => {
  test('is told once it takes long, in the log and in the status', async () => {
    const { read, whole, clock, consumer, warnings, applied } = await reading();
    await read('p.transaction', 'BEGIN 7:1', 'END 7:9 s.a=2');
    await read('p.s.a', 'u 7:1 1');
    await whole.look(consumer);
    expect(whole.view.waitsFor).toBeNull();
    clock.advance(1000);
    await whole.look(consumer);
    clock.advance(1000);
    await whole.look(consumer);
    expect(whole.view).toMatchObject({
      oldestWaitMs: 2000,
      waitsFor: 'transaction 7 waits for 1 records of p.s.a',
      inParts: 0,
    });
    expect(warnings()).toEqual(['transaction 7 waits for 1 records of p.s.a']);
    expect(applied()).toEqual([]);
    await read('p.s.a', 'u 7:2 2');
    expect(applied()).toEqual(['p.s.a@0 p.s.a@1']);
    await whole.look(consumer);
    expect(whole.view.waitsFor).toBeNull();
  });

  test('is given up where the topic of metadata has no more', async () => {
    const { read, whole, clock, consumer, warnings, applied } = await reading();
    await read('p.s.a', 'u 7:1 1');
    clock.advance(1000);
    expect(applied()).toEqual([]);
    await whole.look(consumer);
    expect(applied()).toEqual(['p.s.a@0']);
    expect(warnings()[0]).toContain('has no BEGIN in the topic of transaction metadata');
  });

  test('is not given up while that is not read to its end', async () => {
    const { read, whole, clock, consumer, applied } = await reading({
      topics: { ...TOPICS, 'p.transaction': [5] },
    });
    await read('p.s.a', 'u 7:1 1');
    clock.advance(1000);
    await whole.look(consumer);
    expect(applied()).toEqual([]);
  });

  test.each([
    ['which another member of the group reads', { assigned: ['p.transaction', 'p.s.b'] }],
    ['p.transaction, which is not there', { topics: { 'p.s.a': [0], 'p.s.b': [0] } }],
  ])('ends the task: %s', async (message, around) => {
    const { read, whole, clock, consumer } = await reading(around);
    await read('p.s.b', 'u 7:1 1');
    await read('p.transaction', 'BEGIN 7:1', 'END 7:9 s.a=1,s.b=1');
    clock.advance(1000);
    const looked = whole.look(consumer);
    await expect(looked).rejects.toMatchObject({ code: 'SINK_TRANSACTION' });
    await expect(looked).rejects.toThrow(message);
  });

  // A second daemon was started for the sink: its part of the group's offsets was no cut, so it
  // took the log for one that was read without regard to transactions, and applied records as they
  // came.
  test.each([
    ['p.s.a/1', { topics: { ...TOPICS, 'p.s.a': [0, 0] }, assigned: ['p.transaction', 'p.s.a/0'] }],
    ['p.transaction/0', { assigned: ['p.s.a', 'p.s.b'] }],
  ])(
    'which another member reads ends the task before it reads anything: %s',
    async (at, around) => {
      const begun = reading({ ...around, stored: READ_BEFORE, group: { 'p.s.a': 3 } });
      await expect(begun).rejects.toMatchObject({ code: 'SINK_TRANSACTION' });
      await expect(begun).rejects.toThrow(`${at}, which another member of the group reads`);
    },
  );

  test('the order of a topic with several partitions would mean nothing', async () => {
    const several = reading({ topics: { ...TOPICS, 'p.transaction': [0, 0] } });
    await expect(several).rejects.toThrow('p.transaction has 2 partitions');
  });
});

describe('a log that the sink has read before', () => {
  test('without regard to transactions: they begin behind what it has by now', async () => {
    const { read, applied, warnings } = await reading({
      stored: READ_BEFORE,
      topics: { 'p.transaction': [1], 'p.s.a': [3], 'p.s.b': [0] },
      group: { 'p.s.a': 1 },
    });
    expect(warnings()).toEqual([expect.stringContaining('whole transactions begin behind')]);
    await read('p.s.a', 'u 7:1 5', 'u 7:2 6');
    expect(applied()).toEqual(['p.s.a@1 p.s.a@2']);
    await read('p.transaction', 'END 7:9 s.a=6');
    expect(applied()).toEqual([]);
    await read('p.transaction', 'BEGIN 8:1');
    await read('p.s.a', 'u 8:1 1');
    expect(applied()).toEqual([]);
    await read('p.transaction', 'END 8:2 s.a=1');
    expect(applied()).toEqual(['p.s.a@3']);
  });

  // A first life that died before it committed anything.
  test('from its beginning: nothing lies before what is read', async () => {
    const { read, applied, warnings } = await reading({ stored: READ_BEFORE });
    await read('p.s.a', 'u 7:1 1');
    expect(applied()).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  test('in this mode: where it stopped, it goes on with whole ones', async () => {
    const first = await reading();
    await first.read('p.s.a', 'u 7:1 1');
    await first.read('p.transaction', 'BEGIN 7:1', 'END 7:9 s.a=1');
    first.applied();
    const group = { 'p.s.a': 1, 'p.s.b': 0, 'p.transaction': 2 };
    const cut = Object.entries(group).map(([topic, offset]) => ({ topic, partition: 0, offset }));
    await first.whole.committing(first.consumer).commit(cut);
    const { documents } = first;
    const second = await reading({ documents, group, stored: READ_BEFORE });
    expect(second.warnings()).toEqual([]);
    const moved = await reading({
      documents,
      group: { ...group, 'p.s.a': 0 },
      stored: READ_BEFORE,
    });
    expect(moved.warnings()).toHaveLength(1);
  });
});
