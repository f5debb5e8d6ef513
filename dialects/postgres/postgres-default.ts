/** A default that is a constant, as the text that the type's input function takes. */
export interface LiteralDefault {
  /** Null: the default is NULL. */
  readonly text: string | null;
}

const NUMBER = /^\(?(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\)?$/;
const STRING = /^(?:E'((?:[^'\\]|''|\\\\|\\')*)'|'((?:[^']|'')*)')/;
/** One cast to a type name: words, a qualified or quoted name, a typmod, array brackets. */
const CAST =
  /^::(?:"(?:[^"]|"")+"|[\w ]+)(?:\.(?:"(?:[^"]|"")+"|\w+))?(?:\([\d, ]+\))?[\w ]*(?:\[\])*$/;
/** Words that the input functions take for a moment in time and not for a constant. */
const MOVING = /^(?:now|today|tomorrow|yesterday)$/i;

/**
 * Reads pg_get_expr's text of a column default. Only plain constants are recognised (`42`, `true`,
 * `'a''b'::text`, `'{1,2}'::integer[]`); for functions and expressions the answer is undefined:
 * inventing a value would make the schema's default a lie.
 */
export function literalDefault(expression: string): LiteralDefault | undefined {
  if (expression === 'true') return { text: 't' };
  if (expression === 'false') return { text: 'f' };
  const numeral = NUMBER.exec(withoutNumericCast(expression));
  if (numeral !== null) return { text: numeral[1] as string };
  if (/^NULL(?:::.*)?$/.test(expression)) {
    return expression === 'NULL' || CAST.test(expression.slice(4)) ? { text: null } : undefined;
  }
  const quoted = STRING.exec(expression);
  if (quoted === null) return undefined;
  const cast = expression.slice(quoted[0].length);
  if (cast !== '' && !CAST.test(cast)) return undefined;
  const [, escaped, plain] = quoted;
  const text =
    escaped === undefined
      ? (plain as string).replaceAll("''", "'")
      : escaped.replaceAll(
          /''|\\(.)/g,
          (match, char: string | undefined) => char ?? match[0] ?? '',
        );
  return MOVING.test(text) ? undefined : { text };
}

/** `(1)::numeric`, `(0)::double precision`: a numeral that was cast. */
function withoutNumericCast(expression: string): string {
  const match = /^\((-?[\d.]+)\)(::.*)$/.exec(expression);
  return match !== null && CAST.test(match[2] as string) ? (match[1] as string) : expression;
}

const BIT = '0';
const ZERO = '0';
const EMPTY = '';
const JSON_OBJECT = '{}';

/** The types whose defaults Debezium reads, and what it writes where a function makes the value. */
const DEBEZIUM_PLACEHOLDERS: Readonly<Record<string, string>> = {
  bit: BIT,
  varbit: BIT,
  bool: 'f',
  bpchar: EMPTY,
  varchar: EMPTY,
  text: EMPTY,
  numeric: ZERO,
  float4: ZERO,
  float8: ZERO,
  int2: ZERO,
  int4: ZERO,
  int8: ZERO,
  json: JSON_OBJECT,
  jsonb: JSON_OBJECT,
  xml: EMPTY,
  uuid: '00000000-0000-0000-0000-000000000000',
  date: '1970-01-01',
  time: '00:00:00',
  timestamp: '1970-01-01 00:00:00',
  timestamptz: '1970-01-01 00:00:00+00',
  interval: 'PT0S',
};

const FUNCTION = /^\(?[A-Za-z0-9_.]+\(.*\)/s;
const CURRENT = /^(?:current_(?:timestamp|time|date)|localtime(?:stamp)?)$/i;

/**
 * The default that a schema of Debezium shows: of some types only, and a zero where a function
 * makes the value. `typeName` is that of the root type, `enum` for all enums.
 */
export function debeziumDefault(expression: string, typeName: string): LiteralDefault | undefined {
  if (typeName === 'enum') return literalDefault(expression);
  const placeholder = DEBEZIUM_PLACEHOLDERS[typeName];
  if (placeholder === undefined) return undefined;
  const made = FUNCTION.test(expression) || CURRENT.test(expression);
  return made ? { text: placeholder } : literalDefault(expression);
}
