import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daysFromCivil } from '../../dialects/civil-calendar.ts';
import { parseDate, parseTimestamp } from '../../dialects/postgres/postgres-time.ts';
import { bigIntToBytes } from '../../src/model/connect-schema.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import {
  decimal,
  isHex,
  isInteger,
  readDays,
  readDecimal,
  readInteger,
  readTimeMicros,
  readTimestampMicros,
  scratch,
  twosComplement,
  UNUSUAL,
  writeInteger,
} from '../../src/rowpath/text-scan.ts';

const whole = (text: string): [Buffer, number, number] => {
  // Surrounded by digits, so that a reader which leaves its range is found out.
  const bytes = Buffer.from(`99${text}99`);
  return [bytes, 2, bytes.length - 2];
};

describe('numbers', () => {
  test.each([
    ['0', 0],
    ['-1', -1],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', UNUSUAL],
    ['-0', UNUSUAL],
    ['007', UNUSUAL],
    ['', UNUSUAL],
    ['-', UNUSUAL],
    ['1x', UNUSUAL],
  ])('readInteger %j', (text, expected) => {
    expect(readInteger(...whole(text))).toBe(expected);
  });

  test.each(['0', '-1', '12345678901234567890'])('%j is a whole number', (text) => {
    expect(isInteger(...whole(text))).toBe(true);
  });

  test.each(['-0', '007', '', '-', '1x', '1.'])('%j is none as the server prints it', (text) => {
    expect(isInteger(...whole(text))).toBe(false);
  });

  test.each([
    ['12.30', 1230, 2],
    ['-0.01', -1, 2],
    ['5', 5, 0],
    ['1234567890123.45', 123_456_789_012_345, 2],
  ])('readDecimal %j', (text, unscaled, scale) => {
    expect(readDecimal(...whole(text))).toBe(true);
    expect(decimal).toMatchObject({ unscaled, scale });
  });

  test.each([
    '',
    '-',
    '.',
    '.5',
    '5.',
    '1.2.3',
    'NaN',
    '1e5',
    '1234567890123456',
    '12345678901234.56',
  ])('readDecimal leaves %j to others', (text) => {
    expect(readDecimal(...whole(text))).toBe(false);
  });

  test('writeInteger writes any safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const out = new ByteWriter(1);
        writeInteger(out, value);
        expect(out.written().toString()).toBe(String(value));
      }),
    );
  });

  test('twosComplement is BigInteger.toByteArray (C8)', () => {
    const edges = [0, -1, 127, 128, -128, -129, 255, 256, 32_767, 32_768, 2 ** 31, -(2 ** 32)];
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...edges), fc.maxSafeInteger()), (value) => {
        const bytes = Buffer.from(scratch.subarray(twosComplement(value)));
        expect(bytes).toEqual(bigIntToBytes(BigInt(value)));
      }),
    );
  });
});

describe('times', () => {
  test('every day from 0001 to 9999 that is the first or last of its month', () => {
    for (let year = 1; year <= 9999; year += 7) {
      for (let month = 1; month <= 12; month++) {
        for (const day of [1, 28]) {
          const text = [year, month, day].map((part, i) => String(part).padStart(i ? 2 : 4, '0'));
          const bytes = Buffer.from(text.join('-'));
          expect(readDays(bytes, 0)).toBe(daysFromCivil(year, month, day));
        }
      }
    }
    expect(readDays(Buffer.from('2000-02-29'), 0)).toBe(parseDate('2000-02-29'));
  });

  test.each(['0000-01-01', '2020-13-01', '2020-00-01', '2020-01-00', '2020-01-32', '2020/01/01'])(
    'readDays leaves %j to others',
    (text) => {
      expect(readDays(Buffer.from(text), 0)).toBe(UNUSUAL);
    },
  );

  test.each([
    ['1970-01-01 00:00:00', true],
    ['2254-12-31 23:59:59.999999', true],
    ['1969-12-31 23:59:59', false],
    ['2255-01-01 00:00:00', false],
    ['2020-01-01 24:00:00', false],
    ['2020-01-01 00:00:00 BC', false],
    ['2020-01-01 00:00:00+00', false],
    ['12020-01-01 00:00:00', false],
    ['infinity', false],
  ])('readTimestampMicros %j: %s', (text, usual) => {
    const micros = readTimestampMicros(...whole(text));
    if (usual) expect(BigInt(micros)).toBe(parseTimestamp(text));
    else expect(micros).toBe(UNUSUAL);
  });

  test('readTimeMicros leaves midnight at the end of the day to others', () => {
    expect(readTimeMicros(...whole('23:59:59.5'))).toBe(86_399_500_000);
    expect(readTimeMicros(...whole('24:00:00'))).toBe(UNUSUAL);
    expect(readTimeMicros(...whole('23:59:59.'))).toBe(UNUSUAL);
    expect(readTimeMicros(...whole('1 day'))).toBe(UNUSUAL);
  });
});

test.each([
  ['\\x', true],
  ['\\x00ff', true],
  ['\\x0', false],
  ['\\xFF', false],
  ['\\xgg', false],
  ['abcd', false],
])('isHex %j: %s', (text, expected) => {
  expect(isHex(...whole(text))).toBe(expected);
});
