import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  after,
  collectionPrefix,
  documentKey,
  groupKey,
  groupOffsetKey,
  logKey,
  logPrefix,
  parseGroupKey,
  topicKey,
} from '../../../src/transport/embedded/store-keys.ts';

const name = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => !text.includes('\0'));

describe('keys of the log', () => {
  test('sort by storage, partition and offset', () => {
    const place = fc.tuple(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.integer({ min: 0, max: 70_000 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    );
    fc.assert(
      fc.property(place, place, (a, b) => {
        const different = a.findIndex((part, i) => part !== b[i]);
        const wanted = different < 0 ? 0 : Math.sign((a[different] ?? 0) - (b[different] ?? 0));
        expect(Math.sign(Buffer.compare(logKey(...a), logKey(...b)))).toBe(wanted);
      }),
    );
  });

  test('of a storage lie between its prefix and what comes after', () => {
    for (const storage of [0, 1, 255, 256, 0xffff, 0xffffffff]) {
      const key = logKey(storage, 0xffffffff, Number.MAX_SAFE_INTEGER);
      expect(Buffer.compare(logPrefix(storage), key)).toBe(-1);
      expect(Buffer.compare(key, after(logPrefix(storage)))).toBe(-1);
      if (storage === 0xffffffff) continue;
      expect(Buffer.compare(after(logPrefix(storage)), logKey(storage + 1, 0, 0))).toBe(-1);
    }
  });
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
