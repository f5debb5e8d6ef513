import { expect, test } from 'vitest';
import type { TypeInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { ColumnTypeCatalog } from '../../../../src/source/postgres/capture/column-type-catalog.ts';
import { DEFAULT_VALUE_MODES } from '../../../../dialects/postgres/postgres-value-modes.ts';
import { typeInfo } from '../../../support/table-fixtures.ts';

const type = (oid: number, name: string, more: Partial<TypeInfo> = {}): TypeInfo =>
  typeInfo(name, { oid, schema: 'public', category: 'U', ...more });

const column = (typeOid: number): { typeOid: number; typmod: number; typeText: string } => ({
  typeOid,
  typmod: -1,
  typeText: 'mood',
});

test('types are found by oid, newer descriptions replace older ones (P85)', () => {
  const mood = type(20_000, 'mood', { kind: 'enum', labels: ['sad'] });
  const types = new ColumnTypeCatalog([mood], DEFAULT_VALUE_MODES);
  expect(types.typeOf(column(20_000))?.schema.parameters).toEqual({ allowed: 'sad' });
  types.add([{ ...mood, labels: ['sad', 'ok'] }]);
  expect(types.typeOf(column(20_000))?.schema.parameters).toEqual({ allowed: 'sad,ok' });
  expect(types.get(20_000)?.labels).toEqual(['sad', 'ok']);
});

test('an unknown or unsupported type is null, never a guess', () => {
  const cube = type(20_001, 'cube', { schema: 'public', extension: 'cube' });
  const types = new ColumnTypeCatalog([cube], DEFAULT_VALUE_MODES);
  expect(types.typeOf(column(20_001))).toBeNull();
  expect(types.typeOf(column(1))).toBeNull();
});

test('source types are told for propagation', () => {
  const types = new ColumnTypeCatalog([type(23, 'int4')], DEFAULT_VALUE_MODES);
  expect(
    types.parametersOf({ name: 'n', typeOid: 23, typmod: -1, typeText: 'integer' }),
  ).toMatchObject({
    '__debezium.source.column.type': 'INT4',
    '__debezium.source.column.name': 'n',
    '__tidemark.source.type': 'integer',
  });
});
