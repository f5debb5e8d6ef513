import { TidemarkError } from '../../src/foundation/errors.ts';
import { sqliteLiteral } from './sqlite-identifiers.ts';

/** What a value is in the file, whatever the type of its column says. */
export type StorageClass = 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB';

/** A value as the driver binds it. An INTEGER is a bigint: of a number it would make a REAL. */
export type SqliteValue = null | bigint | number | string | Buffer;

/*
 * Values are bound, never written into the text of a statement: SQLite reads the digits of a REAL
 * by its own arithmetic, and a text up to its first NUL. On their way they are texts, whose first
 * character says their storage class; digits are an INTEGER.
 */
const MARKS: Readonly<Record<StorageClass, string>> = {
  INTEGER: '',
  REAL: 'r',
  TEXT: "'",
  BLOB: 'x',
};

const QUOTE = 0x27;
const LETTER_R = 0x72;
const LETTER_X = 0x78;

/** The text of a value on its way; `text` are digits, the text itself, or hexadecimal digits. */
export function cellOf(storage: StorageClass, text: string): string {
  return MARKS[storage] + text;
}

/** What the driver binds for it. */
export function valueOfCell(cell: string | null): SqliteValue {
  if (cell === null) return null;
  switch (cell.charCodeAt(0)) {
    case QUOTE:
      return cell.slice(1);
    case LETTER_R:
      return Number(cell.slice(1));
    case LETTER_X:
      return Buffer.from(cell.slice(1), 'hex');
    default:
      return BigInt(cell);
  }
}

/** The same in the text of a statement, for defaults of columns, which cannot be bound. */
export function literalOfCell(cell: string): string {
  switch (cell.charCodeAt(0)) {
    case QUOTE:
      return textLiteral(cell.slice(1));
    case LETTER_R:
      return realLiteral(cell.slice(1));
    case LETTER_X:
      return `X'${cell.slice(1)}'`;
    default:
      return cell;
  }
}

/** A new column takes constants only, and the text of a statement ends at a NUL. */
function textLiteral(text: string): string {
  if (!text.includes('\0')) return sqliteLiteral(text);
  throw new TidemarkError('SINK_SCHEMA', 'the default of a column has a NUL in it', {
    cure: 'Add the column to the table in the target by hand; or drop its default in the source.',
  });
}

/** Out of range is how SQLite writes an infinity. */
function realLiteral(digits: string): string {
  const number = Number(digits);
  if (!Number.isFinite(number)) return number < 0 ? '-9e999' : '9e999';
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}
