import { describe, expect, test } from 'vitest';
import {
  isContainer,
  isObject,
  JsonLayout,
  JsonType,
} from '../../../dialects/mysql/json-layout.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';

describe('JsonLayout (PITFALLS B81)', () => {
  test('finds keys and values by their offsets', () => {
    // {"a": {"b": 1}} with a hole of two bytes in front of the inner object.
    const bytes = Buffer.from('01001a000b000100000e0061000001000c000b00010005010062', 'hex');
    const layout = new JsonLayout();
    layout.open(bytes, JsonType.smallObject, 0, bytes.length);
    expect([layout.count, layout.keyStart(0), layout.keyLength(0)]).toEqual([1, 11, 1]);
    expect([layout.valueType(0), layout.valueStart(0)]).toEqual([JsonType.smallObject, 14]);
    layout.open(bytes, JsonType.smallObject, 14, layout.end);
    expect([layout.valueType(0), layout.valueStart(0)]).toEqual([JsonType.int16, 23]);
  });

  test.each([
    ['larger than its bytes', '01000800040000'],
    ['smaller than its entries', '020007000400'],
    ['a part of a header', '0100'],
  ])('refuses a container %s', (_what, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    const layout = new JsonLayout();
    expect(() => layout.open(bytes, JsonType.smallArray, 0, bytes.length)).toThrow(DecodeError);
  });

  test('refuses an offset behind the container', () => {
    const bytes = Buffer.from('010007000cff00', 'hex');
    const layout = new JsonLayout();
    layout.open(bytes, JsonType.smallArray, 0, bytes.length);
    expect(() => layout.valueStart(0)).toThrow(DecodeError);
  });

  test('tells containers by their type', () => {
    expect([0, 1, 2, 3, 4].map(isContainer)).toEqual([true, true, true, true, false]);
    expect([0, 1, 2, 3].map(isObject)).toEqual([true, true, false, false]);
  });
});
