import { describe, expect, test } from 'vitest';
import { isExtended, swapped, toExtended, toPlain } from '../../../src/transform/debezium/wkb.ts';

const LITTLE = '0101000000000000000000f83f0000000000000440';
const BIG = '00000000013ff80000000000004004000000000000';
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('the SRID', () => {
  test.each([
    [LITTLE, '0101000020e6100000000000000000f83f0000000000000440'],
    [BIG, '0020000001000010e63ff80000000000004004000000000000'],
  ])('goes in and out of %s', (plain, extended) => {
    expect(toExtended(hex(plain), 4326).toString('hex')).toBe(extended);
    expect([isExtended(hex(plain)), isExtended(hex(extended))]).toEqual([false, true]);
    expect(toPlain(hex(extended)).toString('hex')).toBe(plain);
    expect(toPlain(hex(plain)).toString('hex')).toBe(plain);
    expect(toExtended(hex(extended), 1).toString('hex')).toBe(extended);
  });
});

describe('x and y', () => {
  test.each([
    [LITTLE, '01010000000000000000000440000000000000f83f'],
    [BIG, '000000000140040000000000003ff8000000000000'],
  ])('change places in %s', (before, after) => {
    expect(swapped(hex(before)).toString('hex')).toBe(after);
    expect(swapped(hex(after)).toString('hex')).toBe(before);
  });

  test('in collections of both byte orders, twice is as before', () => {
    const collection = Buffer.concat([hex('010700000002000000'), hex(LITTLE), hex(BIG)]);
    const once = swapped(collection);
    expect(once.subarray(9, 9 + 21)).toEqual(swapped(hex(LITTLE)));
    expect(once.subarray(9 + 21)).toEqual(swapped(hex(BIG)));
    expect(swapped(once)).toEqual(collection);
  });

  test('points of ISO with z and m keep them', () => {
    const point = Buffer.alloc(5 + 32);
    point.writeUInt8(1, 0);
    point.writeUInt32LE(3001, 1);
    for (let i = 0; i < 4; i++) point.writeDoubleLE(i, 5 + i * 8);
    const made = swapped(point);
    const order = [0, 1, 2, 3].map((i) => made.readDoubleLE(5 + i * 8));
    expect(order).toEqual([1, 0, 2, 3]);
  });

  test.each(['', '01', LITTLE.slice(0, -2), `${LITTLE}00`, '0102000000ffffffff'])(
    '%s is no geometry',
    (text) => {
      expect(() => swapped(hex(text))).toThrow('is no WKB');
    },
  );

  test('nothing nests without an end', () => {
    const deep = Buffer.concat(Array<Buffer>(40).fill(hex('010700000001000000')));
    expect(() => swapped(deep)).toThrow('is no WKB');
  });
});
