import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { JsonNumber, parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import type { JsonNode } from '../../src/foundation/lossless-json.ts';

/** What JSON.parse would have given. */
function lossy(node: JsonNode): unknown {
  if (node instanceof JsonNumber) return Number(node.text);
  if (typeof node === 'bigint') return Number(node);
  if (Array.isArray(node)) return (node as readonly JsonNode[]).map(lossy);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, lossy(value)]));
}

describe('JSON without loss (PITFALLS C34)', () => {
  test('integers beyond 2⁵³ are bigints, fractions keep their digits', () => {
    expect(parseLosslessJson('[9007199254740993,-9223372036854775808,12,-0]')).toEqual([
      9007199254740993n,
      -9223372036854775808n,
      12,
      new JsonNumber('-0'),
    ]);
    expect(parseLosslessJson(' {"a" : 1.10 , "b":1e5}')).toEqual({
      a: new JsonNumber('1.10'),
      b: new JsonNumber('1e5'),
    });
  });

  test('agrees with JSON.parse on every document', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (text, indent) => {
        const laidOut = JSON.stringify(JSON.parse(text), null, indent);
        expect(lossy(parseLosslessJson(laidOut))).toEqual(JSON.parse(laidOut));
      }),
    );
  });

  test('agrees with JSON.parse on what is not JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '.',
      'e',
      'null',
      'tru',
      '\\',
      ' ',
      '01',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        let expected: { readonly value: unknown } | null = null;
        try {
          expected = { value: JSON.parse(text) as unknown };
        } catch {
          // not JSON
        }
        if (expected !== null) expect(lossy(parseLosslessJson(text))).toEqual(expected.value);
        else expect(() => parseLosslessJson(text)).toThrow(TidemarkError);
      }),
      { numRuns: 3000 },
    );
  });

  test('names that objects have of themselves are names like others', () => {
    const node = parseLosslessJson('{"__proto__":1,"constructor":2}') as Record<string, JsonNode>;
    expect(Object.entries(node)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
  });

  test('depth is bounded', () => {
    expect(() => parseLosslessJson('['.repeat(100_000))).toThrow('nested too deeply');
  });
});
