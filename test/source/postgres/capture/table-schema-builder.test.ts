import { describe, expect, test } from 'vitest';
import type { ColumnInfo, TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { ConnectSchema } from '../../../../src/model/connect-schema.ts';
import type { PostgresTextFormat } from '../../../../src/model/table-schema.ts';
import { DECIMAL } from '../../../../src/model/connect-schema.ts';
import type {
  BuiltTableSchema,
  SchemaContext,
} from '../../../../src/source/postgres/capture/table-schema-builder.ts';
import {
  buildTableSchema,
  escapePattern,
  identityColumns,
} from '../../../../src/source/postgres/capture/table-schema-builder.ts';
import { columnInfo, NO_LISTS, tableInfo, uniqueIndex } from '../../../support/table-fixtures.ts';

function build(
  table: TableInfo,
  more: Partial<SchemaContext> = {},
  type: { schema: ConnectSchema; format: PostgresTextFormat } = {
    schema: { type: 'int32', optional: false },
    format: { kind: 'integer' },
  },
): BuiltTableSchema {
  const context: SchemaContext = {
    catalog: 'shop',
    types: { typeOf: () => type },
    lists: NO_LISTS,
    messageKeys: [],
    ...more,
  };
  return buildTableSchema({ table, tupleColumns: table.columns }, context, 7);
}

const keyOf = ({ schema }: BuiltTableSchema): (string | undefined)[] =>
  schema.keyColumns.map((index) => schema.columns[index]?.name);

const abc: readonly ColumnInfo[] = [
  columnInfo('a', { number: 1, notNull: true }),
  columnInfo('b', { number: 2, notNull: true }),
  columnInfo('c', { number: 3 }),
];

describe('key', () => {
  test.each<[string, Partial<TableInfo>, string[]]>([
    [
      'the primary key in its own order',
      { uniqueIndexes: [uniqueIndex([2, 1], { primary: true })] },
      ['b', 'a'],
    ],
    ['a unique index over NOT NULL columns', { uniqueIndexes: [uniqueIndex([2])] }, ['b']],
    ['no key over a nullable column', { uniqueIndexes: [uniqueIndex([3])] }, []],
    [
      'the index of the replica identity first',
      { uniqueIndexes: [uniqueIndex([1]), uniqueIndex([2], { replicaIdentity: true })] },
      ['b'],
    ],
    [
      'the primary key before the replica identity',
      {
        uniqueIndexes: [
          uniqueIndex([1], { primary: true }),
          uniqueIndex([2], { replicaIdentity: true }),
        ],
      },
      ['a'],
    ],
    ['none at all', { uniqueIndexes: [] }, []],
  ])('%s', (_, more, key) => {
    expect(keyOf(build(tableInfo({ columns: abc, ...more })))).toEqual(key);
  });

  test('message.key.columns overrides it', () => {
    const table = tableInfo({ columns: abc });
    const rule = { table: /^public\.orders$/, columns: ['c', 'a'] };
    expect(keyOf(build(table, { messageKeys: [rule] }))).toEqual(['c', 'a']);
    const wrong = build(table, { messageKeys: [{ ...rule, columns: ['x'] }] });
    expect(wrong.problems.map(({ code }) => code)).toEqual(['CONFIG_INVALID']);
  });
});

test('identity columns by replica identity', () => {
  const indexes = [
    uniqueIndex([1], { primary: true }),
    uniqueIndex([2], { replicaIdentity: true }),
  ];
  const of = (more: Partial<TableInfo>): readonly number[] =>
    identityColumns(tableInfo({ columns: abc, uniqueIndexes: indexes, ...more }));
  expect(of({ replicaIdentity: 'default' })).toEqual([1]);
  expect(of({ replicaIdentity: 'index' })).toEqual([2]);
  expect(of({ replicaIdentity: 'full' })).toEqual([1, 2, 3]);
  expect(of({ replicaIdentity: 'nothing' })).toEqual([]);
  expect(of({ uniqueIndexes: [uniqueIndex([1], { primary: true, immediate: false })] })).toEqual(
    [],
  );
});

test('nullability, version and identity stand in the schema', () => {
  const { schema } = build(tableInfo({ columns: abc }));
  expect(schema.version).toBe(7);
  expect(schema.columns.map((c) => [c.name, c.schema.optional, c.identity])).toEqual([
    ['a', false, true],
    ['b', false, false],
    ['c', true, false],
  ]);
});

describe('defaults', () => {
  const withDefault = (
    expression: string,
    schema: ConnectSchema,
    format: PostgresTextFormat,
  ): unknown => {
    const table = tableInfo({ columns: [columnInfo('a', { defaultExpression: expression })] });
    return build(table, {}, { schema, format }).schema.columns[0]?.schema.default;
  };
  const plain = (type: ConnectSchema['type']): ConnectSchema => ({ type, optional: false });

  test('literals become schema defaults', () => {
    expect(withDefault('42', plain('int32'), { kind: 'integer' })).toBe(42);
    expect(withDefault("'-1'::integer", plain('int32'), { kind: 'integer' })).toBe(-1);
    expect(withDefault('true', plain('boolean'), { kind: 'boolean' })).toBe(true);
    expect(withDefault("'it''s'::text", plain('string'), { kind: 'string' })).toBe("it's");
    const decimal = { ...plain('bytes'), name: DECIMAL, parameters: { scale: '2' } };
    const format: PostgresTextFormat = { kind: 'decimal', scale: 2 };
    expect(withDefault('1.5', decimal, format)).toEqual({ unscaled: 150n, scale: 2 });
    expect(withDefault('3', decimal, format)).toEqual({ unscaled: 300n, scale: 2 });
  });

  test('what is no literal, or no value of the type, gives none', () => {
    const integer: PostgresTextFormat = { kind: 'integer' };
    expect(withDefault("nextval('s'::regclass)", plain('int32'), integer)).toBeUndefined();
    expect(withDefault('NULL::integer', plain('int32'), integer)).toBeUndefined();
    expect(withDefault("'abc'::text", plain('int32'), integer)).toBeUndefined();
    const decimal = { ...plain('bytes'), name: DECIMAL, parameters: { scale: '2' } };
    expect(withDefault("'NaN'::numeric", decimal, { kind: 'decimal', scale: 2 })).toBeUndefined();
  });
});

test('source types are added as parameters where they are wanted', () => {
  const { schema } = build(tableInfo({ columns: abc }), {
    sourceTypeParameters: (column, name) =>
      name === 'public.orders.b' ? { type: column.typeText } : null,
  });
  expect(schema.columns.map((column) => column.schema.parameters)).toEqual([
    undefined,
    { type: 'integer' },
    undefined,
  ]);
});

test('a name as pattern matches itself only', () => {
  const name = 'public.a+b (c)[d]$';
  const pattern = new RegExp(`^(?:${escapePattern(name)})$`);
  expect(pattern.test(name)).toBe(true);
  expect(pattern.test(name.replace('.', 'x'))).toBe(false);
});
