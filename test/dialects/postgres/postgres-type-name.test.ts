import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePostgresType, printBuiltin } from '../../../dialects/postgres/postgres-type-name.ts';

function reprint(text: string): string | null {
  const type = parsePostgresType(text);
  if (type === null || type.builtin === null) return null;
  return `${printBuiltin(type.builtin, type.modifier)}${type.isArray ? '[]' : ''}`;
}

describe('types are parsed and printed anew', () => {
  test.each([
    ['integer', 'integer'],
    ['numeric(10,2)', 'numeric(10,2)'],
    ['numeric(5,-2)', 'numeric(5,-2)'],
    ['character varying(20)[]', 'character varying(20)[]'],
    ['timestamp(3) without time zone', 'timestamp(3) without time zone'],
    ['time with time zone', 'time with time zone'],
    ['timestamptz', 'timestamp with time zone'],
    ['serial', 'integer'],
    ['integer[3][]', 'integer[]'],
    ['"char"', '"char"'],
    ['interval second(3)', 'interval second(3)'],
    ['interval day to second', 'interval day to second'],
    ['money', 'money'],
    ['nummultirange[]', 'nummultirange[]'],
    ['polygon', 'polygon'],
    ['pg_lsn', 'pg_lsn'],
  ])('%s is %s', (text, printed) => {
    expect(reprint(text)).toBe(printed);
  });

  test.each([
    ['mood', 'mood'],
    ['public.mood', 'mood'],
    ['"my schema"."My ""Mood"""[]', 'My "Mood"'],
  ])("%s is a type of the source's own", (text, name) => {
    expect(parsePostgresType(text)).toMatchObject({ builtin: null, userType: name });
  });

  test.each([
    'int); DROP TABLE x; --',
    'integer DEFAULT pg_sleep(1)',
    'numeric(10,2,3)',
    'text(5)',
    'mood; select',
    'a.b.c',
    '"unclosed',
    '"nul\0"',
    '',
    'x'.repeat(301),
  ])('%j is none', (text) => {
    expect(parsePostgresType(text)).toBeNull();
  });

  test('whatever comes in, only known words, numbers and brackets come out', () => {
    const words = fc.constantFrom(
      'integer',
      'numeric',
      '(',
      ')',
      '10',
      ',',
      '[]',
      ' ',
      ';',
      '--',
      "'",
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(words).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const printed = reprint(text);
        if (printed !== null)
          expect(printed).toMatch(/^[a-z0-9" ]+(\(-?\d+(,-?\d+)?\))?[a-z ]*(\[\])?$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
