import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { encodedBytes } from '../encoded-bytes.ts';
import { parsePlainText } from '../plain-text-values.ts';
import { conversionError } from '../value-conversion.ts';
import { parseRawBit, parseRawBits } from './mysql-raw-values.ts';
import { parseRawGeometry, parseRawVector } from './mysql-geometry.ts';
import {
  calendarDate,
  calendarParts,
  calendarTime,
  instantText,
  signedTime,
} from './mysql-calendar.ts';
import type { MysqlFormat } from './mysql-value-modes.ts';

const DIGITS = /^-?[0-9]+$/;
const ZEROS = /^0+(?=[0-9])/;
/** What the server and the binlog decoder print of a FLOAT. */
const NUMBER = /^-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?$/;

/**
 * The general path from MySQL's text to a Connect value: clear and exact, not fast. Texts are those
 * of the text protocol in the time zone +00:00, whether a SELECT or the binlog gave them.
 */
export function parseMysqlText(
  format: MysqlFormat,
  schema: ConnectSchema,
  text: string,
): ConnectValue {
  switch (format.kind) {
    case 'zero-padded':
      return parsePlainText(format.number, schema, text.replace(ZEROS, ''));
    case 'unsigned-long':
      return parsePlainText({ kind: 'integer' }, schema, text);
    case 'number-boolean':
      if (!DIGITS.test(text)) throw conversionError('the text is not a whole number');
      return Number(text) !== 0;
    case 'single':
      if (!NUMBER.test(text)) throw conversionError('the text is not a number');
      return Math.fround(Number(text));
    case 'raw-bit':
      return parseRawBit(text);
    case 'raw-bits':
      return parseRawBits(text);
    case 'raw-bytes':
      return encodedBytes(format.encoding, Buffer.from(text, 'latin1'));
    case 'raw-geometry':
      return parseRawGeometry(schema, text);
    case 'raw-vector':
      return parseRawVector(text);
    case 'calendar-date':
      return calendarDate(format, schema, text);
    case 'calendar-time':
      return calendarTime(format, schema, text);
    case 'instant':
      return instantText(format, schema, text);
    case 'signed-time':
      return signedTime(format.as, text);
    case 'calendar-parts':
      return calendarParts(format, schema, text);
    default:
      return parsePlainText(format, schema, text);
  }
}
