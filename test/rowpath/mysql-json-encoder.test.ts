import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { MysqlTextFormat } from '../../src/model/mysql-text-format.ts';
import { mysqlJsonEncoder } from '../../src/rowpath/mysql-json-encoder.ts';

const JSON_OPTIONS = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
const ANY: ConnectSchema = { type: 'int64', optional: false };
const RULES = { zero: 'null', adjustYears: true } as const;

/** What the encoder writes by itself; null: it has left the text to the general path. */
function written(format: MysqlTextFormat, text: string | Buffer): string | null {
  const out = new ByteWriter(1);
  let left = false;
  const encode = mysqlJsonEncoder(format, ANY, JSON_OPTIONS, () => {
    left = true;
    expect(out.position).toBe(0);
  });
  const bytes = Buffer.concat([Buffer.from('99'), Buffer.from(text), Buffer.from('99')]);
  encode(bytes, 2, bytes.length - 2, out);
  return left ? null : out.written().toString();
}

const micros = { kind: 'calendar-time', as: 'us', rules: RULES } as const;
const isoTime = { kind: 'signed-time', as: 'iso' } as const;

describe('the usual form of each type is not left to the general path', () => {
  test.each<readonly [MysqlTextFormat, string | Buffer, string]>([
    [{ kind: 'number-boolean' }, '7', 'true'],
    [{ kind: 'raw-bit' }, Buffer.from([1]), 'true'],
    [{ kind: 'raw-bits' }, Buffer.from([1, 2]), '"AgE="'],
    [{ kind: 'raw-bytes', encoding: 'bytes' }, Buffer.from([0, 255]), '"AP8="'],
    [{ kind: 'raw-bytes', encoding: 'base64' }, Buffer.from([0, 255]), '"AP8="'],
    [{ kind: 'raw-bytes', encoding: 'hex' }, Buffer.from([0, 255]), '"00ff"'],
    [{ kind: 'calendar-date', as: 'days', rules: RULES }, '1969-12-31', '-1'],
    [{ kind: 'calendar-date', as: 'iso', rules: RULES }, '2024-12-31', '"2024-12-31Z"'],
    [micros, '1970-01-02 00:00:00.000001', '86400000001'],
    [micros, '1969-12-31 23:59:59', '-1000000'],
    [{ ...micros, as: 'ms' }, '1969-12-31 23:59:59.9999', '-1'],
    [{ ...micros, as: 'ns' }, '1970-01-01 00:00:00.000001', '1000'],
    [micros, '9999-12-31 23:59:59.999999', '253402300799999999'],
    [{ ...micros, as: 'ms' }, '9999-12-31 23:59:59', '253402300799000'],
    [{ ...micros, as: 'iso' }, '2024-02-28 01:02:03.450', '"2024-02-28T01:02:03.45Z"'],
    [{ kind: 'signed-time', as: 'us' }, '-838:59:59.000000', '-3020399000000'],
    [{ kind: 'signed-time', as: 'ms' }, '00:00:01.5', '1500'],
    [isoTime, '08:05:09.000', '"08:05:09Z"'],
    [
      { kind: 'instant', digits: 6, rules: RULES },
      '2024-01-31 08:05:09.12',
      '"2024-01-31T08:05:09.120000Z"',
    ],
  ])('%j of %j (PITFALLS B70, B72, B75, B76)', (format, text, expected) => {
    expect(written(format, text)).toBe(expected);
  });
});

test.each<readonly [MysqlTextFormat, string]>([
  [{ kind: 'number-boolean' }, '00'],
  [{ kind: 'raw-bits' }, '123456789'],
  [{ kind: 'raw-bytes', encoding: 'base64-url-safe' }, 'x'],
  [{ kind: 'calendar-date', as: 'days', rules: RULES }, '0000-00-00'],
  [{ kind: 'calendar-date', as: 'iso', rules: RULES }, '2023-02-31'],
  [micros, '0099-01-01 00:00:00'],
  [{ ...micros, as: 'iso' }, '2010-00-15 00:00:00'],
  [{ kind: 'signed-time', as: 'ms' }, '-00:00:01'],
  [isoTime, '24:00:00'],
  [{ kind: 'instant', digits: 0, rules: RULES }, '0000-00-00 00:00:00'],
  [{ kind: 'instant', digits: 0, rules: RULES }, '2024-01-31 08:05:09.1'],
  [{ kind: 'raw-geometry' }, 'x'],
])('%j of %j is left to it (PITFALLS B73)', (format, text) => {
  expect(written(format, text)).toBeNull();
});
