import { describe, expect, test } from 'vitest';
import { BinlogType } from '../../../../dialects/mysql/binlog-type.ts';
import type { BinlogColumn } from '../../../../dialects/mysql/binlog-column.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { BinlogTable } from '../../../../src/source/mysql/binlog/binlog-table.ts';
import type { TableMetadata } from '../../../../src/source/mysql/binlog/table-metadata.ts';
import {
  mismatch,
  placeColumns,
  refinedColumns,
} from '../../../../src/source/mysql/stream/binlog-columns.ts';
import { tableDefinition } from '../../../support/mysql-definitions.ts';

function told(types: readonly number[], names: readonly string[] | null = null): BinlogTable {
  const nulls = types.map(() => null);
  const metadata: TableMetadata = {
    unsigned: null,
    collations: nulls,
    members: nulls,
    names,
    primaryKey: null,
    visible: null,
    geometryTypes: nulls,
    vectorDimensions: nulls,
  };
  const columns = types.map((type): BinlogColumn => ({
    flavor: 'mariadb',
    type,
    meta: 0,
    unsigned: false,
    collation: null,
    members: null,
  }));
  return new BinlogTable(
    { schema: 'g', name: 't' },
    columns,
    types.map(() => true),
    metadata,
  );
}

const { long, varchar, string, timestamp, timestamp2, longlong } = BinlogType;
const two: TableDefinition = tableDefinition(
  'CREATE TABLE t (id INT UNSIGNED, v VARCHAR(9) CHARACTER SET latin1)',
);

describe('which column of a table map is which of the definition', () => {
  const indexes = (table: BinlogTable, definition = two): readonly number[] =>
    placeColumns(table, definition).map(({ index }) => index);

  test('by place, or by name, in any case, where the server tells names (PITFALLS B49)', () => {
    expect(indexes(told([long, varchar]))).toEqual([0, 1]);
    expect(indexes(told([varchar, long], ['V', 'id']))).toEqual([1, 0]);
  });

  test('a column that nobody knows means another definition, whatever its name', () => {
    const table = told([long, varchar, longlong], ['id', 'v', 'surplus']);
    expect(() => indexes(table)).toThrow(/has 1 columns more in its table map/);
  });

  test('hidden columns stand between them where names tell which (PITFALLS B124)', () => {
    expect(indexes(told([long, longlong, varchar], ['id', '!hidden!i!0!0', 'v']))).toEqual([0, 2]);
  });

  test('and behind them in system-versioned tables (PITFALLS B54)', () => {
    const definition = tableDefinition('CREATE TABLE t (id INT) WITH SYSTEM VERSIONING');
    expect(indexes(told([long, timestamp2, timestamp2]), definition)).toEqual([0]);
  });

  test.each([
    ['a column less', told([long]), /g\.t\.v is not in its table map/],
    ['a column more', told([long, varchar, long]), /g\.t has 1 columns more/],
    ['another type', told([long, long]), /g\.t\.v is varchar, and of type 3/],
    ['another name', told([long, varchar], ['id', 'w']), /g\.t\.v is not in/],
  ])('%s stops the stream (PITFALLS B58)', (_, table, message) => {
    expect(() => placeColumns(table, two)).toThrow(message);
  });
});

describe('what the table map leaves open', () => {
  test('comes from the definition', () => {
    const table = told([long, varchar]);
    const [id, v] = refinedColumns(table, placeColumns(table, two));
    expect([id?.unsigned, v?.collation]).toEqual([true, 5]);
    table.refine([id as BinlogColumn, v as BinlogColumn]);
  });

  test('types of MariaDB that are BINARY in it, and old times', () => {
    const definition = tableDefinition('CREATE TABLE t (u UUID, t TIMESTAMP(3), e ENUM("a"))');
    const table = told([string, timestamp, BinlogType.enum]);
    const columns = refinedColumns(table, placeColumns(table, definition));
    expect(columns.map(({ declared, meta, members }) => [declared, meta, members])).toEqual([
      ['uuid', 0, null],
      [undefined, 3, null],
      [undefined, 0, ['a']],
    ]);
    table.refine(columns);
  });

  test('hidden columns stay as they are told', () => {
    const table = told([long, longlong, varchar], ['id', '!hidden!i!0!0', 'v']);
    expect(refinedColumns(table, placeColumns(table, two))[1]).toBe(table.columns[1]);
  });
});

test('the error says what to do', () => {
  expect(mismatch('g.t', 'has rows').cure).toMatch(/sql_log_bin/);
});
