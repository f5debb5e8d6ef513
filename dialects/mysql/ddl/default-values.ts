import { DdlCursor, DdlSyntaxError } from './ddl-cursor.ts';
import type { DdlDialect } from './ddl-dialect.ts';
import type { DefaultSyntax } from './ddl-syntax.ts';
import { parseDefault } from './default-parser.ts';
import type { ColumnDefault, ColumnType } from './table-definition.ts';
import { temporalDefault } from './temporal-default.ts';

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);
const TEMPORAL = new Set(['date', 'time', 'datetime', 'timestamp', 'year']);
const TEMPORAL_NUMBERS = /^\d+$/;

/** The default that a column has after a statement, as the server keeps it. */
export function resolveDefault(
  syntax: DefaultSyntax | null,
  type: ColumnType,
  dialect: DdlDialect,
): ColumnDefault {
  if (syntax === null) return null;
  switch (syntax.kind) {
    case 'null':
      return null;
    case 'now':
      return { kind: 'now', fraction: syntax.fraction, written: syntax.written };
    case 'expression':
      return resolveExpression(syntax.text, type, dialect);
    default:
      return resolveLiteral(syntax, type);
  }
}

/** For MariaDB a literal in brackets is a literal, for MySQL an expression. */
function resolveExpression(text: string, type: ColumnType, dialect: DdlDialect): ColumnDefault {
  if (dialect.flavor === 'mysql') return { kind: 'expression', text };
  const inner = wholeDefault(text, dialect);
  return inner === null || inner.kind === 'expression'
    ? { kind: 'expression', text }
    : resolveDefault(inner, type, dialect);
}

/** The text as a default, if it is one to its end. Brackets in brackets are not followed. */
function wholeDefault(text: string, dialect: DdlDialect): DefaultSyntax | null {
  const cursor = new DdlCursor(text, dialect);
  try {
    const parsed = parseDefault(cursor);
    return cursor.isEnd() ? parsed : null;
  } catch (error) {
    if (error instanceof DdlSyntaxError) return null;
    throw error;
  }
}

type LiteralSyntax = Exclude<DefaultSyntax, { kind: 'null' | 'now' | 'expression' }>;

function resolveLiteral(syntax: LiteralSyntax, type: ColumnType): ColumnDefault {
  const { written } = syntax;
  if (type.base === 'bit') return { kind: 'bits', text: bitsOf(syntax), written };
  return { kind: 'literal', text: literalText(syntax, type), written };
}

/** Digits of a long literal are not made a number: no column has more than 64 bits. */
const MOST_DIGITS = 512;

function bitsOf({ kind, text }: LiteralSyntax): string {
  if (text.length > MOST_DIGITS) return text;
  switch (kind) {
    case 'bits':
      return text.replace(/^0+(?=.)/, '');
    case 'hex':
      return BigInt(`0x${text === '' ? '0' : text}`).toString(2);
    case 'number': {
      const whole = rounded(text, 0);
      return /^\d+$/.test(whole) ? BigInt(whole).toString(2) : text;
    }
    case 'string': {
      const hex = Buffer.from(text, 'latin1').toString('hex');
      return BigInt(`0x${hex === '' ? '0' : hex}`).toString(2);
    }
  }
}

function literalText(syntax: LiteralSyntax, type: ColumnType): string {
  const { base } = type;
  const isNumeric =
    base === 'year' ||
    INTEGERS.has(base) ||
    base === 'decimal' ||
    base === 'float' ||
    base === 'double';
  const text = isNumeric ? numberOf(syntax) : textOf(syntax, type);
  if (text.length > MOST_DIGITS && isNumeric) return text;
  if (INTEGERS.has(base)) return padded(rounded(text, 0), type);
  if (base === 'decimal') return padded(rounded(text, type.scale ?? 0), type);
  if (base === 'float' || base === 'double') return padded(floating(text, type.scale), type);
  if (TEMPORAL.has(base)) {
    if (base === 'year') {
      // Zero as a string is the year 2000, as a number no year.
      const isText = syntax.kind === 'string' && /^0{1,2}$/.test(text);
      return isText ? '2000' : temporalDefault(rounded(text, 0), base, 0);
    }
    const isNumber = syntax.kind === 'number' && !TEMPORAL_NUMBERS.test(text);
    return isNumber ? text : temporalDefault(text, base, type.length ?? 0);
  }
  if (type.members !== null) return memberText(syntax, type, type.members, text);
  return base === 'char' ? text.replace(/ +$/, '') : text;
}

/** X'41' and b'1' are numbers where a number is wanted. */
function numberOf({ kind, text }: LiteralSyntax): string {
  if (text.length > MOST_DIGITS) return text;
  if (kind === 'hex') return BigInt(`0x${text === '' ? '0' : text}`).toString();
  if (kind === 'bits') return BigInt(`0b${text === '' ? '0' : text}`).toString();
  return text.trim();
}

/** And bytes where text is. */
function textOf({ kind, text }: LiteralSyntax, type: ColumnType): string {
  if (kind !== 'hex' && kind !== 'bits') return text;
  const hex = kind === 'hex' ? text : BigInt(`0b${text === '' ? '0' : text}`).toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return bytes.toString(type.charset?.startsWith('utf8') === true ? 'utf8' : 'latin1');
}

const DECIMAL = /^([+-]?)0*(\d*)(?:\.(\d*))?$/;

/** Rounds half away from zero to `scale` digits, all of which are shown. */
function rounded(text: string, scale: number): string {
  const match = DECIMAL.exec(text);
  if (match === null) return exponential(text, scale);
  const [, sign = '', whole = '', fraction = ''] = match;
  const kept = fraction.slice(0, scale).padEnd(scale, '0');
  let digits = BigInt(`0${whole}${kept}`);
  if ((fraction[scale] ?? '0') >= '5') digits++;
  const shown = digits.toString().padStart(scale + 1, '0');
  const isNegative = sign === '-' && digits > 0n;
  const at = shown.length - scale;
  return `${isNegative ? '-' : ''}${shown.slice(0, at)}${scale === 0 ? '' : `.${shown.slice(at)}`}`;
}

function exponential(text: string, scale: number): string {
  const value = Number(text);
  return text === '' || !Number.isFinite(value) || Math.abs(value) >= 1e21
    ? text
    : value.toFixed(Math.min(scale, 100));
}

function floating(text: string, scale: number | null): string {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) return text;
  if (scale !== null) return rounded(text, scale);
  return String(value).replace('e+', 'e');
}

/** ZEROFILL shows in defaults too. */
function padded(text: string, { zerofill, length, scale }: ColumnType): string {
  if (!zerofill || length === null) return text;
  return text.padStart(scale === null || scale === 0 ? length : length + 1, '0');
}

/** Members as they are defined, whatever their case in the statement; numbers count them. */
function memberText(
  syntax: LiteralSyntax,
  type: ColumnType,
  members: readonly string[],
  text: string,
): string {
  const find = (wanted: string): string | undefined =>
    members.find((member) => member === wanted) ??
    members.find((member) => member.toLowerCase() === wanted.toLowerCase());
  if (type.base === 'enum') {
    if (syntax.kind === 'number') return members[Number(text) - 1] ?? text;
    return find(text.replace(/ +$/, '')) ?? text;
  }
  if (syntax.kind === 'number') return text;
  const chosen = new Set(text.split(',').map((name) => find(name) ?? name));
  return [...chosen].toSorted((a, b) => members.indexOf(a) - members.indexOf(b)).join(',');
}
