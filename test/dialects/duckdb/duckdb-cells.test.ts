import fc from 'fast-check';
import { expect, test } from 'vitest';
import { castOf, cellRows, overRows } from '../../../dialects/duckdb/duckdb-cells.ts';
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

/** Signs that stand between cells, or for null, may be cells. */
const cell = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom('\u001F', '\u001A', '\u001E', '0', '1', 'N', '\0'),
    maxLength: 5,
  }),
);

test('any cells come as they are, whatever is in them (S22)', async () => {
  using database = await duckdbMemory();
  const rows = cellRows(bulk('VARCHAR', 'VARCHAR'));
  const statement = overRows(`SELECT c0, c1 FROM ${rows.relation}`, rows);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }),
      async (cells) => {
        const found = await database.rows(
          statement.bind([cells.map(([one]) => one), cells.map(([, two]) => two)]),
        );
        expect(found.map((row) => [row['c0'], row['c1']])).toEqual(cells);
      },
    ),
    { numRuns: 300 },
  );
});

test('a relation may take some of the columns, in another order', async () => {
  using database = await duckdbMemory();
  const rows = cellRows(bulk('INTEGER', 'VARCHAR'), [2, 0]);
  const statement = overRows(`SELECT c0, c1 FROM ${rows.relation}`, rows);
  expect(
    await database.rows(
      statement.bind([
        ['a', null],
        ['x', 'y'],
        ['1', '2'],
      ]),
    ),
  ).toEqual([
    { c0: 1, c1: 'a' },
    { c0: 2, c1: null },
  ]);
});
