import { expect, test } from 'vitest';
import type { Converter } from '../../src/converter/converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { POSITION_HEADER } from '../../src/model/change-position.ts';
import type { Struct } from '../../src/model/connect-schema.ts';
import { changeTimeMs, decodeSinkRecords } from '../../src/runtime/sink-records.ts';
import type { FetchedRecords, LogRecord, RecordHeader } from '../../src/transport/transport.ts';
import { benchOf, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { INTEGER, keyedTable, rowChange, type RowTexts } from '../support/keyed-table.ts';

const JSON_WIRE = WIRES[0] as Wire;
const key = new JsonConverter();
const value = new JsonConverter();

async function encoded(
  op: 'c' | 'u' | 'd' | 'r',
  before: RowTexts | null,
  after: RowTexts | null,
): Promise<LogRecord[]> {
  const bench = await benchOf(keyedTable(INTEGER), JSON_WIRE);
  const change = rowChange(bench.context.table, op, before, after, { beforeIsKeyOnly: true });
  return bench.compiled(change).map((record, index) => ({
    offset: 40 + index,
    sequence: 90 + index,
    timestampMs: 5,
    key: record.key === null ? null : Buffer.from(record.key),
    value: record.value === null ? null : Buffer.from(record.value),
    headers: record.headers.map(([name, text]) => ({ name, value: Buffer.from(text) })),
  }));
}

function batchOf(records: readonly LogRecord[]): FetchedRecords {
  return {
    topic: 'shop.public.orders',
    partition: 2,
    generation: 3,
    records,
    nextOffset: 50,
    endOffset: 60,
  };
}

test('a record keeps where it stands, and its bytes become structs', async () => {
  const [record] = await encoded('c', null, ['1', 'a']);
  if (record === undefined) throw new Error('one record');
  const [decoded] = await decodeSinkRecords([batchOf([record])], { key, value });
  expect(decoded).toMatchObject({
    topic: 'shop.public.orders',
    partition: 2,
    generation: 3,
    offset: 40,
    sequence: 90,
    timestampMs: 5,
    key: { values: [1] },
    absent: [],
  });
  expect(decoded).not.toHaveProperty('movedTo');
  expect(changeTimeMs(decoded?.value ?? null)).toBe(1_700_000_000_000);
});

test('a tombstone has no value, and columns with a placeholder are named', async () => {
  const deleted = await encoded('d', ['1', null], null);
  const toasted = await encoded('u', ['1', null], ['1', undefined]);
  const decoded = await decodeSinkRecords([batchOf(deleted), batchOf(toasted)], { key, value });
  expect(decoded.map((record) => record.value === null)).toEqual([false, true, false]);
  expect(decoded.map(({ absent }) => absent)).toEqual([[], [], ['note']]);
});

test('what no schema could hold is null, in the image that the header names', async () => {
  const [record] = await encoded('u', ['1', 'a'], ['1', 'b']);
  if (record === undefined) throw new Error('one record');
  const header = {
    name: '__tidemark.unconverted',
    value: Buffer.from('["after.note","before.id"]'),
  };
  const [decoded] = await decodeSinkRecords([batchOf([{ ...record, headers: [header] }])], {
    key,
    value,
  });
  const [before, after] = decoded?.value?.values ?? [];
  expect((before as Struct).values).toEqual([null, null]);
  expect((after as Struct).values).toEqual([1, null]);
});

test('the delete of a changed key names where its row goes', async () => {
  const records = await encoded('u', ['1', null], ['2', undefined]);
  const decoded = await decodeSinkRecords([batchOf(records)], { key, value });
  expect(decoded.map(({ movedTo }) => movedTo?.values)).toEqual([[2], undefined, undefined]);
});

test('a schema id that has to be asked for is waited for, and order is kept', async () => {
  const slow: Converter = {
    prepare: (topic, schema) => value.prepare(topic, schema),
    fromConnect: (prepared, struct) => value.fromConnect(prepared, struct),
    toConnect: async (topic, bytes) => await Promise.resolve(value.toConnect(topic, bytes)),
  };
  const records = [
    ...(await encoded('c', null, ['1', 'a'])),
    ...(await encoded('r', null, ['2', 'b'])),
  ];
  const decoded = await decodeSinkRecords([batchOf(records)], { key: slow, value: slow });
  expect(decoded.map((record) => record.key?.values)).toEqual([[1], [2]]);
});

test('a header without a value is no list', async () => {
  const [record] = await encoded('c', null, ['1', 'a']);
  if (record === undefined) throw new Error('one record');
  const headers: RecordHeader[] = [{ name: '__tidemark.absent', value: null }];
  const [decoded] = await decodeSinkRecords([batchOf([{ ...record, headers }])], { key, value });
  expect(decoded?.absent).toEqual([]);
});

test('only a change of a row has a time from which to count', async () => {
  const [snapshotRow] = await encoded('r', null, ['1', 'a']);
  const read = value.toConnect('t', snapshotRow?.value ?? null) as Struct;
  expect(changeTimeMs(read)).toBeNull();
  expect(changeTimeMs(null)).toBeNull();
  expect(changeTimeMs({ schema: { type: 'struct', optional: false }, values: [] })).toBeNull();
});

test.each([
  ['00000001-00000016b374d848-00000002', '00000001-00000016b374d848-00000002'],
  ['00000001-00000016B374D848-00000002', undefined],
  ['somewhere', undefined],
])('the header of the position %j is %j', async (text, position) => {
  const [record] = await encoded('c', null, ['1', 'a']);
  if (record === undefined) throw new Error('one record');
  const headers: RecordHeader[] = [
    { name: 'other', value: Buffer.from('x') },
    { name: POSITION_HEADER, value: Buffer.from(text) },
  ];
  const [decoded] = await decodeSinkRecords([batchOf([{ ...record, headers }])], { key, value });
  expect(decoded?.position).toBe(position);
});
