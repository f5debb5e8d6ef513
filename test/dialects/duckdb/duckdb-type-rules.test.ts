import { expect, test } from 'vitest';
import { parseDuckdbType } from '../../../dialects/duckdb/duckdb-type-name.ts';
import { duckdbTypeFits, isWholeType } from '../../../dialects/duckdb/duckdb-type-rules.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const fits = (from: string, to: string): boolean =>
  duckdbTypeFits(parseDuckdbType(from), parseDuckdbType(to));

const WHOLE = ['TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT', 'INTEGER', 'UINTEGER', 'BIGINT'];
const MORE = ['UBIGINT', 'HUGEINT', 'UHUGEINT'];
const OTHERS = [
  'FLOAT',
  'DOUBLE',
  'DECIMAL(4,0)',
  'DECIMAL(10,2)',
  'DECIMAL(20,0)',
  'DECIMAL(38,3)',
];
const ENDS: Readonly<Record<string, readonly [string, string]>> = {
  TINYINT: ['-128', '127'],
  UTINYINT: ['0', '255'],
  SMALLINT: ['-32768', '32767'],
  USMALLINT: ['0', '65535'],
  INTEGER: ['-2147483648', '2147483647'],
  UINTEGER: ['0', '4294967295'],
  BIGINT: ['-9223372036854775808', '9223372036854775807'],
  UBIGINT: ['0', '18446744073709551615'],
  HUGEINT: [String(-(2n ** 127n)), String(2n ** 127n - 1n)],
  UHUGEINT: ['0', String(2n ** 128n - 1n)],
};

test('a type has room for whole numbers exactly where their ends come back', async () => {
  using database = await duckdbMemory();
  for (const from of [...WHOLE, ...MORE]) {
    for (const to of [...WHOLE, ...MORE, ...OTHERS]) {
      const comes = (end: string): string =>
        `coalesce(TRY_CAST(TRY_CAST('${end}' AS ${to}) AS UHUGEINT)::VARCHAR,
          TRY_CAST(TRY_CAST('${end}' AS ${to}) AS HUGEINT)::VARCHAR) = '${end}'`;
      const [low = '0', high = '0'] = ENDS[from] ?? [];
      const [row] = await database.rows(
        `SELECT coalesce(${comes(low)} AND ${comes(high)}, false) AS fits`,
      );
      // A power of two may be a double while the numbers before it are none.
      const isLucky = /FLOAT|DOUBLE/.test(to) && !fits(from, to);
      expect(`${from} → ${to} ${!isLucky && row?.['fits'] === true}`).toBe(
        `${from} → ${to} ${fits(from, to)}`,
      );
    }
  }
});

test.each([
  ['DECIMAL(6,2)', 'DECIMAL(12,4)', true],
  ['DECIMAL(6,2)', 'DECIMAL(6,3)', false],
  ['DECIMAL(6,2)', 'INTEGER', false],
  ['FLOAT', 'DOUBLE', true],
  ['DOUBLE', 'FLOAT', false],
  ['INTEGER[]', 'BIGINT[]', true],
  ['INTEGER[]', 'BIGINT', false],
  ["ENUM('b')", "ENUM('a', 'b')", true],
  ["ENUM('a', 'c')", "ENUM('a', 'b')", false],
  ['DATE', 'TIMESTAMP', false],
  ['UUID', 'UUID', true],
])('%s → %s: %s', (from, to, expected) => {
  expect(fits(from, to)).toBe(expected);
});

test('whole numbers', () => {
  expect(
    ['INTEGER', 'INTEGER[]', 'DOUBLE'].map((type) => isWholeType(parseDuckdbType(type))),
  ).toEqual([true, false, false]);
});
