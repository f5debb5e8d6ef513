import { describe, expect, test } from 'vitest';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { DECIMAL } from '../../../src/model/connect-schema.ts';
import { ScriptExpression } from '../../../src/transform/debezium/script-expression.ts';
import { changeRecord, tombstone } from '../../support/transform-records.ts';

const run = (text: string, record = changeRecord('u', [2, 'a', null], [2, 'b', null])): unknown =>
  new ScriptExpression('transforms.t.condition', text).evaluate(record);

describe('an expression', () => {
  test.each<[string, unknown]>([
    ["value.op == 'u' && value.before.id == 2", true],
    ['value.after.v', 'b'],
    ['value.after.w', null],
    ['value.after.nope', undefined],
    ['value.ts_ms + 1', 6],
    ['value.transaction?.id ?? "none"', 'none'],
    ['topic', 'p.public.t'],
    ['key.id', 1],
    ['valueSchema.name', 'p.public.t.Envelope'],
    ['Object.keys(Object.getPrototypeOf(value.after)).join()', 'id,v,w'],
    ["'id' in value.after", true],
    ['const { v } = value.after; return v + "!";', 'b!'],
    ['topic // a comment', 'p.public.t'],
  ])('%s', (text, result) => {
    expect(run(text)).toEqual(result);
  });

  test('sees headers, arrays, maps, decimals and large numbers', () => {
    const text: ConnectSchema = { type: 'string', optional: true };
    const items: ConnectSchema = { type: 'array', optional: true, valueSchema: text };
    const map: ConnectSchema = { type: 'map', optional: true, keySchema: text, valueSchema: text };
    const schema: ConnectSchema = {
      type: 'struct',
      optional: true,
      fields: [
        { name: 'list', schema: items },
        { name: 'map', schema: map },
        { name: 'price', schema: { type: 'bytes', optional: true, name: DECIMAL } },
        { name: 'big', schema: { type: 'int64', optional: true } },
      ],
    };
    const values = [['a'], new Map([['k', 'v']]), { unscaled: 1250n, scale: 2 }, 2n ** 60n];
    const header = { name: 'h', schema: text, value: 'x' };
    const record = { ...changeRecord('c', null, values, schema), headers: [header] };
    const expression =
      'const a = value.after; return [headers.h.value, a.list[0], a.map.k, a.price, a.big];';
    expect(run(expression, record)).toEqual(['x', 'a', 'v', 12.5, 2n ** 60n]);
  });

  test('of a tombstone has no value', () => {
    expect(run('value === null && key.id === 1', tombstone())).toBe(true);
  });
});

test('what fails says where, without values of the row', () => {
  expect(() => run('value.before.id', changeRecord('c', null, [1, 'secret', null]))).toThrow(
    /^transforms\.t\.condition failed on a record of p\.public\.t \(TypeError\)$/,
  );
});

test.each(['value.op ==', 'if (x) {', 'return }'])('%s is no expression', (text) => {
  expect(() => run(text)).toThrow('is no JavaScript expression');
});
