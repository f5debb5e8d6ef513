import { expect, test } from 'vitest';
import type { TypeInfo } from '../../../dialects/postgres/postgres-catalog.ts';
import { sourceTypeParameters } from '../../../dialects/postgres/postgres-source-type.ts';
import { typeInfo } from '../../support/table-fixtures.ts';

const UNBOUND = 2147483647;
const TYPES = new Map<number, TypeInfo>();

function type(name: string, more: Partial<TypeInfo> = {}): TypeInfo {
  const oid = 100 + TYPES.size;
  const made = typeInfo(name, { oid, ...more });
  TYPES.set(oid, made);
  return made;
}

function parametersOf({ oid }: TypeInfo, typmod = -1, typeText = 'text'): Record<string, string> {
  const column = { name: 'c', typeOid: oid, typmod, typeText };
  return { ...sourceTypeParameters(column, (wanted) => TYPES.get(wanted)) };
}

function sizeOf(info: TypeInfo, typmod = -1): readonly number[] {
  const parameters = parametersOf(info, typmod);
  return ['length', 'scale'].map((what) => Number(parameters[`__debezium.source.column.${what}`]));
}

const numeric = (precision: number, scale: number): number => ((precision << 16) | scale) + 4;

// Recorded from Debezium 3.6.0.Final with PostgreSQL 15 (column.propagate.source.type=.*).
test.each<[name: string, typmod: number, length: number, scale: number]>([
  ['bool', -1, 1, 0],
  ['char', -1, 1, 0],
  ['int2', -1, 5, 0],
  ['int4', -1, 10, 0],
  ['int8', -1, 19, 0],
  ['oid', -1, 10, 0],
  ['float4', -1, 8, 8],
  ['float8', -1, 17, 17],
  ['numeric', -1, 131089, 0],
  ['numeric', numeric(38, 10), 38, 10],
  ['money', -1, UNBOUND, 0],
  ['varchar', -1, UNBOUND, 0],
  ['varchar', 14, 10, 0],
  ['bpchar', -1, UNBOUND, 0],
  ['bpchar', 9, 5, 0],
  ['text', -1, UNBOUND, 0],
  ['name', -1, UNBOUND, 0],
  ['bytea', -1, UNBOUND, 0],
  ['bit', 33, 33, 0],
  ['varbit', -1, UNBOUND, 0],
  ['varbit', 16, 16, 0],
  ['date', -1, 13, 0],
  ['time', -1, 15, 6],
  ['time', 0, 8, 0],
  ['time', 3, 12, 3],
  ['timetz', -1, 21, 6],
  ['timetz', 3, 18, 3],
  ['timestamp', -1, 29, 6],
  ['timestamp', 0, 22, 0],
  ['timestamp', 3, 26, 3],
  ['timestamptz', -1, 35, 6],
  ['timestamptz', 0, 28, 0],
  ['timestamptz', 3, 32, 3],
  ['interval', -1, 49, 6],
  ['interval', (7 << 24) | 3, 49, 3],
  ['interval', (6 << 16) | 0xffff, 49, 65535],
  ['uuid', -1, UNBOUND, 0],
  ['point', -1, UNBOUND, 0],
])('%s with modifier %i has length %i and scale %i', (name, typmod, length, scale) => {
  expect(sizeOf(type(name), typmod)).toEqual([length, scale]);
});

test("the names of type and column, and the source's own text", () => {
  expect(parametersOf(type('varchar'), 24, 'character varying(20)')).toEqual({
    '__debezium.source.column.type': 'VARCHAR',
    '__debezium.source.column.length': '20',
    '__debezium.source.column.scale': '0',
    '__debezium.source.column.name': 'c',
    '__tidemark.source.type': 'character varying(20)',
  });
});

test('an array has the size of its elements, a domain that of its root under its own name', () => {
  const time = type('time');
  const times = type('_time', { elementOid: time.oid });
  expect(sizeOf(times, 3)).toEqual([12, 3]);
  expect(parametersOf(times)['__debezium.source.column.type']).toBe('_TIME');
  const money = type('d_money', {
    schema: 'public',
    kind: 'domain',
    baseOid: type('numeric').oid,
    baseTypmod: numeric(12, 2),
  });
  const nested = type('d_nested', { schema: 'public', kind: 'domain', baseOid: money.oid });
  expect(sizeOf(nested)).toEqual([12, 2]);
  expect(parametersOf(nested)['__debezium.source.column.type']).toBe('D_NESTED');
});

test('a type of a user has no size, though it has the name of a known one', () => {
  expect(sizeOf(type('int4', { schema: 'public' }))).toEqual([UNBOUND, 0]);
});

test('labels with commas are told by themselves', () => {
  const labels = ['so, so', 'ok'];
  const mood = type('mood', { schema: 'public', kind: 'enum', labels });
  expect(parametersOf(mood)['__tidemark.source.labels']).toBe('["so, so","ok"]');
  const moods = type('_mood', { elementOid: mood.oid });
  expect(parametersOf(moods)['__tidemark.source.labels']).toBe('["so, so","ok"]');
});
