import { describe, expect, test } from 'vitest';
import type { ColumnType } from '../../dialects/mysql/ddl/table-definition.ts';
import { mapMysqlType } from '../../dialects/mysql/mysql-types.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../dialects/mysql/mysql-value-modes.ts';
import type { BinlogRowChange } from '../../src/model/change-event.ts';
import { optional } from '../../src/model/connect-schema.ts';
import { RowImage, ValueKind } from '../../src/model/row-image.ts';
import type { ColumnSchema } from '../../src/model/table-schema.ts';
import { mysqlColumnType } from '../support/mysql-column-type.ts';
import { benchOf, BINLOG_OPTIONS, binlogOrigin, tableOf, WIRES } from './encoder-harness.ts';

function columnOf(name: string, tupleIndex: number, type: ColumnType, key: boolean): ColumnSchema {
  const mapping = mapMysqlType(type, DEFAULT_MYSQL_VALUE_MODES);
  if (!mapping.supported) throw new Error(mapping.typeName);
  const schema = key ? mapping.schema : optional(mapping.schema);
  const { format } = mapping;
  return { name, schema, format, tupleIndex, sourceType: type.base, identity: key };
}

/** A key of 1, and a value as the bytes that the binlog's decoder leaves. */
function image(value: Buffer): RowImage {
  const row = new RowImage();
  row.reset(Buffer.concat([Buffer.from('1'), value]), 2);
  row.kinds.fill(ValueKind.text, 0, 2);
  row.starts.set([0, 1]);
  row.ends.set([1, 1 + value.length]);
  return row;
}

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const texts = (...all: readonly string[]): readonly Buffer[] =>
  all.map((text) => Buffer.from(text));
const POINT = '000000000101000000000000000000f83f00000000000002c0';

const CASES: readonly (readonly [string, Partial<ColumnType>, readonly Buffer[]])[] = [
  ['int', { unsigned: true, zerofill: true }, texts('0000000042', '0000000000')],
  ['bigint', { unsigned: true }, texts('0', '9223372036854775807')],
  ['float', {}, texts('0.1', '-3.4028235e38', '1e-45')],
  ['float', { length: 7, scale: 4 }, texts('123.4567')],
  ['double', {}, texts('1e15', '-0', '0.000000000000001', '1.5')],
  ['decimal', { length: 10, scale: 2 }, texts('-12.30', '99999999.99')],
  ['year', { length: 4 }, texts('0000', '2155')],
  ['bit', { length: 1 }, [bytes('00'), bytes('01')]],
  ['bit', { length: 9 }, [bytes('0155')]],
  ['blob', {}, [bytes(''), bytes('00ff80c3')]],
  ['json', {}, texts('{"a": "é"}')],
  ['date', {}, texts('2020-02-29', '0000-00-00', '0001-01-01')],
  ['time', { length: 6 }, texts('-838:59:58.999999', '24:00:00.000000')],
  ['datetime', { length: 3 }, texts('1969-12-31 23:59:59.999', '2020-00-00 00:00:00.000')],
  ['datetime', { length: 6 }, texts('9999-12-31 23:59:59.999999')],
  ['timestamp', { length: 3 }, texts('2000-01-01 00:00:00.000', '0000-00-00 00:00:00.000')],
  ['geometry', {}, [bytes(POINT)]],
  ['point', {}, [bytes(POINT)]],
  ['vector', { length: 2 }, [bytes('0000803f00002040')]],
];

describe('rows of MySQL, by the compiled path and by the general one', () => {
  for (const wire of WIRES) {
    test.each(CASES)(`%s %j in ${wire.name}`, async (base, more, values) => {
      const key = columnOf('id', 0, mysqlColumnType('int'), true);
      const column = columnOf('v', 1, mysqlColumnType(base, more), false);
      const table = tableOf([key, column], [0]);
      const bench = await benchOf(table, wire, BINLOG_OPTIONS);
      for (const value of values) {
        const after = image(value);
        const change: BinlogRowChange = { ...binlogOrigin(), op: 'c', table, before: null, after };
        expect(bench.compiled(change)).toEqual(bench.general(change));
      }
    });
  }

  test('bytes stay bytes, and a date of no calendar is null', async () => {
    const [wire] = WIRES;
    if (wire === undefined) throw new Error('no wire');
    const payload = async (base: string, value: Buffer): Promise<string | null | undefined> => {
      const key = columnOf('id', 0, mysqlColumnType('int'), true);
      const table = tableOf([key, columnOf('v', 1, mysqlColumnType(base), false)], [0]);
      const bench = await benchOf(table, wire, BINLOG_OPTIONS);
      const row = { ...binlogOrigin(), op: 'c', table, before: null, after: image(value) } as const;
      return bench.compiled(row)[0]?.value;
    };
    expect(await payload('blob', bytes('00ff80c3'))).toContain('"after":{"id":1,"v":"AP+Aww=="}');
    expect(await payload('date', Buffer.from('2020-00-15'))).toContain('"after":{"id":1,"v":null}');
  });
});
