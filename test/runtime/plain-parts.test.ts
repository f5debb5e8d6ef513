import { describe, expect, test } from 'vitest';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import type { Converter } from '../../src/converter/converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { StringConverter } from '../../src/converter/string-converter.ts';
import type { ConnectRecord } from '../../src/model/connect-record.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { plainPartsOf } from '../../src/runtime/plain-parts.ts';
import { decodeSinkRecords } from '../../src/runtime/sink-records.ts';
import { sinkOptionsOf } from '../../src/runtime/sink-options.ts';
import { sinkTransformsOf } from '../../src/runtime/sink-transforms.ts';
import { keyTextOf } from '../../src/sink/parked-key.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import type { LogRecord } from '../../src/transport/transport.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { never, put } from '../support/sink-harness.ts';
import { sqliteSinkTarget } from '../support/sink-target.ts';

const json = new JsonConverter();
const text = new StringConverter();
const TOPIC = 'people';

function sinkOf(more: Record<string, unknown>, url = 'sqlite:/tmp/x.db') {
  const sink = { name: 's', 'connector.class': 'jdbc', 'connection.url': url, ...more };
  const [connector] = parsedPipeline({ sinks: [sink] }).sinks;
  if (connector === undefined) throw new Error('there is one sink');
  return connector;
}

type Pair = readonly [key: string | null, value: string | null];

function record([key, value]: Pair, offset: number): LogRecord {
  const bytes = (part: string | null) => (part === null ? null : Buffer.from(part));
  const at = { offset, sequence: offset, timestampMs: 0, headers: [] };
  return { ...at, key: bytes(key), value: bytes(value) };
}

interface Reading {
  readonly sink?: Record<string, unknown>;
  readonly key?: Converter;
  readonly value?: Converter;
  /** A transform that does nothing, or this one. */
  readonly apply?: ((given: ConnectRecord) => ConnectRecord | null) | null;
  readonly failures?: boolean;
}

function read(pairs: readonly Pair[], reading: Reading = {}): Promise<SinkRecord[]> {
  const { key = text, value = json, apply = null, failures = false } = reading;
  const sink = sinkOf(reading.sink ?? {});
  const place = { topic: TOPIC, partition: 0, generation: 1, nextOffset: 0, endOffset: 0 };
  const kept = { failures, bytes: true, plain: plainPartsOf(sink) };
  const batch = { ...place, records: pairs.map(record) };
  return decodeSinkRecords([batch], { key, value }, sinkTransformsOf(sink, apply), false, kept);
}

const row = (name: string) =>
  `{"schema":{"type":"struct","optional":false,"fields":[{"field":"name","type":"string"}]},` +
  `"payload":{"name":"${name}"}}`;
const unasked = { 'pk.mode': 'none', 'insert.mode': 'insert', 'delete.enabled': false };
const same = (given: ConnectRecord): ConnectRecord => given;

