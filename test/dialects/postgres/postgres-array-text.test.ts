import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseArrayText } from '../../../dialects/postgres/postgres-array-text.ts';
import { parseText } from '../../../dialects/postgres/postgres-text-values.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import type { PostgresTextFormat } from '../../../src/model/table-schema.ts';

describe('parseArrayText (P97)', () => {
  test.each([
    ['{}', []],
    ['{1,-2,NULL}', ['1', '-2', null]],
    ['{a,"b c","q\\"x",NULL,"NULL",""}', ['a', 'b c', 'q"x', null, 'NULL', '']],
    ['{"a,b","{}","\\\\"}', ['a,b', '{}', '\\']],
    ['{\\NULL}', ['NULL']],
    ['[0:1]={1,2}', ['1', '2']],
    [
      '{{1,2},{3,4}}',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['[1:1][-2:-1]={{1,2}}', [['1', '2']]],
  ])('%s', (text, expected) => {
    expect(parseArrayText(text, ',')).toEqual(expected);
  });

  test('the delimiter is that of the type: boxes have a semicolon', () => {
    expect(parseArrayText('{(1,1),(0,0);(2,2),(1,1)}', ';')).toEqual([
      '(1,1),(0,0)',
      '(2,2),(1,1)',
    ]);
  });

  test.each(['', '1,2', '{1,2', '{1,2}x', '{"a}', '{a"b"}', '{,}', '{1,}', '{\\', '[0:1]'])(
    'refuses %j',
    (text) => {
      expect(() => parseArrayText(text, ',')).toThrow(
        expect.objectContaining({ code: 'VALUE_CONVERSION' }),
      );
    },
  );

  test('any strings, quoted as the server does', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string({ unit: 'grapheme' }))), (items) => {
        const quote = (item: string | null): string =>
          item === null ? 'NULL' : `"${item.replace(/["\\]/g, '\\$&')}"`;
        expect(parseArrayText(`{${items.map(quote).join(',')}}`, ',')).toEqual(items);
      }),
    );
  });
});

describe('values of arrays', () => {
  const items = (optional: boolean): readonly [PostgresTextFormat, ConnectSchema] => {
    const elementSchema: ConnectSchema = { type: 'int32', optional };
    const element: PostgresTextFormat = { kind: 'integer' };
    return [
      { kind: 'array', element, elementSchema, delimiter: ',', dimensions: 1 },
      { type: 'array', optional: false, valueSchema: elementSchema },
    ];
  };

  test('nulls only where the schema of the elements has room', () => {
    expect(parseText(...items(true), '{1,NULL}')).toEqual([1, null]);
    expect(() => parseText(...items(false), '{1,NULL}')).toThrow(/null/);
  });

  test('more than one dimension is an error, never garbage (golden README 2)', () => {
    expect(() => parseText(...items(true), '{{1,2},{3,4}}')).toThrow(
      /has not the 1 dimension of its schema/,
    );
  });
});
