// Bytes and texts as MySQL 9.7.4 wrote them to its binlog and answered a SELECT, 2026-11-22.
import { describe, expect, test } from 'vitest';
import { enumWriter, setWriter } from '../../../dialects/mysql/binlog-members.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { writtenBytes } from '../../support/binlog-text.ts';

const LETTERS = ['a', 'x,y', '', 'é'];

describe('ENUM (PITFALLS B77)', () => {
  test.each([
    ['01', 'a'],
    ['02', 'x,y'],
    ['03', ''],
    ['04', 'é'],
    ['00', ''],
  ])('%s', (hex, text) => {
    expect(writtenBytes(enumWriter(1, LETTERS), hex).toString()).toBe(text);
  });

  test('more than 255 members take two bytes', () => {
    const members = Array.from({ length: 300 }, (_, i) => `m${i + 1}`);
    expect(writtenBytes(enumWriter(2, members), '2c01').toString()).toBe('m300');
  });

  test('without members the index stands for itself', () => {
    expect(writtenBytes(enumWriter(2, null), '2c01').toString()).toBe('300');
  });

  test('a member that the definition lacks is an error', () => {
    expect(() => writtenBytes(enumWriter(1, LETTERS), '05')).toThrow(DecodeError);
  });
});

describe('SET (PITFALLS B77)', () => {
  const bits = Array.from({ length: 64 }, (_, i) => `b${i}`);

  test.each([
    [1, ['a', 'b', 'é', 'd'], '00', ''],
    [1, ['a', 'b', 'é', 'd'], '05', 'a,é'],
    [1, ['a', 'b', 'é', 'd'], '0f', 'a,b,é,d'],
    [8, bits, '0100008001000080', 'b0,b31,b32,b63'],
    [5, bits.slice(0, 40), '0000000080', 'b39'],
  ])('%i bytes of %j: %s', (width, members, hex, text) => {
    expect(writtenBytes(setWriter(width, members), hex).toString()).toBe(text);
  });

  test('without members the bitmap stands for itself', () => {
    expect(writtenBytes(setWriter(8, null), 'ffffffffffffffff').toString()).toBe(
      '18446744073709551615',
    );
  });

  test('a bit behind the last member is an error', () => {
    expect(() => writtenBytes(setWriter(1, ['a']), '02')).toThrow(DecodeError);
  });
});
