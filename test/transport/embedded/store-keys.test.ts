import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  after,
  collectionPrefix,
  documentKey,
  groupKey,
  groupOffsetKey,
  parseGroupKey,
  segmentKey,
  SEGMENTS,
  TAIL_KEY,
  topicKey,
} from '../../../src/transport/embedded/store-keys.ts';

const name = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => !text.includes('\0'));

test('keys of segments stand together', () => {
  for (const segment of [0, 1, 255, 256, 0xffff, 0xffffffff]) {
    const key = segmentKey(segment);
    expect(Buffer.compare(SEGMENTS, key)).toBe(-1);
    expect(Buffer.compare(key, after(SEGMENTS))).toBe(-1);
    expect(key.readUInt32BE(1)).toBe(segment);
  }
  expect(Buffer.compare(TAIL_KEY, SEGMENTS)).toBe(-1);
});

describe('keys of names', () => {
  test('of a group give back group, topic and partition', () => {
    fc.assert(
      fc.property(
        name,
        name,
        fc.integer({ min: 0, max: 0xffffffff }),
        (group, topic, partition) => {
          expect(parseGroupKey(groupOffsetKey(group, topic, partition))).toEqual({
            group,
            topic,
            partition,
          });
          expect(parseGroupKey(groupKey(group))).toEqual({ group, topic: null, partition: 0 });
        },
      ),
    );
  });

  test('of one collection are not those of another that begins alike', () => {
    const key = documentKey('schemas2', 'x');
    expect(key.subarray(0, collectionPrefix('schemas').length)).not.toEqual(
      collectionPrefix('schemas'),
    );
  });

  test('refuse what would not fit or not sort', () => {
    expect(() => topicKey('a\0b')).toThrow('NUL');
    expect(() => documentKey('c', 'x'.repeat(901))).toThrow('longer than 900 bytes');
  });
});
