import { describe, expect, test } from 'vitest';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { jsonOf, lineFormat } from '../../../src/sink/file/record-lines.ts';
import { column, type RowValues, SinkTopic } from '../../support/sink-records.ts';

const topic = new SinkTopic({
  table: 't',
  columns: [column('id', null, { type: 'int32' }), column('note', null, { type: 'string' })],
  key: ['id'],
});
/** An envelope without a source block. */
function inserted(row: RowValues): SinkRecord {
  const flat = topic.flat(row);
  const schema = flat.value?.schema as ConnectSchema;
  const envelope: ConnectSchema = {
    type: 'struct',
    optional: false,
    fields: [
      { name: 'before', schema },
      { name: 'after', schema },
      { name: 'op', schema: { type: 'string', optional: false } },
    ],
  };
  return { ...flat, value: { schema: envelope, values: [null, flat.value, 'c'] }, timestampMs: 5 };
}

const record = inserted({ id: 1, note: 'two\nlines "x" 🌊' });
const AFTER = '{"id":1,"note":"two\\nlines \\"x\\" 🌊"}';
const VALUE = `{"before":null,"after":${AFTER},"op":"c"}`;

describe('a line', () => {
  test('has the record, under the names of tail', () => {
    const { key, value } = record;
    const whole = {
      key: { schema: key?.schema ?? null, value: key },
      value: { schema: value?.schema ?? null, value },
      headers: [
        { name: 'n', text: '5' },
        { name: 'none', text: null },
      ],
    };
    expect(lineFormat('json')({ ...record, whole })).toBe(
      '{"topic":"shop.public.t","partition":0,"offset":0,"timestampMs":5,' +
        `"key":{"id":1},"value":${VALUE},"headers":{"n":"5","none":null}}`,
    );
  });

  test('names the topic that transforms gave', () => {
    const lineOf = lineFormat('json');
    const topics = [record, { ...record, destination: 'other' }, record].map(
      (one) => (JSON.parse(lineOf(one)) as { topic: string }).topic,
    );
    expect(topics).toEqual(['shop.public.t', 'other', 'shop.public.t']);
  });

  test('has the value alone', () => {
    expect(lineFormat('value')(record)).toBe(VALUE);
    expect(lineFormat('value')(topic.tombstone({ id: 1 }))).toBe('null');
  });

  test("is what Connect's class prints", () => {
    const plain = inserted({ id: 2, note: null });
    expect(lineFormat('text')(plain)).toBe('Struct{after=Struct{id=2},op=c}');
    expect(lineFormat('text')(topic.tombstone({ id: 1 }))).toBe('null');
  });
});

const type = (name: ConnectSchema['type'], more: Partial<ConnectSchema> = {}): ConnectSchema => ({
  type: name,
  optional: true,
  ...more,
});
const text = type('string');
const map = (keySchema: ConnectSchema): ConnectSchema =>
  type('map', { keySchema, valueSchema: type('int64') });

describe('JSON loses nothing', () => {
  // PITFALLS S15, S16, S17.
  test.each<[string, ConnectSchema | null, ConnectValue]>([
    ['9007199254740993', type('int64'), 9007199254740993n],
    ['-9223372036854775808', null, -9223372036854775808n],
    ['"18446744073709551615.00"', type('bytes'), { unscaled: 1844674407370955161500n, scale: 2 }],
    ['"/wA="', type('bytes'), Buffer.from([0xff, 0])],
    ['0.1', type('float32'), Math.fround(0.1)],
    ['"NaN"', type('float64'), Number.NaN],
    ['"-Infinity"', type('float32'), Number.NEGATIVE_INFINITY],
    ['"Infinity"', null, Number.POSITIVE_INFINITY],
    ['7', type('int16'), 7],
    ['false', type('boolean'), false],
    ['"\\u0000\\ud800"', text, '\u0000\ud800'],
    ['["a",null]', type('array', { valueSchema: text }), ['a', null]],
    ['[{},2]', null, [{ schema: type('struct'), values: [] }, 2]],
    ['{"k":1}', map(text), new Map([['k', 1n]])],
    ['[[3,1]]', map(type('int16')), new Map([[3, 1n]])],
    ['{"k":["v"]}', null, new Map([['k', ['v']]])],
    ['null', text, null],
  ])('%s', (json, schema, value) => {
    expect(jsonOf({ schema, value })).toBe(json);
  });

  test('a struct of another shape than its schema tells is written as it is', () => {
    const struct = (name: string): ConnectSchema =>
      type('struct', { fields: [{ name, schema: text }] });
    const other = { schema: struct('b'), values: ['x'] };
    expect(jsonOf({ schema: struct('a'), value: other })).toBe('{"b":"x"}');
  });
});
