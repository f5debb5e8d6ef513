import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nestedJson } from '../../dialects/nested-json.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';

const array = (valueSchema: ConnectSchema): ConnectSchema => ({
  type: 'array',
  optional: true,
  valueSchema,
});
const map = (keySchema: ConnectSchema, valueSchema: ConnectSchema): ConnectSchema => ({
  type: 'map',
  optional: true,
  keySchema,
  valueSchema,
});
const int32: ConnectSchema = { type: 'int32', optional: true };
const string: ConnectSchema = { type: 'string', optional: true };

const item = (): ((value: ConnectValue) => string) => (value) => JSON.stringify(value);

test('what is nested comes back from JSON as it was, whatever the texts hold', () => {
  const arrays = nestedJson(array(array(string)), item);
  const maps = nestedJson(array(map(string, int32)), item);
  const text = fc.option(fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(fc.array(text)), (value) => {
      expect(JSON.parse(arrays(value))).toEqual(value);
    }),
  );
  const entries = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.option(fc.integer())));
  fc.assert(
    fc.property(fc.array(fc.option(entries)), (value) => {
      const given = value.map((members) => (members === null ? null : new Map(members)));
      const read = (JSON.parse(maps(given)) as (object | null)[]).map((members) =>
        members === null ? null : new Map(Object.entries(members)),
      );
      expect(read).toEqual(given);
    }),
  );
});

test('keys that are numbers become texts, and null is a value of its own', () => {
  const text = nestedJson(map(int32, array(int32)), item);
  expect(
    text(
      new Map([
        [7, [1, null]],
        [8, null],
      ]),
    ),
  ).toBe('{"7": [1, null], "8": null}');
});

test('the text of what is held is chosen once, not per value', () => {
  let asked = 0;
  const text = nestedJson(array(array(int32)), (schema) => {
    asked++;
    expect(schema).toBe(int32);
    return String;
  });
  expect(text([[1, 2], [3]])).toBe('[[1, 2], [3]]');
  expect(text([])).toBe('[]');
  expect(asked).toBe(1);
});

test('values of another kind, and schemas that do not say what they hold, are refused', () => {
  expect(() => nestedJson(array(int32), item)(7)).toThrow(/an array/);
  expect(() => nestedJson(map(string, int32), item)([7])).toThrow(/a map/);
  expect(() => nestedJson({ type: 'array', optional: true }, item)).toThrow(/what it holds/);
});
