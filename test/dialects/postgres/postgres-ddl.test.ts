import { expect, test } from 'vitest';
import type { WantedColumn } from '../../../dialects/dialect.ts';
import { addColumn, createTable, postgresEnums } from '../../../dialects/postgres/postgres-ddl.ts';

const name = { schema: 's', table: 't' };

function wanted(
  column: string,
  ddl: string,
  schema: Partial<WantedColumn['schema']>,
): WantedColumn {
  return {
    name: column,
    schema: { type: 'string', optional: true, ...schema },
    type: { ddl, enumType: null, exact: true },
  };
}

test('a column that is required gets NOT NULL only with a default', () => {
  const required = wanted('n', 'integer', { type: 'int32', optional: false });
  expect(addColumn(name, required)).toBe(
    'ALTER TABLE "s"."t" ADD COLUMN IF NOT EXISTS "n" integer',
  );
  const withDefault = wanted('n', 'integer', { type: 'int32', optional: false, default: 5 });
  expect(addColumn(name, withDefault)).toBe(
    `ALTER TABLE "s"."t" ADD COLUMN IF NOT EXISTS "n" integer DEFAULT '5'::integer NOT NULL`,
  );
});

test('a default is a literal, whatever it holds', () => {
  const column = wanted('a', 'text', { default: `'); DROP TABLE x; -- \\` });
  expect(addColumn(name, column)).toContain(String.raw`DEFAULT  E'''); DROP TABLE x; -- \\'::text`);
});

test('key columns are NOT NULL and have no default', () => {
  const [table] = createTable(name, [wanted('k"', 'text', { default: 'x' })], ['k"']);
  expect(table).toContain(`"k""" text NOT NULL,\n  PRIMARY KEY ("k""")`);
});

test('labels are added in their place, each after one that is there', () => {
  const type = { name: 'mood', labels: ['a', 'b', "c'", 'd'] };
  expect(postgresEnums.addLabels('s', type, ['b', 'd', 'old'])).toEqual([
    `ALTER TYPE "s"."mood" ADD VALUE IF NOT EXISTS 'a' BEFORE 'b'`,
    `ALTER TYPE "s"."mood" ADD VALUE IF NOT EXISTS 'c''' AFTER 'b'`,
  ]);
  expect(() => postgresEnums.create('s', { name: 'mood', labels: ['x'.repeat(64)] })).toThrow(/63/);
});