describe('a key that is no struct', () => {
  test.each([
    ['none', {}],
    ['kafka', { 'insert.mode': 'upsert' }],
    ['record_value', { 'pk.fields': 'name' }],
  ])('is in no way with pk.mode %s', async (mode, more) => {
    const sink = { ...unasked, 'pk.mode': mode, ...more };
    for (const apply of [null, same]) {
      const [made] = await read([['k', row('a')]], { sink, apply });
      expect([made?.key, made?.value?.values]).toEqual([null, ['a']]);
    }
  });

  test('is the column that pk.fields names, of its own type', async () => {
    const number = '{"schema":{"type":"int32","optional":true},"payload":7}';
    const sink = { 'pk.fields': 'id' };
    for (const [key, bytes, type, value] of [
      [text, '7', 'string', '7'],
      [json, number, 'int32', 7],
    ] as const) {
      for (const apply of [null, same]) {
        const made = await read(
          [
            [bytes, row('a')],
            [bytes, null],
          ],
          { sink, key, apply },
        );
        const fields = [{ name: 'id', schema: { type, optional: false } }];
        expect(made.map((one) => one.key)).toMatchObject([
          { schema: { fields }, values: [value] },
          { schema: { fields }, values: [value] },
        ]);
        expect(made[0]?.key?.schema).toBe(made[1]?.key?.schema);
      }
    }
  });

  test('of Avro, too', async () => {
    let schema = '';
    const registry = {
      register: (_: string, given: string) => {
        schema = given;
        return Promise.resolve(1);
      },
      schemaById: () => Promise.resolve(schema),
    };
    const key = new AvroConverter(registry, { isKey: true });
    const prepared = await key.prepare(TOPIC, { type: 'int64', optional: false });
    const bytes = key.fromConnect(prepared, 7n);
    const place = { topic: TOPIC, partition: 0, generation: 1, nextOffset: 0, endOffset: 0 };
    const records = [{ ...record([null, row('a')], 0), key: bytes }];
    const plain = plainPartsOf(sinkOf({ 'pk.fields': 'id' }));
    const kept = { failures: false, bytes: false, plain };
    const converters = { key, value: json };
    const made = await decodeSinkRecords([{ ...place, records }], converters, null, false, kept);
    expect(made[0]?.key?.values).toEqual([7n]);
  });

  test.each([{}, { 'pk.fields': 'a,b' }])('has no column with %j', async (sink) => {
    await expect(read([['k', row('a')]], { sink })).rejects.toThrow(/plain text/);
    await expect(read([['k', row('a')]], { sink, apply: same })).rejects.toThrow(/no struct/);
  });

  test('waits by the same text, whether its value can be read or not', async () => {
    const pairs: readonly Pair[] = [
      ['k', 'broken'],
      ['k', row('a')],
    ];
    const sink = { 'pk.fields': 'id', 'errors.park': 'key' };
    for (const apply of [null, same]) {
      const made = await read(pairs, { sink, apply, failures: true });
      expect(made[0]?.failure).toBeDefined();
      expect(made.map(keyTextOf)).toEqual(['{"id":"k"}', '{"id":"k"}']);
    }
  });
});

describe('string.output.value.column.name', () => {
  const sink = { ...unasked, 'string.output.value.column.name': 'line' };

  test('makes a row of a text, and of nothing a tombstone', async () => {
    for (const apply of [null, same]) {
      const pairs: readonly Pair[] = [
        [null, 'first'],
        [null, ''],
        [null, null],
      ];
      const made = await read(pairs, { sink, value: text, apply });
      expect(made.map(({ value }) => value?.values ?? null)).toEqual([['first'], [''], null]);
      expect(made[0]?.value?.schema.fields?.map(({ name }) => name)).toEqual(['line']);
      expect(made[1]?.value?.schema).toBe(made[0]?.value?.schema);
    }
  });

  test('leaves structs alone, and refuses what is neither', async () => {
    expect((await read([[null, row('a')]], { sink }))[0]?.value?.values).toEqual(['a']);
    const number = '{"schema":{"type":"int32","optional":false},"payload":7}';
    await expect(read([[null, number]], { sink })).rejects.toThrow(/is not a struct/);
    await expect(read([[null, number]], { sink, apply: same })).rejects.toThrow(/no struct/);
  });

  test('is off where it has no name', async () => {
    const off = { ...unasked, 'string.output.value.column.name': '' };
    await expect(read([[null, 'x']], { sink: off, value: text })).rejects.toThrow(/plain text/);
  });
});

test('rows of texts under plain keys: written, changed, deleted', async () => {
  await using target = await sqliteSinkTarget();
  const sink = { 'pk.fields': 'id', 'string.output.value.column.name': 'line' };
  const url = target.options().connectionUrl;
  const format = { 'table.name.format': '${topic}' };
  await using task = createSqlSink(sinkOptionsOf(sinkOf({ ...sink, ...format }, url)));
  await task.start(never);
  const pairs: readonly Pair[] = [
    ['a', 'one'],
    ['b', 'two'],
    ['c', 'three'],
    ['a', 'one more'],
    ['b', null],
  ];
  await put(task, await read(pairs, { sink, value: text }));
  expect(task.status().parked).toEqual([]);
  expect(await target.query('SELECT id, line FROM people ORDER BY id')).toEqual([
    { id: 'a', line: 'one more' },
    { id: 'c', line: 'three' },
  ]);
});

test('sinks without rows, and those of structs alone, ask for nothing', () => {
  const file = { 'connector.class': 'file', file: '/tmp/x', 'connection.url': undefined };
  expect(plainPartsOf(sinkOf(file))).toBeNull();
  expect(plainPartsOf(sinkOf({}))).toBeNull();
  expect(plainPartsOf(sinkOf({ 'pk.fields': 'a,b' }))).toBeNull();
});
