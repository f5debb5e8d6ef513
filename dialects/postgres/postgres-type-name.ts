/**
 * Type names that arrive in schema parameters come from the wire: anybody who can write to a topic
 * can write them. They are parsed against this closed grammar and printed anew; no text of the wire
 * reaches DDL (a type `int); DROP TABLE x; --` is simply not a type).
 *
 *   type   := (scalar | name) "[]"*
 *   scalar := word [ "(" int [ "," int ] ")" ] [ "with time zone" | "without time zone" ]
 *   name   := ident [ "." ident ]
 *   ident  := [a-z_][a-z0-9_$]* | '"' (any but NUL, '""' for a quote) '"'
 */
export interface PostgresType {
  /** A built-in type's canonical name, or null for a type of the source's own. */
  readonly builtin: string | null;
  /** Name without schema of a type of the source's own. */
  readonly userType: string | null;
  /** `(10,2)`, `(3)` or empty. */
  readonly modifier: string;
  readonly isArray: boolean;
}

interface BuiltinRule {
  readonly name: string;
  /** How many numbers may stand in brackets. */
  readonly modifiers: 0 | 1 | 2;
}

function rule(name: string, modifiers: 0 | 1 | 2 = 0): BuiltinRule {
  return { name, modifiers };
}

/** Types without a modifier and without a second name. */
function names(list: string): readonly (readonly [string, BuiltinRule])[] {
  return list.split(/\s+/).map((name) => [name, rule(name)] as const);
}

const BUILTINS: ReadonlyMap<string, BuiltinRule> = new Map([
  ['smallint', rule('smallint')],
  ['int2', rule('smallint')],
  ['integer', rule('integer')],
  ['int', rule('integer')],
  ['int4', rule('integer')],
  ['bigint', rule('bigint')],
  ['int8', rule('bigint')],
  // A serial is an integer with a default: the values come from the source.
  ['smallserial', rule('smallint')],
  ['serial', rule('integer')],
  ['bigserial', rule('bigint')],
  ['real', rule('real')],
  ['float4', rule('real')],
  ['double precision', rule('double precision')],
  ['float8', rule('double precision')],
  ['numeric', rule('numeric', 2)],
  ['decimal', rule('numeric', 2)],
  ['boolean', rule('boolean')],
  ['bool', rule('boolean')],
  ['text', rule('text')],
  ['character varying', rule('character varying', 1)],
  ['varchar', rule('character varying', 1)],
  ['character', rule('character', 1)],
  ['char', rule('character', 1)],
  ['bpchar', rule('bpchar', 1)],
  ['"char"', rule('"char"')],
  ['name', rule('name')],
  ['bytea', rule('bytea')],
  ['date', rule('date')],
  ['time', rule('time without time zone', 1)],
  ['time without time zone', rule('time without time zone', 1)],
  ['time with time zone', rule('time with time zone', 1)],
  ['timetz', rule('time with time zone', 1)],
  ['timestamp', rule('timestamp without time zone', 1)],
  ['timestamp without time zone', rule('timestamp without time zone', 1)],
  ['timestamp with time zone', rule('timestamp with time zone', 1)],
  ['timestamptz', rule('timestamp with time zone', 1)],
  ['uuid', rule('uuid')],
  ['json', rule('json')],
  ['jsonb', rule('jsonb')],
  ['xml', rule('xml')],
  ['inet', rule('inet')],
  ['cidr', rule('cidr')],
  ['macaddr', rule('macaddr')],
  ['macaddr8', rule('macaddr8')],
  ['oid', rule('oid')],
  ['bit', rule('bit', 1)],
  ['bit varying', rule('bit varying', 1)],
  ['varbit', rule('bit varying', 1)],
  ...names(
    `tsvector tsquery jsonpath pg_lsn money point line lseg box path polygon circle
    int4range int8range numrange tsrange tstzrange daterange
    int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange
    xid xid8 cid tid refcursor int2vector oidvector pg_snapshot txid_snapshot`,
  ),
]);

const INTERVAL_UNIT = '(?:year|month|day|hour|minute|second)';
const INTERVAL = new RegExp(
  `^interval(?: ${INTERVAL_UNIT}(?: to ${INTERVAL_UNIT})?)?(?:\\(\\d\\))?$`,
);

const NUMBERS = String.raw`\(\s*-?\d{1,5}\s*(?:,\s*-?\d{1,5}\s*)?\)`;
const SCALAR = new RegExp(`^([a-z_"][a-z0-9_" ]*?)\\s*(${NUMBERS})?( with(?:out)? time zone)?$`);

const IDENTIFIER = String.raw`(?:[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*|"(?:[^"\u0000]|"")+")`;
const USER_TYPE = new RegExp(`^(?:(${IDENTIFIER})\\.)?(${IDENTIFIER})$`, 'u');

function unquote(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

function parseBuiltin(text: string): { builtin: string; modifier: string } | null {
  if (INTERVAL.test(text)) return { builtin: text, modifier: '' };
  const match = SCALAR.exec(text);
  if (match === null) return null;
  const [, word = '', modifier = '', zone = ''] = match;
  const found = BUILTINS.get(`${word}${zone}`);
  if (found === undefined) return null;
  const numbers = modifier === '' ? 0 : modifier.split(',').length;
  if (numbers > found.modifiers) return null;
  return { builtin: found.name, modifier: modifier.replaceAll(/\s/g, '') };
}

/** Parses a type name as `format_type` prints it; null when it is not one. */
export function parsePostgresType(text: string): PostgresType | null {
  if (text.length > 300) return null;
  let base = text.trim();
  let isArray = false;
  // `integer[][]` and `integer[]` are one type; so is `integer[3]`.
  while (true) {
    const stripped = base.replace(/\s*\[\d{0,10}\]$/, '');
    if (stripped === base) break;
    base = stripped;
    isArray = true;
  }
  const scalar = parseBuiltin(base);
  if (scalar !== null) return { ...scalar, userType: null, isArray };
  const match = USER_TYPE.exec(base);
  if (match === null) return null;
  return { builtin: null, userType: unquote(match[2] as string), modifier: '', isArray };
}

/** `timestamp(3) without time zone`, `numeric(10,2)`, `interval second(3)`. */
export function printBuiltin(builtin: string, modifier: string): string {
  const zone = / with(?:out)? time zone$/.exec(builtin);
  if (zone === null) return `${builtin}${modifier}`;
  return `${builtin.slice(0, zone.index)}${modifier}${zone[0]}`;
}
