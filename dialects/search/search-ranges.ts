import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import { asString } from '../connect-values.ts';
import { instantText } from '../time-text.ts';
import type { SearchField, SearchTarget } from './search-target.ts';
import { KEPT, KEYWORD, orElse } from './search-target.ts';

/*
 * Ranges of PostgreSQL: `{"text": "[1,10)", "range": {"gte": 1, "lt": 10}}`. The text is exact; the
 * range is for the index, and may be a little wider where that has less digits: milliseconds of a
 * `date_range`, doubles of a `double_range`. Either product refuses a document whose range is empty
 * in its digits, or whose year it cannot read. A side without bound has none there, neither have
 * infinite times; an empty range is its text only. A multirange has a list of ranges.
 */

type Bounds = (range: RangeText) => string | null;

interface RangeText {
  readonly low: string;
  readonly high: string;
  readonly withLow: boolean;
  readonly withHigh: boolean;
}

const RANGE = /([[(])(?:"([^"]*)"|([^",\])]*)),(?:"([^"]*)"|([^",\])]*))([\])])/g;

function rangesOf(text: string): readonly RangeText[] {
  return [...text.matchAll(RANGE)].map((match) => ({
    low: match[2] ?? match[3] ?? '',
    high: match[4] ?? match[5] ?? '',
    withLow: match[1] === '[',
    withHigh: match[6] === ']',
  }));
}

function object(...members: readonly (string | null)[]): string {
  return `{${members.filter((member) => member !== null).join(',')}}`;
}

function bound(name: string, value: string): string | null {
  return value === '' ? null : `"${name}":${value}`;
}

/** PostgreSQL prints ranges of whole numbers as `[low,high)`. */
const wholeBounds: Bounds = ({ low, high, withLow, withHigh }) =>
  object(bound(withLow ? 'gte' : 'gt', low), bound(withHigh ? 'lte' : 'lt', high));

/** Nearer to each other, bounds that are left out could leave no double between them. */
const CLOSE = 1e-9;

/** Past what a double can be is no bound for one; both bounds past it are no range. */
function doubleBound(text: string): number | null {
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

const doubleBounds: Bounds = ({ low, high, withLow, withHigh }) => {
  const [from, to] = [doubleBound(low), doubleBound(high)];
  if (Number(low) === Infinity || Number(high) === -Infinity) return null;
  const size = Math.max(Math.abs(from ?? 0), Math.abs(to ?? 0));
  const isClose = from !== null && to !== null && to - from <= size * CLOSE;
  return object(
    from === null ? null : `"${withLow || isClose ? 'gte' : 'gt'}":${from}`,
    to === null ? null : `"${withHigh || isClose ? 'lte' : 'lt'}":${to}`,
  );
};

const TIME = /^(\d{4,})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(.*?)( BC)?$/;
const FIRST = '0001-01-01';
const LAST = '9999-12-31T23:59:59.999Z';

interface Moment {
  /** With milliseconds, rounded down; an ISO 8601 text. */
  readonly text: string;
  readonly isWhole: boolean;
}

/** Null: no bound that an index could have. */
function moment(text: string): Moment | 'before' | 'after' | null {
  if (text === '' || text.endsWith('infinity')) return null;
  const match = TIME.exec(text);
  if (match === null) return null;
  const [, year = '', month, day, hour, minute, second, digits = ''] = match;
  if (match[9] !== undefined) return 'before';
  if (year.length > 4) return 'after';
  if (hour === undefined) return { text: `${year}-${month}-${day}`, isWhole: true };
  const isWhole = /^0*$/.test(digits.slice(3));
  const fraction = digits.slice(0, 3).padEnd(3, '0');
  const clock = `${hour}:${minute}:${second}`;
  if (match[8] === '') return { text: `${year}-${month}-${day}T${clock}.${fraction}`, isWhole };
  const utc = instantText(`${year}-${month}-${day} ${clock}.${fraction}${match[8] ?? ''}`);
  return { text: `${utc.slice(0, 23).replace(' ', 'T')}Z`, isWhole };
}

const timeBounds: Bounds = ({ low, high, withHigh }) => {
  const [from, to] = [moment(low), moment(high)];
  const begin = from === 'after' ? LAST : from === 'before' ? null : (from?.text ?? null);
  const end = to === 'before' ? FIRST : to === 'after' ? null : (to?.text ?? null);
  const isOpen = typeof to === 'object' && to !== null && to.isWhole && !withHigh;
  return object(
    begin === null ? null : `"gte":"${begin}"`,
    end === null ? null : `"${isOpen ? 'lt' : 'lte'}":"${end}"`,
  );
};

const KINDS: Readonly<Record<string, readonly [type: string, bounds: Bounds]>> = {
  int4: ['long_range', wholeBounds],
  int8: ['long_range', wholeBounds],
  num: ['double_range', doubleBounds],
  ts: ['date_range', timeBounds],
  tstz: ['date_range', timeBounds],
  date: ['date_range', timeBounds],
};

/** A range or multirange that PostgreSQL has by itself; undefined: the type is another. */
export function rangeField(sourceType: string, target: SearchTarget): SearchField | undefined {
  const match = /^(int4|int8|num|tstz|ts|date)(multi)?range$/.exec(sourceType);
  const kind = match === null ? undefined : KINDS[match[1] ?? ''];
  if (match === null || kind === undefined) return undefined;
  const [type, bounds] = kind;
  const isMulti = match[2] !== undefined;
  const mapping: JsonObject = {
    properties: { text: KEYWORD, range: orElse(target, { type }, KEPT) },
  };
  return {
    mapping,
    encode: (value) => {
      const text = asString(value);
      const ranges = rangesOf(text)
        .map(bounds)
        .filter((one) => one !== null);
      const shown = `"text":${JSON.stringify(text)}`;
      if (isMulti) return `{${shown},"range":[${ranges.join(',')}]}`;
      return ranges[0] === undefined ? `{${shown}}` : `{${shown},"range":${ranges[0]}}`;
    },
  };
}

/** The bits of an IPv4 address in one of IPv6: no product takes such a network. */
const MAPPED = /^::ffff:/i;

/** A network: found by its text, and by each address in it (`range`). */
export function networkField(target: SearchTarget): SearchField {
  return {
    mapping: { properties: { text: KEYWORD, range: orElse(target, { type: 'ip_range' }, KEPT) } },
    encode: (value) => {
      const text = JSON.stringify(asString(value));
      const isNetwork = text.includes('/') && !MAPPED.test(asString(value));
      return isNetwork ? `{"text":${text},"range":${text}}` : `{"text":${text}}`;
    },
  };
}
