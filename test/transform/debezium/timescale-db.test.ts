import { expect, test } from 'vitest';
import type { ConnectRecord } from '../../../src/model/connect-record.ts';
import type { ConnectValue, Struct } from '../../../src/model/connect-schema.ts';
import { TimescaleDb } from '../../../src/transform/debezium/timescale-db.ts';
import type {
  Hypertable,
  HypertableCatalog,
  Hypertables,
} from '../../../src/transform/hypertable-catalog.ts';
import { chunkKey } from '../../../src/transform/hypertable-catalog.ts';
import { TransformWaits } from '../../../src/transform/transform-waits.ts';
import { compareRecorded } from '../../support/recorded-transforms.ts';
import { changeRecord, ownOptions } from '../../support/transform-records.ts';

const INTERNAL = '_timescaledb_internal';
const CONDITIONS = { hypertable: { schema: 'public', table: 'conditions' }, aggregate: null };

/** The catalog with which the original was recorded. */
const RECORDED: Hypertables = new Map<string, Hypertable>([
  [chunkKey({ schema: INTERNAL, table: '_hyper_1_1_chunk' }), CONDITIONS],
  [chunkKey({ schema: 'chunks', table: 'part_1' }), CONDITIONS],
  [
    chunkKey({ schema: INTERNAL, table: '_hyper_2_3_chunk' }),
    {
      hypertable: { schema: INTERNAL, table: '_materialized_hypertable_2' },
      aggregate: { schema: 'public', table: 'conditions_summary' },
    },
  ],
]);

const { signal } = new AbortController();

test.each(await compareRecorded('timescale-db', [], { load: () => Promise.resolve(RECORDED) }))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);

/** A change of a chunk, in a transaction. */
function chunkChange(table: string, transactionId: bigint, op = 'c'): ConnectRecord {
  const record = changeRecord(op, null, [1, 'a', null]);
  const envelope = record.value.value as Struct;
  const { schema, values } = envelope.values[2] as Struct;
  const own: Record<string, ConnectValue> = { schema: INTERNAL, table, txId: transactionId };
  const source: Struct = {
    schema,
    values: (schema.fields ?? []).map(({ name }, i) => own[name] ?? values[i] ?? null),
  };
  const value: Struct = { schema: envelope.schema, values: envelope.values.with(2, source) };
  return { ...record, value: { schema: record.value.schema, value } };
}

/** What applying it asks for; fails when it asks for nothing. */
function waitOf(transform: TimescaleDb, record: ConnectRecord): TransformWaits {
  try {
    transform.apply(record);
  } catch (thrown) {
    if (thrown instanceof TransformWaits) return thrown;
    throw thrown;
  }
  throw new Error('it did not ask');
}

function setUp(): {
  transform: TimescaleDb;
  chunks: Map<string, typeof CONDITIONS>;
  asked: (number | null)[];
  warnings: string[];
} {
  const chunks = new Map<string, typeof CONDITIONS>();
  const asked: (number | null)[] = [];
  const warnings: string[] = [];
  const catalog: HypertableCatalog = {
    load: (transactionId) => {
      asked.push(transactionId);
      return Promise.resolve(new Map(chunks));
    },
  };
  const transform = new TimescaleDb(ownOptions('TimescaleDb'), catalog, (text) => {
    warnings.push(text);
  });
  return { transform, chunks, asked, warnings };
}

test('asks once for a chunk that is new, as its transaction left it', async () => {
  const { transform, chunks, asked, warnings } = setUp();
  chunks.set(chunkKey({ schema: INTERNAL, table: 'one' }), CONDITIONS);
  const first = chunkChange('one', 7n);
  // Two that wait at once lead to one question.
  const waits = [waitOf(transform, first), waitOf(transform, first)];
  for (const { ready } of waits) await ready(signal);
  expect(transform.apply(first).topic).toBe('timescaledb.public.conditions');
  chunks.set(chunkKey({ schema: INTERNAL, table: 'two' }), CONDITIONS);
  await waitOf(transform, chunkChange('two', 8n)).ready(signal);
  expect(transform.apply(chunkChange('two', 9n)).topic).toBe('timescaledb.public.conditions');
  expect([asked, warnings]).toEqual([[7, 8], []]);
});

test('what a snapshot read waits for no transaction', async () => {
  const { transform, asked } = setUp();
  await waitOf(transform, chunkChange('one', 7n, 'r')).ready(signal);
  expect(asked).toEqual([null]);
});

test('a table that is no chunk keeps its topic, is told once and not asked for again', async () => {
  const { transform, asked, warnings } = setUp();
  const record = chunkChange('other', 7n);
  await waitOf(transform, record).ready(signal);
  expect(transform.apply(record)).toBe(record);
  expect(transform.apply(chunkChange('other', 8n)).headers).toEqual([]);
  expect(asked).toEqual([7]);
  expect(warnings).toEqual([expect.stringContaining(`${INTERNAL}.other is no chunk`)]);
});

test('without a database it cannot be', () => {
  expect(() => new TimescaleDb(ownOptions('TimescaleDb'), null, () => undefined)).toThrow(
    'TimescaleDb works on sources only',
  );
});
