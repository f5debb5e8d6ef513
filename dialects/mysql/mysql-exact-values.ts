import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import type { MysqlTypeName } from '../mysql-type-name.ts';
import { exactJson, significant } from './mysql-target-json.ts';

/*
 * What the server would change without an error, strict as the session is, when a value comes into
 * a column of another type than its own: digits of a number, times in a DATE, spaces at the end of
 * a text, bytes behind a BINARY, a text that is the number of an ENUM's member (PITFALLS S16, S24).
 */

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'bit']);
const FLOATS = new Set(['float', 'double']);
const NUMBERS = new Set([...INTEGERS, ...FLOATS, 'decimal', 'year']);
const CLOCKS = new Set(['date', 'time', 'datetime', 'timestamp']);
/** Bytes that these texts hold; what is longer and not a space is an error of the server. */
const TEXT_BYTES: Readonly<Record<string, number>> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 16_777_215,
};

/** How a value stands in the statement. */
export type LiteralForm = 'bare' | 'quoted' | 'hex';

type Check = (text: string) => boolean;

/** A CHAR of PostgreSQL: spaces at its end mean nothing. */
const PADDED = /^character\(/;

/** Whether the column takes the text of a value as it is; null: the server sees to that. */
export function exactness(
  schema: ConnectSchema,
  form: LiteralForm,
  type: MysqlTypeName,
): Check | null {
  const { base } = type;
  if (form === 'bare') return numberCheck(schema, type);
  if (form === 'hex') return bytesCheck(type);
  if (type.members !== null) return memberCheck(base, type.members);
  if (CLOCKS.has(base)) return clockCheck(type);
  // Its bytes would be taken for the bits.
  if (base === 'bit') return () => false;
  if (base === 'json') return (text) => exactJson(text) === text;
  if (base === 'binary') return (text) => Buffer.byteLength(text) === (type.length ?? 1);
  const isPadded = PADDED.test(schema.parameters?.[POSTGRES_SOURCE_TYPE] ?? '');
  return isPadded ? null : spaceCheck(type);
}

/** The same text, if the column keeps it. */
export function checked<T>(text: (value: T) => string, takes: Check): (value: T) => string {
  return (value) => {
    const own = text(value);
    if (takes(own)) return own;
    throw new TidemarkError('VALUE_CONVERSION', 'its column in the target would change a value', {
      cure: 'Give the column the type that the sink would have made it with, or a VARCHAR.',
    });
  };
}

function numberCheck(
  { type: source }: ConnectSchema,
  { base, scale }: MysqlTypeName,
): Check | null {
  // 70 would be 1970.
  if (base === 'year') return (text) => /^(?:0|\d{4})$/.test(text);
  const isWhole = source.startsWith('int') || source === 'boolean';
  if (INTEGERS.has(base)) return isWhole ? null : (text) => /^-?\d+(?:\.0*)?$/.test(text);
  if (!FLOATS.has(base)) return null;
  if (scale !== null) return digitsCheck(base, scale);
  return source === 'float64' && base === 'double' ? null : floatCheck(base);
}

function isKept(base: string, number: number): boolean {
  return base === 'double' || Object.is(Math.fround(number), number);
}

/** The column's number has these digits and no others. */
function floatCheck(base: string): Check {
  return (text) => {
    const number = Number(text);
    return isKept(base, number) && significant(text) === significant(String(number));
  };
}

/** DOUBLE(8,3): what lies behind is rounded off. */
function digitsCheck(base: string, scale: number): Check {
  return (text) => {
    const number = Number(text);
    const rounded = Number(number.toFixed(scale));
    return base === 'double' ? rounded === number : Math.fround(rounded) === number;
  };
}

function bytesCheck({ base, length }: MysqlTypeName): Check | null {
  // Digits of bytes are a number where one is wanted.
  if (NUMBERS.has(base)) return () => false;
  // What is shorter would get zeros behind it.
  return base === 'binary' ? (text) => text.length === 2 * (length ?? 1) : null;
}

/** A text that is no member, but a number, would be the member of that number. */
function memberCheck(base: string, members: readonly string[]): Check {
  const known = new Set(members);
  if (base === 'enum') return (text) => known.has(text);
  return (text) => text === '' || text.split(',').every((one) => known.has(one));
}

const DATE = String.raw`\d{4}-\d\d-\d\d`;
const FRACTION = String.raw`(?:\.(\d+))?`;
const FORMS: Readonly<Record<string, RegExp>> = {
  date: new RegExp(String.raw`^${DATE}(?:[ T]00:00(?::00(?:\.0+)?)?)?$`),
  time: new RegExp(String.raw`^-?\d{1,3}:\d\d(?::\d\d${FRACTION})?$`),
  datetime: new RegExp(String.raw`^${DATE}(?:[ T]\d\d:\d\d(?::\d\d${FRACTION})?)?$`),
};

/** The server reads nearly any text as some time, and rounds what it has no digits for. */
function clockCheck({ base, length }: MysqlTypeName): Check {
  const form = FORMS[base] ?? FORMS['datetime'];
  return (text) => {
    const match = form?.exec(text);
    return match !== null && /^0*$/.test((match?.[1] ?? '').slice(length ?? 0));
  };
}

/** Spaces that a column has no room for are cut off with a note only; a CHAR shows none at all. */
function spaceCheck({ base, length }: MysqlTypeName): Check | null {
  const endsInSpace: Check = (text) => text.endsWith(' ');
  if (base === 'char') return (text) => !endsInSpace(text);
  if (base === 'varchar') return (text) => !endsInSpace(text) || [...text].length <= (length ?? 0);
  const bytes = TEXT_BYTES[base];
  if (bytes === undefined) return null;
  return (text) => !endsInSpace(text) || Buffer.byteLength(text) <= bytes;
}
