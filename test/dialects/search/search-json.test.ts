import { expect, test } from 'vitest';
import { jsonDocument, jsonField } from '../../../dialects/search/search-json.ts';
import { randomFrom } from '../../support/ledger-load.ts';
import { parseLosslessJson } from '../../../src/foundation/lossless-json.ts';

const elastic = { product: 'elasticsearch' } as const;
const open = { product: 'opensearch' } as const;

/** What the form says the column had. */
function readBack(document: string): string {
  const { _json, _text } = JSON.parse(document) as { _json?: unknown; _text?: string[] };
  if (_text !== undefined) return _text.join('');
  return _json === undefined ? document : document.slice('{"_json":'.length, -1);
}

test('an object stands as it is, with the digits of its numbers', () => {
  const text = '{"a": 1.10, "b": [12345678901234567890, {"c": null}]}';
  expect(jsonDocument(text, elastic)).toBe(text);
  expect(jsonDocument('{"a":\n1}', elastic)).toBe('{"a": 1}');
});

test.each([
  ['[1, 2]', '{"_json":[1, 2]}'],
  ['null', '{"_json":null}'],
  ['"a\\nb"', '{"_json":"a\\nb"}'],
  ['{"_json": 1}', '{"_json":{"_json": 1}}'],
  ['{"_text": []}', '{"_json":{"_text": []}}'],
  ['{"a": 1, "a": 2}', String.raw`{"_text":["{\"a\": 1, \"a\": 2}"]}`],
  ['{"a": "b\\": 1", "c": 2}', '{"a": "b\\": 1", "c": 2}'],
  [String.raw`{"a\u0000": 1}`, String.raw`{"_text":["{\"a\\u0000\": 1}"]}`],
  ['no JSON', '{"_text":["no JSON"]}'],
])('%s', (text, wanted) => {
  expect(jsonDocument(text, elastic)).toBe(wanted);
  expect(readBack(wanted)).toBe(text);
});

test('names are counted whatever stands in strings and between them (seed 8)', () => {
  const random = randomFrom(8);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const string = (): string =>
    JSON.stringify(Array.from({ length: 4 }, () => pick(['"', '\\', ':', 'é', ' ', 'a'])).join(''));
  const value = (level: number): string => {
    const choice = level > 4 ? 0 : random();
    if (choice < 0.4) return pick([string(), '1', 'null', '-0.50e3']);
    const space = (): string => pick(['', ' ', '\t']);
    const items = Array.from({ length: Math.floor(random() * 4) }, (_, i) => {
      // Names of one object differ in their first letter.
      const name = choice < 0.7 ? `"${i}${string().slice(1)}${space()}:${space()}` : '';
      return `${space()}${name}${value(level + 1)}${space()}`;
    });
    return choice < 0.7 ? `{${items.join(',')}}` : `[${items.join(',')}]`;
  };
  for (let i = 0; i < 500; i++) {
    const text = `{"first": ${value(0)}, "second": ${value(0)}}`;
    expect(jsonDocument(text, elastic)).toBe(text);
    const twice = `${text.slice(0, -1)}, "first": 0}`;
    expect(readBack(jsonDocument(twice, elastic))).toBe(twice);
    expect(jsonDocument(twice, elastic)).toMatch(/^\{"_text"/);
  }
});

test('what a server would refuse is text, in pieces, and nothing of it is lost', () => {
  const deep = `${'{"a":'.repeat(25)}1${'}'.repeat(25)}`;
  const digits = `{"n": ${'9'.repeat(2000)}}`;
  const name = `{"${'x'.repeat(40_000)}": 1}`;
  for (const text of [deep, digits, name]) {
    for (const target of [elastic, open]) {
      const document = jsonDocument(text, target);
      expect(document).toMatch(/^\{"_text":\[/);
      expect(readBack(document)).toBe(text);
    }
  }
  // Elasticsearch leaves long values out of the index by itself.
  const long = `{"a": "${'😀é'.repeat(12_000)}"}`;
  expect(jsonDocument(long, elastic)).toBe(long);
  const document = jsonDocument(long, open);
  expect(readBack(document)).toBe(long);
  const { _text } = JSON.parse(document) as { _text: string[] };
  expect(_text.every((piece) => piece.isWellFormed() && piece.length <= 8191)).toBe(true);
});

test('each product has its type, or keeps the value', () => {
  expect(jsonField(elastic).mapping).toEqual({ type: 'flattened', ignore_above: 8191 });
  expect(jsonField(open).mapping).toEqual({ type: 'flat_object' });
  const lacks = new Set(['flat_object']);
  expect(jsonField({ ...open, lacks }).mapping).toEqual({ type: 'object', enabled: false });
  expect(parseLosslessJson(jsonField(open).encode('5'))).toEqual({ _json: 5 });
});
