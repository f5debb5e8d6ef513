import { expect, test } from 'vitest';
import { postgresComparison } from '../../../dialects/postgres/postgres-comparison.ts';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import { freshDatabase } from '../../support/postgres.ts';

function columnOf(castType: string, isArray = false): TargetColumn {
  const flags = { notNull: false, hasDefault: false, generated: false, identityAlways: false };
  return { name: 'c', type: castType, castType, isArray, ...flags };
}

test('two values differ where their texts do, but for those that mean the same', async () => {
  await using database = await freshDatabase();
  const cases: readonly (readonly [TargetColumn, string, string, boolean])[] = [
    [columnOf('numeric'), '1.10', '1.1', false],
    [columnOf('numeric'), '1.10', '1.11', true],
    [columnOf('double precision'), 'NaN', 'NaN', false],
    [columnOf('real'), '0.1', '0.10000001', true],
    [columnOf('timestamp with time zone'), '2026-01-01 00:00+00', '2026-01-01 01:00+01', false],
    [columnOf('text'), 'a', 'a ', true],
    [columnOf('json'), '{"a": 1}', '{"a":1}', true],
    [columnOf('jsonb'), '{"a": 1}', '{"a":1}', false],
    [columnOf('interval'), '1 day', '24 hours', true],
    [columnOf('point'), '(1,2)', '(1,2)', false],
    [columnOf('text[]', true), '{a,b}', '{a,NULL}', true],
    [columnOf('bytea'), '\\x00ff', '\\x00fe', true],
  ];
  for (const [column, one, other, differs] of cases) {
    const typed = (text: string): string => `'${text}'::${column.castType}`;
    const pairs = [
      [typed(one), typed(other), differs],
      [typed(one), `NULL::${column.castType}`, true],
      [`NULL::${column.castType}`, `NULL::${column.castType}`, false],
    ] as const;
    for (const [left, right, expected] of pairs) {
      const sql = postgresComparison.differs(column, left, right);
      expect([column.castType, left, right, await database.query(`SELECT ${sql} AS d`)]).toEqual([
        column.castType,
        left,
        right,
        [{ d: expected }],
      ]);
    }
  }
});
