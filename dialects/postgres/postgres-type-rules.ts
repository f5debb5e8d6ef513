import type { TargetColumn, WantedType, Widening } from '../dialect.ts';
import type { PostgresType } from './postgres-type-name.ts';
import { parsePostgresType } from './postgres-type-name.ts';

/*
 * Which type has room for all values of which other: one table, compiled once, from which follow
 * both what a column holds and into what it may be widened. Types that are not in it have room for
 * themselves. Arrays go by their elements.
 */

/** What stands in the brackets of a type. */
type Numbers = readonly number[];
type Room = (from: Numbers, to: Numbers) => boolean;

interface Rule {
  readonly fits: Room;
  /**
   * ALTER leaves the rows as they are, because the server sees that nothing in them changes;
   * undefined: ALTER would lose something, or make something else of it. Records may go there.
   */
  readonly inCatalog?: Room;
}

const ALWAYS: Room = () => true;
const NEVER: Room = () => false;

/** The length of the second is at least that of the first; `none` where no length is named. */
function lengths(none: number, noneTo = none): Room {
  return ([from = none], [to = noneTo]) => to >= from;
}

const unlimited: Room = (_from, to) => to.length === 0;

/** A number of so many digits, in a numeric of as many in front of the point. */
function digits(count: number): Room {
  return (_from, [precision, scale = 0]) => precision === undefined || precision - scale >= count;
}

const numericFits: Room = (from, to) => {
  const [precision, scale = 0] = from;
  const [wider, behind = 0] = to;
  if (wider === undefined) return true;
  if (precision === undefined) return false;
  return behind >= scale && wider - behind >= precision - scale;
};

const sameScale: Room = ([, scale = 0], to) => to.length === 0 || (to[1] ?? 0) === scale;

/** Letters of the longest name and of the longest label of an enum, in bytes. */
const NAME_LENGTH = 63;
const holdsName: Room = (_from, [to = Infinity]) => to >= NAME_LENGTH;

/** Digits of a fraction of a second: six where none are named. */
const FRACTION: Rule = { fits: lengths(6), inCatalog: ALWAYS };

const CLOCKS = ['time', 'timestamp'].flatMap((name) => [
  `${name} without time zone`,
  `${name} with time zone`,
]);

/** An interval of such fields keeps nothing else. */
const INTERVAL_FIELDS = [
  'year',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'year to month',
  'day to hour',
  'day to minute',
  'day to second',
  'hour to minute',
  'hour to second',
  'minute to second',
].map((fields) => `interval ${fields}`);

const rewritten = (fits: Room = ALWAYS): Rule => ({ fits, inCatalog: NEVER });
const inPlace = (fits: Room = ALWAYS): Rule => ({ fits, inCatalog: ALWAYS });
const forRecords = (fits: Room = ALWAYS): Rule => ({ fits });

/** From, to, and on which conditions. */
const TABLE: readonly (readonly [from: string, to: string, rule: Rule])[] = [
  ['smallint', 'integer', rewritten()],
  ['smallint', 'bigint', rewritten()],
  ['integer', 'bigint', rewritten()],
  ['oid', 'bigint', rewritten()],
  ['smallint', 'numeric', rewritten(digits(5))],
  ['integer', 'numeric', rewritten(digits(10))],
  ['bigint', 'numeric', rewritten(digits(19))],
  ['numeric', 'numeric', { fits: numericFits, inCatalog: sameScale }],
  ['smallint', 'real', rewritten()],
  ['smallint', 'double precision', rewritten()],
  ['integer', 'double precision', rewritten()],
  ['real', 'double precision', rewritten()],

  // Spaces at the end of a char mean nothing, and its cast to another type leaves them out.
  ['character', 'character', rewritten(lengths(1))],
  ['character', 'bpchar', inPlace()],
  ['character', 'character varying', rewritten(lengths(1, Infinity))],
  ['character', 'text', rewritten()],
  ['bpchar', 'character varying', rewritten(unlimited)],
  ['bpchar', 'text', rewritten()],
  ['character varying', 'character varying', inPlace(lengths(Infinity))],
  ['character varying', 'text', inPlace()],
  ['text', 'character varying', inPlace(unlimited)],
  ['name', 'character varying', rewritten(holdsName)],
  ['name', 'text', rewritten()],
  ['enum', 'character varying', rewritten(holdsName)],
  ['enum', 'text', rewritten()],
  // One byte, which need not be a letter of the database's encoding.
  ['"char"', 'text', forRecords()],

  // Filled up with zeros a bit string would be another one.
  ['bit', 'bit', rewritten(([from = 1], [to = 1]) => from === to)],
  ['bit', 'bit varying', { fits: lengths(1, Infinity), inCatalog: unlimited }],
  ['bit varying', 'bit varying', inPlace(lengths(Infinity))],

  // A date may lie later than any timestamp, and midnight is not what it means.
  ['date', 'timestamp without time zone', forRecords()],
  ...CLOCKS.map((clock) => [clock, clock, FRACTION] as const),
  ['interval', 'interval', FRACTION],
  ...INTERVAL_FIELDS.map((fields) => [fields, 'interval', FRACTION] as const),
  ...INTERVAL_FIELDS.map((fields) => [fields, fields, FRACTION] as const),

  // Duplicate keys and blanks of a json are lost in a jsonb, which people choose knowingly.
  ['json', 'jsonb', forRecords()],
  ['jsonb', 'json', forRecords()],
  ['cidr', 'inet', inPlace()],
];

