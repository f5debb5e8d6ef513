import { expect, test } from 'vitest';
import type { BulkTarget, TargetColumn } from '../../../dialects/dialect.ts';
import {
  deleteByKeyStatement,
  findStatement,
  insertStatement,
  updateStatement,
  upsertStatement,
} from '../../../dialects/postgres/postgres-sql.ts';

function target(columns: readonly Partial<TargetColumn>[], key: readonly string[]): BulkTarget {
  const full = columns.map((column) => ({
    plain: column.castType === 'integer',
    column: {
      name: '',
      type: column.castType ?? '',
      castType: '',
      isArray: false,
      notNull: false,
      hasDefault: false,
      generated: false,
      identityAlways: false,
      ...column,
    },
  }));
  return {
    columns: full,
    key,
    table: {
      name: { schema: 's', table: 't' },
      columns: full.map(({ column }) => column),
      primaryKey: key,
      primaryKeyName: null,
      uniqueKeys: [key],
      referenced: false,
    },
  };
}

const id = { name: 'id', castType: 'integer' };
const tags = { name: 'tags', castType: 'text[]', isArray: true };

test('one parameter a column, however many rows (S22)', () => {
  const { text, values } = upsertStatement(target([id, tags], ['id'])).bind([
    ['1', '2'],
    ['{a}', null],
  ]);
  expect(text).toBe(
    'INSERT INTO "s"."t" ("id", "tags") SELECT u.c0, u.c1::text[] ' +
      'FROM unnest($1::integer[], $2::text[]) AS u(c0, c1) ' +
      'ON CONFLICT ("id") DO UPDATE SET "tags" = EXCLUDED."tags"',
  );
  expect(values).toEqual(['{1,2}', '{"{a}",NULL}']);
});

test('rows are found by their keys, with the number of each', () => {
  const found = findStatement({ ...target([id], ['id']), guard: 'p', deleted: 'd' });
  const { text, values } = found.bind([['1', '2']]);
  expect(text.replaceAll(/\s+/g, ' ')).toBe(
    'SELECT u.n - 1 AS n, t."p" AS position, CASE WHEN t."d" THEN 1 ELSE 0 END AS gone ' +
      'FROM unnest($1::integer[]) WITH ORDINALITY AS u(c0, n) ' +
      'JOIN "s"."t" AS t ON t."id" = u.c0',
  );
  expect(values).toEqual(['{1,2}']);
  expect(findStatement({ ...target([id], ['id']), guard: 'p' }).bind([[]]).text).toContain(
    '0 AS gone',
  );
});

test('a table of key columns only does nothing on conflict', () => {
  expect(upsertStatement(target([id], ['id'])).bind([['1']]).text).toMatch(/DO NOTHING$/);
});

test('an identity of the target is overridden', () => {
  const { text } = insertStatement(target([{ ...id, identityAlways: true }], [])).bind([['1']]);
  expect(text).toContain('OVERRIDING SYSTEM VALUE');
});

test('an update without columns still asks for the row', () => {
  expect(updateStatement(target([id], ['id'])).bind([['1']]).text).toContain('SET "id" = t."id"');
});

test('deletes join the keys', () => {
  expect(deleteByKeyStatement(target([id], ['id'])).bind([['1']]).text).toBe(
    'DELETE FROM "s"."t" AS t USING unnest($1::integer[]) AS u(c0) WHERE t."id" = u.c0',
  );
});

test('money travels as a number, boxes as texts', () => {
  const money = { name: 'm', castType: 'money' };
  const amounts = { name: 'a', castType: 'money[]', isArray: true };
  const box = { name: 'b', castType: 'box' };
  const { text } = insertStatement(target([id, money, amounts, box], ['id'])).bind([
    [],
    [],
    [],
    [],
  ]);
  expect(text).toContain('unnest($1::integer[], $2::numeric[], $3::text[], $4::text[])');
  expect(text).toContain('SELECT u.c0, u.c1::money, u.c2::numeric[]::money[], u.c3::box FROM');
});
