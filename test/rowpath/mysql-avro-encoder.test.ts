import { expect, test } from 'vitest';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { MysqlTextFormat } from '../../src/model/mysql-text-format.ts';
import { mysqlAvroEncoder } from '../../src/rowpath/mysql-avro-encoder.ts';

const ANY: ConnectSchema = { type: 'int64', optional: false };
const RULES = { zero: 'null', adjustYears: true } as const;

/** What the encoder writes by itself, in hex; null: it has left the text to the general path. */
function written(format: MysqlTextFormat, text: string | Buffer): string | null {
  const out = new ByteWriter(1);
  let left = false;
  const encode = mysqlAvroEncoder(format, ANY, () => {
    left = true;
    expect(out.position).toBe(0);
  });
  const bytes = Buffer.concat([Buffer.from('99'), Buffer.from(text), Buffer.from('99')]);
  encode(bytes, 2, bytes.length - 2, out);
  return left ? null : out.written().toString('hex');
}

/** Its length, and the text. */
const avroText = (text: string): string =>
  Buffer.concat([Buffer.from([text.length * 2]), Buffer.from(text)]).toString('hex');

test.each<readonly [MysqlTextFormat, string | Buffer, string]>([
  [{ kind: 'number-boolean' }, '0', '00'],
  [{ kind: 'single' }, '-1.5', '000000000000f8bf'],
  [{ kind: 'raw-bit' }, Buffer.from([0]), '00'],
  [{ kind: 'raw-bits' }, Buffer.from([1, 2]), '040201'],
  [{ kind: 'raw-bytes', encoding: 'bytes' }, Buffer.from([0, 255]), '0400ff'],
  [{ kind: 'raw-bytes', encoding: 'base64' }, Buffer.from([0, 255]), avroText('AP8=')],
  [{ kind: 'raw-bytes', encoding: 'hex' }, Buffer.from([0, 255]), avroText('00ff')],
  [{ kind: 'calendar-date', as: 'days', rules: RULES }, '1969-12-31', '01'],
  [{ kind: 'calendar-date', as: 'iso', rules: RULES }, '2024-12-31', avroText('2024-12-31Z')],
  [{ kind: 'calendar-time', as: 'ms', rules: RULES }, '1969-12-31 23:59:59.9999', '01'],
  [{ kind: 'calendar-time', as: 'ns', rules: RULES }, '1970-01-01 00:00:00.000001', 'd00f'],
  [{ kind: 'signed-time', as: 'us' }, '-00:00:00.000001', '01'],
  [{ kind: 'signed-time', as: 'iso' }, '08:05:09.10', avroText('08:05:09.1Z')],
  [
    { kind: 'instant', digits: 3, rules: RULES },
    '2024-01-31 08:05:09.12',
    avroText('2024-01-31T08:05:09.120Z'),
  ],
])('the usual %j of %j is written at once', (format, text, expected) => {
  expect(written(format, text)).toBe(expected);
});

test.each<readonly [MysqlTextFormat, string]>([
  [{ kind: 'number-boolean' }, '10'],
  [{ kind: 'single' }, '1e-7'],
  [{ kind: 'raw-bits' }, '123456789'],
  [{ kind: 'raw-bytes', encoding: 'base64-url-safe' }, 'x'],
  [{ kind: 'calendar-date', as: 'days', rules: RULES }, '2024-04-31'],
  [{ kind: 'calendar-time', as: 'ns', rules: RULES }, '2024-04-30 00:00:00'],
  [{ kind: 'signed-time', as: 'us' }, '00:60:00'],
  [{ kind: 'instant', digits: 0, rules: RULES }, '2024-01-31 08:05:09.1'],
  [{ kind: 'raw-vector' }, 'x'],
])('%j of %j is left to the general path (PITFALLS B73)', (format, text) => {
  expect(written(format, text)).toBeNull();
});
