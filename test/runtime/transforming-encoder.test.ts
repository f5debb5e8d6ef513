import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { RecordWriter } from '../../src/runtime/record-writer.ts';
import { blankRecord, TransformingEncoder } from '../../src/runtime/transforming-encoder.ts';
import type { PostgresRowChange } from '../../src/model/change-event.ts';
import { RowImage } from '../../src/model/row-image.ts';
import { ExtractNewRecordState } from '../../src/transform/debezium/extract-new-record-state.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import {
  benchOf,
  column,
  OPTIONS,
  origin,
  readBatch,
  tableOf,
  WIRES,
} from '../rowpath/encoder-harness.ts';
import type { Wire } from '../rowpath/encoder-harness.ts';
import { ownOptions } from '../support/transform-records.ts';
import { SCALAR_CASES, type TypeCase } from '../rowpath/value-arbitraries.ts';

const WIRE = WIRES[0] as Wire;
const INT = SCALAR_CASES.find(({ name }) => name === 'int32') as TypeCase;
const TABLE = tableOf([column(INT, 'id', 0, { identity: true }), column(INT, 'n', 1)], [0]);
const move: PostgresRowChange = {
  ...origin(),
  op: 'u',
  table: TABLE,
  before: RowImage.of(['1', '5']),
  after: RowImage.of(['2', '5']),
};

test('without a transform that changes them, records are those of the compiled path', async () => {
  const bench = await benchOf(TABLE, WIRE);
  const transport: Pick<Transport, 'openTopic'> = { openTopic: () => Promise.resolve(1) };
  const converter = new JsonConverter();
  const writer = new RecordWriter({
    transport: transport as Transport,
    key: converter,
    value: converter,
    topicOptions: {},
    apply: (record) => record,
  });
  const { schemas } = bench.context;
  const encoder = new TransformingEncoder({ table: TABLE, schemas, options: OPTIONS }, writer);
  encoder.processedAt(1_795_250_776_900_000n);
  const batch = new RecordBatch();
  expect(encoder.row(move, batch)).toBe(3);
  expect(encoder.truncate(move, batch)).toBe(1);
  await writer.drain(() => batch, new AbortController().signal);
  const times = /"ts_(ms|us|ns)":\d+}/g;
  const parts = readBatch(batch, WIRE).map(({ key, headers }) => ({ key, headers }));
  const wanted = [...bench.compiled(move), ...bench.truncated(move)[0]];
  expect(parts).toEqual(wanted.map(({ key, headers }) => ({ key, headers })));
  const bodies = (list: readonly { value: string | null }[]): (string | undefined)[] =>
    list.map(({ value }) => value?.replaceAll(times, '').replaceAll(/"ts_\w+":\d+/g, ''));
  expect(bodies(readBatch(batch, WIRE))).toEqual(bodies(wanted));
});

test('a blank row has an envelope like any other', async () => {
  const { context } = await benchOf(TABLE, WIRE);
  const blank = blankRecord(context.schemas);
  expect(blank.topic).toBe(context.schemas.topic);
  const unwrap = new ExtractNewRecordState(ownOptions('ExtractNewRecordState'));
  expect(unwrap.apply(blank)?.value.value).toMatchObject({ values: [null, null] });
  expect(blankRecord({ ...context.schemas, key: null }).key).toEqual({ schema: null, value: null });
});
