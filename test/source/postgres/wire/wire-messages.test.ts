import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import {
  copyDataFrame,
  copyDoneFrame,
  queryFrame,
  readColumnNames,
  readDataRow,
  readServerError,
  terminateFrame,
} from '../../../../src/source/postgres/wire/wire-messages.ts';

const reader = (hex: string): ByteReader => new ByteReader(Buffer.from(hex, 'hex'));

test('what we send, byte by byte', () => {
  expect(queryFrame('é').toString('hex')).toBe('5100000007c3a900');
  expect(copyDataFrame(Buffer.of(1, 2)).toString('hex')).toBe('64000000060102');
  expect(copyDoneFrame().toString('hex')).toBe('6300000004');
  expect(terminateFrame().toString('hex')).toBe('5800000004');
});

test('an error of the server, with fields that we do not know', () => {
  const body = Buffer.from('SERROR\0VERROR\0C42P01\0Mno such\0Dd\0Hh\0?x\0\0');
  expect(readServerError(new ByteReader(body))).toEqual({
    code: '42P01',
    message: 'no such',
    detail: 'd',
    hint: 'h',
  });
  expect(() => readServerError(new ByteReader(body.subarray(0, -1)))).toThrow(DecodeError);
});

test('rows and their names', () => {
  expect(readColumnNames(reader(`00026100${'00'.repeat(18)}6200${'00'.repeat(18)}`))).toEqual([
    'a',
    'b',
  ]);
  expect(readDataRow(reader('0003000000017800000000ffffffff'))).toEqual(['x', '', null]);
  expect(() => readDataRow(reader('00010000000578'))).toThrow(DecodeError);
});
