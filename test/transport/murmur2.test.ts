import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { murmur2, partitionOfKey } from '../../src/transport/murmur2.ts';

describe('murmur2', () => {
  // From org.apache.kafka.common.utils.UtilsTest.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %j is what Java says', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  test('takes the range, not the bytes around it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (before, bytes, behind) => {
        const whole = Buffer.concat([before, bytes, behind]);
        const start = before.length;
        expect(murmur2(whole, start, start + bytes.length)).toBe(murmur2(bytes));
      }),
    );
  });
});

describe('a partition', () => {
  test('is the hash without its sign, modulo the count', () => {
    const key = Buffer.from('21');
    expect(partitionOfKey(key, 0, 2, 10)).toBe((-973932308 & 0x7fffffff) % 10);
  });

  test('is in range for every key', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
        const partition = partitionOfKey(key, 0, key.length, partitions);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
      }),
    );
  });
});
