import { describe, expect, test } from 'vitest';
import { UNCONVERTED_HEADER } from '../../src/envelope/unconverted.ts';
import type { PostgresRowChange } from '../../src/model/change-event.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { benchOf, column, OPTIONS, origin, tableOf, WIRES } from './encoder-harness.ts';
import { arrayOf, SCALAR_CASES } from './value-arbitraries.ts';
import type { TypeCase } from './value-arbitraries.ts';

const caseOf = (kind: string): TypeCase =>
  SCALAR_CASES.find(({ format }) => format.kind === kind) as TypeCase;

const DECIMAL = caseOf('decimal');
const ARRAY = arrayOf(caseOf('integer'));
const LENIENT = { ...OPTIONS, conversionFailures: 'warn' } as const;

function tableWith(key: TypeCase): TableSchema {
  return tableOf(
    [
      column(key, 'id', 0, { identity: true }),
      column(DECIMAL, 'must', 1),
      column(DECIMAL, 'may', 2, { schema: { ...DECIMAL.schema, optional: true } }),
      column(ARRAY, 'list', 3, { schema: { ...ARRAY.schema, optional: true } }),
    ],
    [0],
  );
}

function update(table: TableSchema, id = '1'): PostgresRowChange {
  const before = RowImage.of([id, 'NaN', null, '{1}']);
  const after = RowImage.of([id, 'NaN', 'Infinity', '{{1,2},{3,4}}']);
  return { ...origin(), op: 'u', table, before, after, beforeIsKeyOnly: false };
}

describe('values that their schema cannot hold', () => {
  test.each(WIRES)('are named and replaced, by both paths alike: $name', async (wire) => {
    const bench = await benchOf(tableWith(caseOf('integer')), wire, LENIENT);
    const change = update(bench.context.table);
    const compiled = bench.compiled(change);
    expect(compiled).toEqual(bench.general(change));
    const [record] = compiled;
    const header = record?.headers.find(([name]) => name === UNCONVERTED_HEADER);
    const paths = ['before.must', 'after.must', 'after.may', 'after.list'];
    expect(JSON.parse(header?.[1] ?? '')).toEqual(paths);
  });

  test('fail by default', async () => {
    const [wire] = WIRES;
    if (wire === undefined) throw new Error('no wire');
    const bench = await benchOf(tableWith(caseOf('integer')), wire);
    const change = update(bench.context.table);
    expect(() => bench.compiled(change)).toThrow(/public\.t\.must .*NaN/);
    expect(() => bench.general(change)).toThrow(/NaN/);
  });

  test('fail in a key, whatever is configured', async () => {
    const [wire] = WIRES;
    if (wire === undefined) throw new Error('no wire');
    const bench = await benchOf(tableWith(DECIMAL), wire, LENIENT);
    const change = update(bench.context.table, 'NaN');
    expect(() => bench.compiled(change)).toThrow(/public\.t\.id .*NaN/);
    expect(() => bench.general(change)).toThrow(/NaN/);
  });

  test('are told once for each record', async () => {
    const [wire] = WIRES;
    if (wire === undefined) throw new Error('no wire');
    const told: string[] = [];
    const bench = await benchOf(tableWith(caseOf('integer')), wire, LENIENT, false, (_, paths) => {
      told.push(paths.join(' '));
    });
    bench.compiled(update(bench.context.table));
    bench.compiled({ ...update(bench.context.table), before: null, op: 'c' });
    expect(told).toEqual([
      'before.must after.must after.may after.list',
      'after.must after.may after.list',
    ]);
  });
});
