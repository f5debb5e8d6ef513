import fc from 'fast-check';
import { expect, test } from 'vitest';
import { castOf, overRows } from '../../../dialects/duckdb/duckdb-cells.ts';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const column = (name: string, type: string): TargetColumn => ({
  name,
  type,
  castType: type,
  isArray: false,
  notNull: false,
  hasDefault: false,
  generated: false,
  identityAlways: false,
});
const bulk = (...types: readonly string[]) =>
  types.map((type, i) => ({ column: column(`n${i}`, type), plain: true }));

test.each([
  ['VARCHAR', '$1'],
  ['BLOB', 'from_base64($1)'],
  ['INTEGER', 'CAST($1 AS INTEGER)'],
  ['VARCHAR[]', 'CAST(CAST($1 AS JSON) AS VARCHAR[])'],
  ['DATE[][]', 'CAST(CAST(CAST($1 AS JSON) AS VARCHAR[][]) AS DATE[][])'],
  ['STRUCT(x DOUBLE)', 'CAST(CAST($1 AS JSON) AS STRUCT(x DOUBLE))'],
])('a cell of a %s', (type, cast) => {
  expect(castOf(column('v', type), '$1')).toBe(cast);
});

/** Whatever may be in a text, and nulls. */
const cell = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('\u001F', "'", '"', '\\', '0', 'N', '\0'), maxLength: 5 }),
);

/** Few rows are parameters of the statement, many stand in a table. */
test.each([
  ['few', 1, 8, 200],
  ['many', 17, 40, 60],
])('any cells come as they are, %s rows (S22)', async (_how, minLength, maxLength, numRuns) => {
  using database = await duckdbMemory();
  const text = (rows: string): string => `SELECT c0, c1 FROM ${rows}`;
  const statement = overRows(bulk('VARCHAR', 'VARCHAR'), { text });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength, maxLength }), async (cells) => {
      const found = await database.rows(
        statement.bind([cells.map(([one]) => one), cells.map(([, two]) => two)]),
      );
      expect(found.map((row) => [row['c0'], row['c1']])).toEqual(cells);
    }),
    { numRuns },
  );
});

test.each([2, 30])('each statement may read some of the columns: %i rows', async (count) => {
  using database = await duckdbMemory();
  await database.rows('CREATE TABLE seen (n INTEGER)');
  const statement = overRows(
    bulk('INTEGER', 'VARCHAR', 'VARCHAR'),
    { text: (rows) => `INSERT INTO seen SELECT c0 FROM ${rows}`, columns: [0] },
    { text: (rows) => `SELECT c0, c1 FROM ${rows}`, columns: [2, 0] },
  );
  const numbers = Array.from({ length: count }, (_, i) => i);
  const bound = statement.bind([
    numbers.map(String),
    numbers.map(() => 'x'),
    numbers.map((n) => (n % 2 === 0 ? null : `a${n}`)),
  ]);
  expect(await database.rows(bound)).toEqual(
    numbers.map((n) => ({ c0: n % 2 === 0 ? null : `a${n}`, c1: n })),
  );
  expect(await database.texts('FROM seen ORDER BY n')).toEqual(numbers.map(String));
});
