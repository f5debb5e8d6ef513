import { expect, test } from 'vitest';
import type { BinlogColumn } from '../../../../dialects/mysql/binlog-column.ts';
import { ByteWriter } from '../../../../src/foundation/byte-writer.ts';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { BinlogTable } from '../../../../src/source/mysql/binlog/binlog-table.ts';

const column = (type: number): BinlogColumn => ({
  flavor: 'mysql',
  type,
  meta: 0,
  unsigned: false,
  collation: null,
  members: null,
});

function table(types: readonly number[], names: readonly string[] | null): BinlogTable {
  const nulls = types.map(() => null);
  return new BinlogTable({ schema: 'a', name: 'b' }, types.map(column), [], {
    unsigned: null,
    collations: nulls,
    members: nulls,
    names,
    primaryKey: null,
    visible: null,
    geometryTypes: nulls,
    vectorDimensions: nulls,
  });
}

test('columns have their names, or their numbers', () => {
  expect(table([1], ['id']).columnName(0)).toBe('id');
  expect(table([1], null).columnName(0)).toBe('@1');
});

test('what the server does not tell can be told later, as long as the shape is the same', () => {
  const told = table([3], null);
  const write = (): string => {
    const out = new ByteWriter();
    told.writers[0]?.(Buffer.alloc(4, 0xff), 0, 4, out);
    return out.written().toString();
  };
  expect(write()).toBe('-1');
  told.refine([{ ...column(3), unsigned: true }]);
  expect(write()).toBe('4294967295');
  expect(() => {
    told.refine([column(8)]);
  }).toThrow(/a\.b: its table map has other columns/);
  expect(() => {
    told.refine([]);
  }).toThrow(/other columns/);
});

test('a column type that is not known matters only when it has a value (PITFALLS B124)', () => {
  const unknown = table([1, 200], null);
  expect(unknown.columns).toHaveLength(2);
  expect(() => unknown.writers[1]?.(Buffer.alloc(8), 0, 8, new ByteWriter())).toThrow(DecodeError);
  const known = table([1, 3], null);
  expect(known.writers).toHaveLength(2);
  expect(known.writers).toBe(known.writers);
});
