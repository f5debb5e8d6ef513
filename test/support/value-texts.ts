/*
 * One text for a value, whichever database printed it: what a test compares where source and target
 * are of different families.
 */

/** A database of the products that Tidemark reads and writes. */
export type Family = 'postgres' | 'mysql' | 'mariadb';

/** What a value is, as far as its text differs between the families. */
export type ValueKind =
  | 'number'
  | 'float'
  | 'double'
  | 'boolean'
  | 'text'
  | 'bytes'
  | 'clock'
  | 'time'
  | 'json'
  | 'bits'
  | 'shape'
  | 'geometry'
  | 'money'
  | 'list'
  | 'interval'
  | 'vector';

/** How a database is asked for such a value; `type` is that of the column there. */
export function selected(
  family: Family | 'sqlite',
  kind: ValueKind,
  column: string,
  type: string,
): string {
  if (family === 'postgres') return ofPostgres(kind, column, type);
  if (family === 'sqlite') return ofSqlite(kind, column, type);
  const bits = /^bit\((\d+)\)/.exec(type)?.[1];
  if (bits !== undefined) {
    const number = `${column} + 0`;
    return kind === 'boolean' ? `CAST(${number} AS CHAR)` : `LPAD(BIN(${number}), ${bits}, '0')`;
  }
  // The text of a FLOAT has six digits.
  if (type.startsWith('float')) return `CAST(${column} * 1e0 AS CHAR)`;
  const isBytes = /blob$|binary|^vector|^(?:multi)?(?:geom|point|linestring|polygon)/.test(type);
  return isBytes ? `HEX(${column})` : `CAST(${column} AS CHAR)`;
}

/** Of a geometry the EWKB; numbers are as the driver has them. Of NULL hex() makes a text. */
function ofSqlite(kind: ValueKind, column: string, type: string): string {
  if (type !== 'BLOB') return column;
  const digits = kind === 'geometry' ? `'\\x' || hex(${column})` : `hex(${column})`;
  return `CASE WHEN ${column} IS NOT NULL THEN ${digits} END`;
}

/** As the server prints it; a cast to text leaves out spaces, and gives an inet a netmask. */
function ofPostgres(kind: ValueKind, column: string, type: string): string {
  if (type === 'hstore') return `hstore_to_json(${column})::text`;
  const value = kind === 'money' ? `${column}::numeric` : column;
  // IS NOT NULL asks all fields of a row.
  return `CASE WHEN ${column} IS DISTINCT FROM NULL THEN format('%s', ${value}) END`;
}

/** The elements of an array of PostgreSQL, as JSON of their texts. */
export function selectedElements(kind: ValueKind, column: string): string {
  const element = ofPostgres(kind, `(${column})[n]`, '');
  return `CASE WHEN ${column} IS NOT NULL THEN (SELECT coalesce(json_agg(${element} ORDER BY n),
    '[]') FROM generate_subscripts(${column}, 1) n)::text END`;
}

/** The same for equal values. */
export function comparable(kind: ValueKind, text: string | null): string | null {
  return text === null ? null : COMPARABLE[kind](text);
}

/** As `comparable`, of a JSON of values. */
export function comparableElements(kind: ValueKind, text: string | null): string | null {
  if (text === null) return null;
  const elements = exactJson(text) as readonly unknown[];
  return JSON.stringify(
    elements.map((element) => {
      if (element === null) return null;
      const own = typeof element === 'string' ? element : JSON.stringify(element);
      return kind === 'bytes' && !own.startsWith('\\x')
        ? Buffer.from(own, 'base64').toString('hex')
        : comparable(kind, own.replace(/^\{"number":"(.*)"\}$/, '$1'));
    }),
  );
}

