/**
 * What a change of a column's type does to the values that it takes, by the names of the types
 * alone: `widened` takes all that the old one took, `narrowed` takes less and nothing else,
 * `retyped` is another kind of value. Names are those that PostgreSQL, MySQL and MariaDB print.
 */
export type TypeChange = 'same' | 'widened' | 'narrowed' | 'retyped';

/** The values of a type, as far as two of them can be compared; null: only with itself. */
type Extent =
  | { readonly kind: 'integer'; readonly low: bigint; readonly high: bigint }
  | {
      readonly kind: 'decimal';
      readonly digits: number;
      readonly scale: number;
      readonly isUnsigned: boolean;
    }
  | { readonly kind: 'float'; readonly bits: number; readonly isUnsigned: boolean }
  | {
      readonly kind: 'characters' | 'bytes' | 'varying-bits';
      readonly length: number;
      /** Values are filled up to the length: only the same length has the same values. */
      readonly isPadded: boolean;
    }
  | { readonly kind: 'time'; readonly of: string; readonly digits: number };

const INTEGER_BITS: Readonly<Record<string, number>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  integer: 32,
  bigint: 64,
};

const UNLIMITED = Number.POSITIVE_INFINITY;

/** Of texts without a length of their own; characters and bytes of one name hold as much. */
const BLOB_LENGTHS: Readonly<Record<string, number>> = {
  tiny: 255,
  '': 65_535,
  medium: 16_777_215,
  long: 4_294_967_295,
};

const CHARACTER_NAMES: Readonly<Record<string, { readonly isPadded: boolean }>> = {
  varchar: { isPadded: false },
  'character varying': { isPadded: false },
  // Values of MySQL's CHAR come without their padding, PostgreSQL's with it.
  char: { isPadded: false },
  character: { isPadded: true },
};

const BYTE_NAMES: Readonly<Record<string, { readonly isPadded: boolean }>> = {
  varbinary: { isPadded: false },
  binary: { isPadded: true },
};

/** How `to` stands to `from`. */
export function typeChange(from: string, to: string): TypeChange {
  if (from === to) return 'same';
  // Only PostgreSQL says `character varying`, and its text has no limit.
  const isPostgres = [from, to].some((type) => /^character\b/.test(type));
  const [old, now] = [extentOf(from, isPostgres), extentOf(to, isPostgres)];
  if (old === null || now === null) return elementChange(from, to);
  const [holds, isHeld] = [contains(now, old), contains(old, now)];
  if (holds) return isHeld ? 'same' : 'widened';
  return isHeld ? 'narrowed' : 'retyped';
}

/** Arrays are as wide as their elements. */
function elementChange(from: string, to: string): TypeChange {
  const isArray = from.endsWith('[]') && to.endsWith('[]');
  return isArray ? typeChange(from.slice(0, -2), to.slice(0, -2)) : 'retyped';
}

const NAME = '(character varying|bit varying|double precision|[a-z][a-z0-9_]*)';
const TYPE = new RegExp(`^${NAME}(?:\\((\\d+)(?:,(-?\\d+))?\\))?(?: (.+))?$`);

function extentOf(type: string, isPostgres: boolean): Extent | null {
  const match = TYPE.exec(type.toLowerCase());
  if (match === null) return null;
  const [, name = '', first, second, rest = ''] = match;
  const length = first === undefined ? null : Number(first);
  const scale = second === undefined ? null : Number(second);
  const isUnsigned = /\bunsigned\b/.test(rest);
  return (
    integerOf(name, isUnsigned) ??
    numberOf(name, length, scale, isUnsigned) ??
    textOf(name, length, isPostgres) ??
    timeOf(name, rest, length)
  );
}

function integerOf(name: string, isUnsigned: boolean): Extent | null {
  const bits = INTEGER_BITS[name];
  if (bits === undefined) return null;
  const size = BigInt(bits);
  return isUnsigned
    ? { kind: 'integer', low: 0n, high: (1n << size) - 1n }
    : { kind: 'integer', low: -(1n << (size - 1n)), high: (1n << (size - 1n)) - 1n };
}

function numberOf(
  name: string,
  length: number | null,
  scale: number | null,
  isUnsigned: boolean,
): Extent | null {
  switch (name) {
    case 'numeric':
    case 'decimal':
      return length === null
        ? { kind: 'decimal', digits: UNLIMITED, scale: UNLIMITED, isUnsigned }
        : { kind: 'decimal', digits: length - (scale ?? 0), scale: scale ?? 0, isUnsigned };
    case 'real':
    case 'float':
      return { kind: 'float', bits: 32, isUnsigned };
    case 'double':
    case 'double precision':
      return { kind: 'float', bits: 64, isUnsigned };
    default:
      return null;
  }
}

function textOf(name: string, length: number | null, isPostgres: boolean): Extent | null {
  const characters = CHARACTER_NAMES[name];
  if (characters !== undefined) {
    const isVarying = name === 'character varying' && length === null;
    return { kind: 'characters', length: isVarying ? UNLIMITED : (length ?? 1), ...characters };
  }
  const bytes = BYTE_NAMES[name];
  if (bytes !== undefined) return { kind: 'bytes', length: length ?? 1, ...bytes };
  if (name === 'bit varying') {
    return { kind: 'varying-bits', length: length ?? UNLIMITED, isPadded: false };
  }
  if (name === 'bytea') return { kind: 'bytes', length: UNLIMITED, isPadded: false };
  const large = /^(tiny|medium|long|)(text|blob)$/.exec(name);
  if (large === null) return null;
  const kind = large[2] === 'text' ? 'characters' : 'bytes';
  const most = isPostgres ? UNLIMITED : (BLOB_LENGTHS[large[1] ?? ''] ?? UNLIMITED);
  return { kind, length: most, isPadded: false };
}

/** `timestamp(3) with time zone`; MySQL's have no fraction without a number. */
function timeOf(name: string, rest: string, length: number | null): Extent | null {
  if (!/^(?:timestamp|time|datetime|interval)$/.test(name)) return null;
  const isPostgres = /^with(?:out)? time zone$/.test(rest) || name === 'interval';
  return { kind: 'time', of: `${name} ${rest}`, digits: length ?? (isPostgres ? 6 : 0) };
}

function contains(now: Extent, old: Extent): boolean {
  if (now.kind === 'integer' && old.kind === 'integer') {
    return now.low <= old.low && now.high >= old.high;
  }
  if ('isUnsigned' in now && now.isUnsigned && !isNeverNegative(old)) return false;
  if (now.kind === 'decimal' && old.kind === 'decimal') {
    return now.digits >= old.digits && now.scale >= old.scale;
  }
  if (now.kind === 'decimal' && old.kind === 'integer') {
    const bound = 10n ** BigInt(Math.min(now.digits, 40));
    return old.high < bound && -old.low < bound;
  }
  if (now.kind === 'float' && old.kind === 'float') return now.bits >= old.bits;
  if (now.kind === 'time' && old.kind === 'time') {
    return now.of === old.of && now.digits >= old.digits;
  }
  if ('length' in now && 'length' in old && now.kind === old.kind) {
    if (now.isPadded && now.length !== old.length) return false;
    return now.length >= old.length;
  }
  return false;
}

function isNeverNegative(extent: Extent): boolean {
  if (extent.kind === 'integer') return extent.low === 0n;
  return 'isUnsigned' in extent && extent.isUnsigned;
}