const RULES: ReadonlyMap<string, Rule> = new Map(
  TABLE.map(([from, to, rule]) => [`${from} → ${to}`, rule]),
);

interface Kind {
  readonly name: string;
  readonly numbers: Numbers;
}

const INTERVAL = /^(interval[a-z ]*)(?:\((\d)\))?$/;

function kindOf({ builtin, modifier }: PostgresType, isEnum: boolean): Kind | null {
  if (builtin === null) return isEnum ? { name: 'enum', numbers: [] } : null;
  const interval = INTERVAL.exec(builtin);
  if (interval !== null) {
    const [, name = '', precision] = interval;
    return { name, numbers: precision === undefined ? [] : [Number(precision)] };
  }
  return {
    name: builtin,
    numbers: modifier === '' ? [] : modifier.slice(1, -1).split(',').map(Number),
  };
}

function ruleOf(from: Kind, to: Kind): Rule | undefined {
  const rule = RULES.get(`${from.name} → ${to.name}`);
  return rule?.fits(from.numbers, to.numbers) === true ? rule : undefined;
}

function fits(from: Kind, to: Kind): boolean {
  const isSelf = from.name === to.name && !RULES.has(`${from.name} → ${to.name}`);
  return isSelf || ruleOf(from, to) !== undefined;
}

/** A column of the first type takes every value of the second, as the server would convert it. */
export function postgresTypeFits(
  actual: PostgresType,
  wanted: PostgresType,
  type: WantedType,
): boolean {
  if (actual.isArray !== wanted.isArray) return false;
  if (actual.builtin === null && wanted.builtin === null) {
    return actual.userType === wanted.userType;
  }
  const from = kindOf(wanted, type.enumType !== null);
  const to = kindOf(actual, false);
  return from !== null && to !== null && fits(from, to);
}

/** One type for the server, whatever stands in brackets behind it. */
function isSameType(from: Kind, to: Kind): boolean {
  const isChar = from.name === 'character' && to.name === 'bpchar';
  return from.name === to.name || isChar || to.name === 'interval';
}

/** What it takes to give the column the wanted type; null: that type has not more room, or less. */
export function postgresWidening(column: TargetColumn, wanted: WantedType): Widening | null {
  const have = parsePostgresType(column.type);
  const want = parsePostgresType(wanted.ddl);
  // What a generated column has is not written by anybody.
  if (column.generated || have === null || want === null) return null;
  if (have.isArray !== want.isArray || want.builtin === null) return null;
  const from = kindOf(have, column.isEnum === true);
  const to = kindOf(want, false);
  if (from === null || to === null || fits(to, from)) return null;
  const rule = ruleOf(from, to);
  if (rule?.inCatalog === undefined) return null;
  // Of an array the server looks at every element, unless only a limit goes.
  const isSeen = !have.isArray || (isSameType(from, to) && to.numbers.length === 0);
  const isInCatalog = isSeen && rule.inCatalog(from.numbers, to.numbers);
  return { kind: isInCatalog ? 'catalog' : 'rewrite' };
}
