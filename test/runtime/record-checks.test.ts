import { expect, test } from 'vitest';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { recordProblems } from '../../src/runtime/record-checks.ts';
import { INTEGER, keyedTable, tableColumn, TEXT } from '../support/keyed-table.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function problemsOf(
  tables: readonly TableSchema[],
  source: Readonly<Record<string, unknown>> = {},
): readonly string[] {
  return recordProblems(parsedPipeline({ source }), tables).map(
    ({ code, message }) => `${code} ${message}`,
  );
}

function named(schema: string, table: string): TableSchema {
  return keyedTable(INTEGER, { id: { catalog: 'shop', schema, table } });
}

function withColumns(...names: readonly string[]): TableSchema {
  const columns = names.map((name, index) =>
    tableColumn(name, index, index === 0 ? INTEGER : TEXT, index === 0),
  );
  return keyedTable(INTEGER, { columns });
}

test('usual tables have no problem', () => {
  expect(problemsOf([named('public', 'orders'), named('public', 'people')])).toEqual([]);
});

test('two tables of one topic are told before a row is read (P39)', () => {
  expect(problemsOf([named('public', 'a b'), named('public', 'a_b')])).toEqual([
    'TOPIC_COLLISION tables "public"."a b" and "public"."a_b" would both write to topic ' +
      'shop.public.a_b',
  ]);
});

test('two columns of one field name the table', () => {
  const [problem, ...more] = problemsOf([withColumns('id', 'a-b', 'a_b')]);
  expect(problem).toMatch(/^SCHEMA_INVALID public\.orders: .*a-b.*a_b/);
  expect(more).toEqual([]);
});

test('without an adjustment Avro refuses a name that JSON takes', () => {
  const unadjusted = { 'field.name.adjustment.mode': 'none' };
  const table = withColumns('id', '1st');
  expect(problemsOf([table], unadjusted)[0]).toMatch(/^SCHEMA_INVALID public\.orders: .*1st/);
  const json = { ...unadjusted, 'key.converter': 'json', 'value.converter': 'json' };
  expect(problemsOf([table], json)).toEqual([]);
});
