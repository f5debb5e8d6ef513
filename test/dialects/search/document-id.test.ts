import { expect, test } from 'vitest';
import { documentId } from '../../../dialects/search/document-id.ts';
import { VARIABLE_SCALE_DECIMAL } from '../../../dialects/semantic-schemas.ts';
import type {
  ConnectSchema,
  ConnectType,
  ConnectValue,
} from '../../../src/model/connect-schema.ts';
import { DECIMAL } from '../../../src/model/connect-schema.ts';

type Part = readonly [schema: Partial<ConnectSchema> & { type: ConnectType }, value: ConnectValue];

function id(...parts: readonly Part[]): string {
  const fields = parts.map(([schema], i) => ({
    name: `k${i}`,
    schema: { optional: true, ...schema },
  }));
  const values = parts.map(([, value]) => value);
  return documentId({ schema: { type: 'struct', optional: false, fields }, values });
}

const text = (value: string | null): Part => [{ type: 'string' }, value];
const whole = (value: bigint): Part => [{ type: 'int64' }, value];
const decimal = (unscaled: bigint, scale: number): Part => [
  { type: 'bytes', name: DECIMAL, parameters: { scale: String(scale) } },
  { unscaled, scale },
];

test('one column is its text, several are an array', () => {
  expect(id(whole(42n))).toBe('42');
  expect(id([{ type: 'int16' }, 42])).toBe('42');
  expect(id(text('a b,c'))).toBe('a b,c');
  expect(id(whole(-(2n ** 63n)))).toBe('-9223372036854775808');
  expect(id(whole(42n), text('a"b'))).toBe(String.raw`[42,"a\"b"]`);
  expect(id([{ type: 'bytes' }, Buffer.from([0, 255])])).toBe('AP8=');
  expect(id([{ type: 'boolean' }, true], text(null))).toBe('[true,null]');
});

test('equal keys have one id, whatever their digits (S32)', () => {
  expect(id(decimal(100n, 2))).toBe(id(decimal(1n, 0)));
  expect(id(decimal(-150n, 2))).toBe('-1.5');
  expect(id([{ type: 'float64' }, -0])).toBe(id([{ type: 'float64' }, 0]));
  const variable: ConnectValue = { schema: VARIABLE_SCALE_DECIMAL, values: [1, Buffer.from([15])] };
  expect(id([VARIABLE_SCALE_DECIMAL, variable])).toBe('1.5');
  const array: ConnectSchema = {
    type: 'array',
    optional: false,
    valueSchema: { type: 'int32', optional: true },
  };
  expect(id([array, [1, null]])).toBe('[1,null]');
});

test('two keys never have one id', () => {
  const letters = ['', 'a', ',', '"', '\\', '[', ']', 'null', '[null]', '[""]', 'sha256:', ' '];
  const words = letters.flatMap((one) => letters.map((other) => one + other));
  const texts = [...new Set([...words, 'x'.repeat(512), 'x'.repeat(513), 'é'.repeat(257)])];
  expect(new Set([null, ...texts].map((word) => id(text(word)))).size).toBe(texts.length + 1);
  const pairs = words.flatMap((one) => letters.map((other) => id(text(one), text(other))));
  const distinct = new Set(words).size * letters.length;
  expect(new Set(pairs).size).toBe(distinct);
  // A long key, and a text that is what it becomes.
  const long = id(text('x'.repeat(600)));
  expect(long).toMatch(/^sha256:[\da-f]{64}$/);
  expect(id(text(long))).not.toBe(long);
});

test('an id has from 1 to 512 bytes', () => {
  const all = ['', 'é'.repeat(256), 'é'.repeat(257), 'x'.repeat(5000)].flatMap((word) => [
    id(text(word)),
    id(text(word), text(word)),
  ]);
  const sizes = all.map((one) => Buffer.byteLength(one));
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(Math.max(...sizes)).toBe(512);
});
