import { describe, expect, test } from 'vitest';
import type { OptionType } from '../../src/config/option.ts';
import { describeOptionType, parseOptionValue } from '../../src/config/option-value.ts';

const value = (parsed: unknown): unknown => ({ kind: 'value', value: parsed });

describe('parseOptionValue', () => {
  test.each<[OptionType, string, unknown]>([
    [{ kind: 'boolean' }, 'TRUE', true],
    [{ kind: 'int' }, '-1', -1],
    [{ kind: 'duration' }, '1500', 1500],
    [{ kind: 'duration' }, '10s', 10_000],
    [{ kind: 'duration' }, '1.5h', 5_400_000],
    [{ kind: 'duration' }, '7 d', 604_800_000],
    [{ kind: 'bytes' }, '64KB', 65_536],
    [{ kind: 'bytes' }, '2gb', 2 * 1024 ** 3],
    [{ kind: 'list' }, ' a, b ,', ['a', 'b']],
    [{ kind: 'enum', values: ['fast', 'slow'] }, 'FAST', 'fast'],
    [
      { kind: 'enum', values: ['avro'], aliases: { 'x.AvroConverter': 'avro' } },
      'x.AvroConverter',
      'avro',
    ],
    [{ kind: 'string' }, '007', '007'],
  ])('%j of %s', (type, text, expected) => {
    expect(parseOptionValue(type, text)).toEqual(value(expected));
  });

  test.each<[OptionType, string, string]>([
    [{ kind: 'boolean' }, 'yes', 'must be true or false'],
    [{ kind: 'int' }, '1.5', 'must be a whole number'],
    [{ kind: 'int', min: 1, max: 65535 }, '0', 'must be 1 to 65535'],
    [{ kind: 'int', min: 0 }, '-1', 'must be at least 0'],
    [{ kind: 'int' }, '9'.repeat(20), 'must be a smaller number'],
    [{ kind: 'duration' }, '10 fortnights', 'must be a duration'],
    [{ kind: 'bytes' }, '1x', 'must be a size'],
    [{ kind: 'enum', values: ['a', 'b'] }, 'c', 'must be one of a, b'],
    [{ kind: 'regex' }, 'a(', 'is not a regular expression'],
  ])('%j refuses %s', (type, text, rule) => {
    expect(parseOptionValue(type, text)).toEqual({
      kind: 'invalid',
      rule: expect.stringContaining(rule) as string,
    });
  });

  test('a known value that is not built comes with its reason', () => {
    const type: OptionType = { kind: 'enum', values: ['a'], refused: { Kafka: 'later' } };
    expect(parseOptionValue(type, 'kafka')).toEqual({ kind: 'refused', reason: 'later' });
  });

  test('a list of patterns is compiled one by one', () => {
    const parsed = parseOptionValue({ kind: 'regex-list' }, 'public\\..*,(a,b)');
    expect(parsed).toEqual(value([/^(?:public\..*)$/i, /^(?:(a,b))$/i]));
  });
});

test('types describe themselves with their bounds', () => {
  expect(describeOptionType({ kind: 'int', min: 1, max: 2 })).toBe('whole number, 1 to 2');
  expect(describeOptionType({ kind: 'duration' })).toBe('duration');
  expect(describeOptionType({ kind: 'enum', values: ['a', 'b'] })).toBe('`a`, `b`');
});
