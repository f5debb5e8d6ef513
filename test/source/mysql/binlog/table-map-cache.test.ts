import { expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/byte-reader.ts';
import type { BinlogTable } from '../../../../src/source/mysql/binlog/binlog-table.ts';
import { TableMapCache } from '../../../../src/source/mysql/binlog/table-map-cache.ts';
import { hexBytes } from '../../../support/binlog-events.ts';

const origin = { flavor: 'mysql', serverVersion: '8.0.36' } as const;

/** `a`.`t` of one column of this type. */
function add(cache: TableMapCache, id: number, type: number): BinlogTable {
  const head = hexBytes('01610001740001');
  const reader = new ByteReader(Buffer.concat([head, Buffer.from([type, 0, 0])]));
  return cache.add(id, reader, origin);
}

test('the same content is the same table, whatever its id', () => {
  const cache = new TableMapCache();
  const table = add(cache, 1, 3);
  expect(add(cache, 1, 3)).toBe(table);
  expect(add(cache, 2, 3)).toBe(table);
  expect(add(cache, 1, 8)).not.toBe(table);
  cache.clear();
  expect(add(cache, 9, 3)).toBe(table);
});

test('an id holds until its statement ends, and may then mean another table (PITFALLS B37)', () => {
  const cache = new TableMapCache();
  const table = add(cache, 1, 3);
  add(cache, 2, 8);
  expect(cache.get(1)).toBe(table);
  cache.endStatement();
  expect([cache.get(1), cache.get(2)]).toEqual([undefined, undefined]);
  const other = add(cache, 1, 8);
  expect(cache.get(1)).toBe(other);
  cache.clear();
  expect(cache.get(1)).toBeUndefined();
});

test('ids that nobody uses any more do not pile up, those in use stay', () => {
  const cache = new TableMapCache();
  for (let id = 0; id < 30_000; id++) {
    add(cache, id, 3);
    cache.endStatement();
  }
  for (let id = 0; id < 20_000; id++) add(cache, id, 8);
  for (let id = 0; id < 20_000; id++) expect(cache.get(id)?.columns[0]?.type).toBe(8);
});
