import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import type { BinlogTable } from '../../../../src/source/mysql/binlog/binlog-table.ts';
import { readTableMap } from '../../../../src/source/mysql/binlog/table-map.ts';
import { decodeAll, eventsOf, hexBytes, recordedBinlog } from '../../../support/binlog-events.ts';

const origin = { flavor: 'mysql', serverVersion: '8.0.36' } as const;
const read = (hex: string): BinlogTable => readTableMap(new ByteReader(hexBytes(hex)), origin);

/** `a`.`t` with one column of this type and metadata. */
const one = (type: string, meta: string): BinlogTable =>
  read(
    `016100` +
      `017400` +
      `01${type}` +
      `${hexBytes(meta).length.toString(16).padStart(2, '0')}${meta}` +
      '01',
  );

/** PITFALLS B56, B57: type, metadata → real type, what the contract says of it. */
test.each([
  ['01', '', 1, 0],
  ['04', '04', 4, 0],
  ['05', '08', 5, 0],
  ['0f', '2c01', 15, 300],
  ['fd', '2c01', 253, 300],
  ['8d', '2c01', 141, 300],
  ['10', '0201', 16, 10],
  ['10', '0008', 16, 64],
  ['f6', '1405', 246, (20 << 8) | 5],
  ['fc', '02', 252, 2],
  ['f5', '04', 245, 4],
  ['ff', '04', 255, 4],
  ['f2', '04', 242, 4],
  ['8c', '02', 140, 2],
  ['13', '03', 19, 3],
  ['12', '06', 18, 6],
  ['11', '00', 17, 0],
  ['fe', 'fe50', 254, 80],
  ['fe', 'eefc', 254, 0x1fc],
  ['fe', 'cefc', 254, 0x3fc],
  ['fe', 'f702', 247, 2],
  ['fe', 'f803', 248, 3],
  ['14', '0f2c0100', 20, 0],
  ['14', '03', 20, 0],
])('type %s with %j', (type, meta, realType, realMeta) => {
  const table = one(type, meta);
  expect(table.columns).toMatchObject([{ type: realType, meta: realMeta, flavor: 'mysql' }]);
  expect([table.schema, table.name, table.nullable]).toEqual(['a', 't', [true]]);
});

/** From go-mysql's TestTableMapNullable. */
test('which columns may be null, by the lowest bit first', () => {
  const table = read(
    '047465737400055f6e756c6c0004030311fc020002090101000201e0040c026331026332026333026334',
  );
  expect(table.nullable).toEqual([true, false, false, true]);
  expect(table.metadata.names).toEqual(['c1', 'c2', 'c3', 'c4']);
});

test.each([
  ['a name without its end', '01610101740000'],
  ['more columns than bytes', '016100017400 05 01'],
  ['metadata that is too long', '016100017400 0101 0105 00'],
  ['metadata that is cut', '016100017400 010f 0105 00'],
  ['no bitmap of nulls', '016100017400 0101 00'],
])('%s is a DecodeError', (_what, hex) => {
  expect(() => read(hex)).toThrow(DecodeError);
});

function recorded(name: 'mysql-9.7' | 'mariadb-10.11', table: string): BinlogTable {
  const maps = decodeAll(eventsOf(recordedBinlog(name))).filter(({ kind }) => kind === 'table-map');
  const found = maps.find((event) => event.kind === 'table-map' && event.table.name === table);
  if (found?.kind !== 'table-map') throw new Error(`no ${table}`);
  return found.table;
}

test('the tables of the recorded binlogs, with all that FULL metadata tells', () => {
  const mysql = recorded('mysql-9.7', 'texts');
  expect(mysql.metadata.names).toEqual('id c v bi vb tx bl e s j geo vec'.split(' '));
  expect(mysql.columns.map(({ collation }) => collation)).toEqual([
    null,
    8,
    46,
    63,
    63,
    255,
    63,
    8,
    8,
    null,
    null,
    63,
  ]);
  expect(mysql.columns[7]?.members).toEqual(['a', 'ä', '']);
  expect(mysql.metadata.primaryKey).toEqual([{ column: 0, prefix: 0 }]);
  expect(mysql.metadata.geometryTypes[10]).toBe(1);
  expect(mysql.metadata.vectorDimensions[11]).toBe(2);
  const mariadb = recorded('mariadb-10.11', 'texts');
  expect(mariadb.columns.map(({ collation }) => collation)).toEqual([
    null,
    63,
    8,
    46,
    63,
    63,
    8,
    63,
    8,
    8,
    46,
    63,
    63,
    63,
    45,
    63,
  ]);
  expect(mariadb.columns[9]?.members).toEqual(['x', 'y', 'ö']);
  for (const name of ['mysql-9.7', 'mariadb-10.11'] as const) {
    const numbers = recorded(name, 'numbers');
    expect(numbers.metadata.unsigned?.flatMap((each, i) => (each ? [i] : []))).toEqual([
      0, 1, 3, 5,
    ]);
    const times = recorded(name, 'times');
    expect(times.metadata.primaryKey?.map(({ column }) => column)).toEqual([1, 0]);
  }
  expect(recorded('mysql-9.7', 'times').metadata.visible?.[5]).toBe(false);
});
