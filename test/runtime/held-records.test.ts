import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConnectData, ConnectRecord } from '../../src/model/connect-record.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { HeldRecord } from '../../src/runtime/held-records.ts';
import { HeldRecords } from '../../src/runtime/held-records.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { LogRecord, RecordHeader } from '../../src/transport/transport.ts';
import { anyStruct, plain } from '../support/arbitrary-schema.ts';

const NOTHING: ConnectData = { schema: null, value: null };
const TEXT: ConnectSchema = { type: 'string', optional: true };

/** The batch's only record, as the log would give it back. */
function logged(batch: RecordBatch): LogRecord {
  const part = (from: number, to: number): Buffer | null =>
    to < 0 ? null : Buffer.from(batch.writer.written().subarray(from, to));
  const [keyStart = 0] = batch.keyStarts;
  const [keyEnd = 0] = batch.keyEnds;
  const [valueStart = 0] = batch.valueStarts;
  const [valueEnd = 0] = batch.valueEnds;
  const [headerStart = 0] = batch.headerStarts;
  const [headerEnd = 0] = batch.headerEnds;
  return {
    offset: 0,
    sequence: 0,
    timestampMs: batch.timestampsMs[0] ?? 0,
    key: part(keyStart, keyEnd),
    value: part(valueStart, valueEnd),
    headers: headersOf(part(headerStart, headerEnd) ?? Buffer.alloc(0)),
  };
}

function headersOf(bytes: Buffer): readonly RecordHeader[] {
  const headers: RecordHeader[] = [];
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 2 + bytes.readUInt16BE(at);
    const length = bytes.readInt32BE(nameEnd);
    const end = nameEnd + 4 + Math.max(0, length);
    const value = length < 0 ? null : bytes.subarray(nameEnd + 4, end);
    headers.push({ name: bytes.toString('utf8', at + 2, nameEnd), value });
    at = end;
  }
  return headers;
}

function roundTrip(records: HeldRecords, record: Partial<ConnectRecord>): HeldRecord {
  const batch = new RecordBatch();
  const whole = { topic: 't', key: NOTHING, value: NOTHING, headers: [], timestampMs: null };
  records.write({ ...whole, ...record }, 7, batch, 1234);
  expect([batch.count, batch.topics[0]]).toEqual([1, 7]);
  return records.read(logged(batch));
}

test('every schema and value come back, also several of one schema after each other', () => {
  const records = new HeldRecords();
  fc.assert(
    fc.property(anyStruct, anyStruct, (key, value) => {
      for (let i = 0; i < 2; i++) {
        const read = roundTrip(records, { key, value });
        expect(read.key.schema).toEqual(key.schema);
        expect(plain(read.key.value)).toEqual(plain(key.value));
        expect(read.value.schema).toEqual(value.schema);
        expect(plain(read.value.value)).toEqual(plain(value.value));
      }
    }),
    { numRuns: 200 },
  );
});

test('records of one schema share one object of it: its id is asked for once', () => {
  const records = new HeldRecords();
  const value = { schema: TEXT, value: 'a' };
  const [one, two] = [roundTrip(records, { value }), roundTrip(records, { value })];
  expect(two.value.schema).toBe(one.value.schema);
});

test('a tombstone, and a null that has a schema, stay two things', () => {
  const records = new HeldRecords();
  const schema: ConnectSchema = { ...TEXT, optional: false, default: 'x' };
  for (let i = 0; i < 2; i++) {
    expect(roundTrip(records, { value: { schema, value: null } }).value).toEqual({
      schema,
      value: null,
    });
    expect(roundTrip(records, {}).value).toEqual(NOTHING);
  }
});

test('headers, time and a chosen partition', () => {
  const headers = [
    { name: '__debezium.newkey', schema: TEXT, value: 'k' },
    { name: 'none', schema: null, value: null },
  ];
  const read = roundTrip(new HeldRecords(), { headers, timestampMs: 99, partition: 3 });
  expect(read).toEqual({
    key: NOTHING,
    value: NOTHING,
    headers: [
      { name: '__debezium.newkey', value: Buffer.from('k') },
      { name: 'none', value: null },
    ],
    timestampMs: 99,
    partition: 3,
  });
  expect(roundTrip(new HeldRecords(), {})).toMatchObject({ timestampMs: 1234, partition: null });
});
