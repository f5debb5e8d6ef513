import { unreachable } from '../foundation/assert.ts';
import type { EnumType, OptionType, OptionValue } from './option.ts';
import { compilePattern, PatternError, splitPatterns } from './pattern-list.ts';

/** What became of a raw value. `rule` completes the sentence "the value …". */
export type ParsedValue =
  | { readonly kind: 'value'; readonly value: OptionValue }
  | { readonly kind: 'invalid'; readonly rule: string }
  | { readonly kind: 'refused'; readonly reason: string };

type NumericType = Extract<OptionType, { kind: 'int' | 'duration' | 'bytes' }>;

const DURATION_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  tb: 1024 ** 4,
};

/** Turns the text of a property into its typed value. Pure: it knows neither name nor place. */
export function parseOptionValue(type: OptionType, text: string): ParsedValue {
  switch (type.kind) {
    case 'string':
      return { kind: 'value', value: text };
    case 'boolean':
      return parseBoolean(text);
    case 'int':
      return parseNumber(type, text, /^([+-]?\d+)()$/, { '': 1 }, 'a whole number');
    case 'duration':
      return parseNumber(
        type,
        text,
        /^([+-]?\d+(?:\.\d+)?) ?([a-z]*)$/i,
        DURATION_UNITS,
        'a duration (milliseconds, or with a unit: 500ms, 10s, 5m, 1h, 7d)',
      );
    case 'bytes':
      return parseNumber(
        type,
        text,
        /^([+-]?\d+(?:\.\d+)?) ?([a-z]*)$/i,
        BYTE_UNITS,
        'a size (bytes, or with a unit: 64kb, 16mb, 2gb)',
      );
    case 'enum':
      return parseEnum(type, text);
    case 'list':
      return { kind: 'value', value: type.verbatim === true ? [text] : splitList(text) };
    case 'regex':
      return parsePatterns([text], '', (patterns) => patterns[0]);
    case 'regex-list':
      return parsePatterns(splitPatterns(text), 'i', (patterns) => patterns);
    default:
      return unreachable(type);
  }
}

/** What a value of the type looks like, for tables and messages. */
export function describeOptionType(type: OptionType): string {
  switch (type.kind) {
    case 'enum':
      return type.values.map((value) => `\`${value}\``).join(', ');
    case 'int':
    case 'duration':
    case 'bytes': {
      const name = type.kind === 'int' ? 'whole number' : type.kind;
      const bounds = describeBounds(type);
      return bounds === '' ? name : `${name}, ${bounds}`;
    }
    case 'regex':
      return 'regular expression';
    case 'regex-list':
      return 'regular expressions';
    case 'string':
      return 'text';
    case 'boolean':
    case 'list':
      return type.kind;
    default:
      return unreachable(type);
  }
}

function parseBoolean(text: string): ParsedValue {
  const word = text.toLowerCase();
  if (word === 'true' || word === 'false') return { kind: 'value', value: word === 'true' };
  return { kind: 'invalid', rule: 'must be true or false' };
}

function parseNumber(
  type: NumericType,
  text: string,
  form: RegExp,
  units: Readonly<Record<string, number>>,
  what: string,
): ParsedValue {
  const match = form.exec(text);
  const factor = match === null ? undefined : units[(match[2] ?? '').toLowerCase()];
  if (match === null || factor === undefined) return { kind: 'invalid', rule: `must be ${what}` };
  const value = Math.round(Number(match[1]) * factor);
  const tooSmall = type.min !== undefined && value < type.min;
  const tooLarge = value > (type.max ?? Number.MAX_SAFE_INTEGER);
  if (tooSmall || tooLarge || !Number.isSafeInteger(value)) {
    return { kind: 'invalid', rule: `must be ${describeBounds(type) || 'a smaller number'}` };
  }
  return { kind: 'value', value };
}

function describeBounds(type: NumericType): string {
  if (type.min !== undefined && type.max !== undefined) return `${type.min} to ${type.max}`;
  if (type.min !== undefined) return `at least ${type.min}`;
  return type.max === undefined ? '' : `at most ${type.max}`;
}

function parseEnum(type: EnumType, text: string): ParsedValue {
  const word = text.toLowerCase();
  const same = (candidate: string): boolean => candidate.toLowerCase() === word;
  const alias = Object.keys(type.aliases ?? {}).find(same);
  const value = alias === undefined ? type.values.find(same) : type.aliases?.[alias];
  if (value !== undefined) return { kind: 'value', value };
  const refused = Object.keys(type.refused ?? {}).find(same);
  if (refused !== undefined) return { kind: 'refused', reason: type.refused?.[refused] ?? '' };
  return { kind: 'invalid', rule: `must be one of ${type.values.join(', ')}` };
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function parsePatterns(
  sources: readonly string[],
  flags: '' | 'i',
  choose: (patterns: readonly RegExp[]) => OptionValue,
): ParsedValue {
  const patterns: RegExp[] = [];
  for (const source of sources) {
    try {
      patterns.push(compilePattern(source, flags));
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      return {
        kind: 'invalid',
        rule: `${sources.length > 1 ? `has a part that ` : ''}${error.message}`,
      };
    }
  }
  return { kind: 'value', value: choose(patterns) };
}
