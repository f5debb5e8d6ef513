import { expect, test } from 'vitest';
import type {
  ColumnInfo,
  TableInfo,
  UniqueIndexInfo,
} from '../../../../dialects/postgres/postgres-catalog.ts';
import type { RelationMessage } from '../../../../src/source/postgres/pgoutput/pgoutput-message.ts';
import {
  columnsAgree,
  tableAsOf,
} from '../../../../src/source/postgres/stream/relation-translator.ts';
import { columnInfo, tableInfo, uniqueIndex } from '../../../support/table-fixtures.ts';

const column = (number: number, name: string, overrides: Partial<ColumnInfo> = {}): ColumnInfo =>
  columnInfo(name, { number, ...overrides });

const primary = (...columns: number[]): UniqueIndexInfo => uniqueIndex(columns, { primary: true });

const table = (
  columns: readonly ColumnInfo[],
  uniqueIndexes: readonly UniqueIndexInfo[],
): TableInfo => tableInfo({ oid: 7, name: 't', columns, uniqueIndexes });

/** Columns as `*name` (in the identity) or `name`, all of them integers. */
const relation = (
  names: readonly string[],
  replicaIdentity: RelationMessage['replicaIdentity'] = 'default',
): RelationMessage => ({
  kind: 'relation',
  relationId: 7,
  schema: 'public',
  table: 't',
  replicaIdentity,
  columns: names.map((name) => ({
    identity: name.startsWith('*'),
    name: name.replace('*', ''),
    typeOid: 23,
    typeModifier: -1,
  })),
});

const id = column(1, 'id', { notNull: true });
const a = column(2, 'a', { notNull: true, defaultExpression: '5' });
const typeTexts = new Map([['old', 'integer']]);

test('where the columns agree the catalog tells nullability, defaults and key order', () => {
  const catalog = table([id, a], [primary(2, 1)]);
  const message = relation(['*id', '*a']);
  expect(columnsAgree(message, catalog)).toBe(true);
  const shape = tableAsOf(message, { catalog, previous: null, typeTexts });
  expect(shape.tupleColumns).toEqual([id, a]);
  expect(shape.table.uniqueIndexes).toEqual([primary(2, 1)]);
});

test('a column that the catalog no longer has is as described before, or nullable', () => {
  const before = table([id, column(3, 'old', { notNull: true })], [primary(1)]);
  const now = table([column(1, 'id', { notNull: true, defaultExpression: '9' }), a], [primary(1)]);
  const message = relation(['*id', 'old']);
  expect(columnsAgree(message, now)).toBe(false);
  const known = tableAsOf(message, { catalog: now, previous: before, typeTexts });
  expect(known.tupleColumns.map((c) => [c.name, c.notNull, c.defaultExpression])).toEqual([
    ['id', true, null],
    ['old', true, null],
  ]);
  const unknown = tableAsOf(message, { catalog: now, previous: null, typeTexts });
  expect(unknown.tupleColumns.map((c) => [c.name, c.notNull, c.typeText])).toEqual([
    ['id', true, 'integer'],
    ['old', false, 'integer'],
  ]);
});

test('the flags of the identity win over a primary key that was changed since (P4)', () => {
  const catalog = table([id, a], [primary(2)]);
  const shape = tableAsOf(relation(['*id', 'a']), { catalog, previous: null, typeTexts });
  expect(shape.table.uniqueIndexes).toEqual([{ ...primary(1), name: '' }]);
});

test('with FULL every column is flagged: the key is the catalog’s (P4)', () => {
  const catalog = table([id, a], [primary(1)]);
  const message = relation(['*id', '*a'], 'full');
  const shape = tableAsOf(message, { catalog, previous: null, typeTexts });
  expect(shape.table.uniqueIndexes).toEqual([primary(1)]);
  expect(shape.table.replicaIdentity).toBe('full');
});

test('kind index without a flagged column is no identity (P35)', () => {
  const catalog = table([id, a], []);
  const shape = tableAsOf(relation(['id', 'a'], 'index'), { catalog, previous: null, typeTexts });
  expect(shape.table.uniqueIndexes).toEqual([]);
});

test('a table that was dropped since is read from the message alone', () => {
  const message = relation(['*id', 'old']);
  const shape = tableAsOf(message, { catalog: null, previous: null, typeTexts });
  expect(shape.table).toMatchObject({ oid: 7, schema: 'public', name: 't' });
  expect(shape.tupleColumns.map((c) => [c.name, c.notNull])).toEqual([
    ['id', true],
    ['old', false],
  ]);
  expect(shape.table.uniqueIndexes[0]?.columns).toEqual([shape.tupleColumns[0]?.number]);
});

test('a column that a row showed to be nullable is so, whatever the catalog says by now', () => {
  const catalog = table(
    [
      { ...id, notNull: true },
      { ...a, notNull: true },
    ],
    [primary(1)],
  );
  const knowledge = { previous: null, typeTexts, nullable: ['a'] };
  const known = tableAsOf(relation(['*id', 'a']), { ...knowledge, catalog });
  expect(known.tupleColumns.map((c) => c.notNull)).toEqual([true, false]);
  const unknown = tableAsOf(relation(['*id', '*a']), { ...knowledge, catalog: null });
  expect(unknown.tupleColumns.map((c) => c.notNull)).toEqual([true, false]);
});