const COMPARABLE: Readonly<Record<ValueKind, (text: string) => string>> = {
  number: digits,
  money: digits,
  float: (text) => shownNumber(Math.fround(Number(text))),
  double: (text) => shownNumber(Number(text)),
  boolean: (text) => ({ true: '1', false: '0', t: '1', f: '0' })[text] ?? text,
  text: (text) => text,
  bytes: (text) => text.replace(/^\\x/, '').toLowerCase(),
  clock: (text) => withoutZeros(text.replace(/Z$|\+00(?::00)?$/, '')),
  time: (text) => withoutZeros(text.replace('T', ' ').replace(/Z$|\+00(?::00)?$/, '')),
  json: (text) => JSON.stringify(sorted(exactJson(text))),
  bits: (text) => text,
  shape,
  interval: (text) => spans(text).join(' '),
  geometry: withSridInFront,
  list: (text) =>
    text.startsWith('[')
      ? text
          .replaceAll(/[[\]",]+/g, ' ')
          .trim()
          .replaceAll(/ +/g, ' ')
      : text,
  vector: (text) => floatsOf(text).join(' '),
};

const NUMBER = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;

/** Points of MySQL are bytes: it prints neither NaN nor infinities. */
function shape(text: string): string {
  if (!/^[\dA-F]{50}$/.test(text)) {
    return text.replaceAll(NUMBER, (one) => shownNumber(Number(one)));
  }
  const bytes = Buffer.from(text, 'hex');
  return `(${shownNumber(bytes.readDoubleLE(9))},${shownNumber(bytes.readDoubleLE(17))})`;
}

/** The years, months, days, hours, minutes and seconds of an interval in ISO 8601. */
function spans(text: string): readonly number[] {
  const [date = '', time = ''] = text.split('T');
  const of = (part: string, unit: string): number =>
    Number(new RegExp(`(-?[\\d.]+)${unit}`).exec(part)?.[1] ?? 0);
  return [of(date, 'Y'), of(date, 'M'), of(date, 'D'), of(time, 'H'), of(time, 'M'), of(time, 'S')];
}

function shownNumber(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number);
}

/** `-12.30` and `-0012.3`: `-12.3`. */
function digits(text: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d*?)(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole === '' && fraction === '' && !/^-?0*$/.test(text.split('.')[0] ?? '')) return text;
  const rest = fraction.replace(/0+$/, '');
  const number = `${whole === '' ? '0' : whole}${rest === '' ? '' : `.${rest}`}`;
  return number === '0' ? '0' : sign + number;
}

/** Fractions of a second with as many digits as they need. */
function withoutZeros(text: string): string {
  return text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

/** Numbers as their own digits, so that none is lost. */
function exactJson(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: { readonly source: string }) =>
    typeof value === 'number' ? { number: context?.source ?? '' } : value,
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === 'number')
    return { number: plainNumber(String(first[1])) };
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, sorted(one)]),
  );
}

function plainNumber(text: string): string {
  return /e/i.test(text) ? shownNumber(Number(text)) : digits(text);
}

/** MySQL has the SRID in front of a WKB, PostGIS in it. */
function withSridInFront(text: string): string {
  const isEwkb = text.startsWith('\\x');
  const bytes = Buffer.from(isEwkb ? text.slice(2) : text, 'hex');
  if (!isEwkb) return `${bytes.readUInt32LE(0)} ${bytes.toString('hex', 4)}`;
  const type = bytes.readUInt32LE(1);
  if ((type & 0x2000_0000) === 0) return `0 ${bytes.toString('hex')}`;
  const plain = Buffer.concat([bytes.subarray(0, 5), bytes.subarray(9)]);
  plain.writeUInt32LE(type & 0xff, 1);
  return `${bytes.readUInt32LE(5)} ${plain.toString('hex')}`;
}

/** From the bytes of a VECTOR, a JSON array or an array of PostgreSQL. */
function floatsOf(text: string): readonly number[] {
  if (/^[[{]/.test(text))
    return text
      .slice(1, -1)
      .split(',')
      .map((one) => Math.fround(Number(one)));
  const bytes = Buffer.from(text, 'hex');
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}
