import type { BinlogColumn, BinlogValueWriter } from '../../dialects/mysql/binlog-column.ts';
import { binlogValueWriter } from '../../dialects/mysql/binlog-values.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';

/** A column of a table map; what is not given is not told. */
export function binlogColumn(
  type: number,
  meta: number,
  more: Partial<BinlogColumn> = {},
): BinlogColumn {
  const plain = { flavor: 'mysql', unsigned: false, collation: null, members: null } as const;
  return { ...plain, type, meta, ...more };
}

/** The bytes that a writer makes of a value; it must use all of it, wherever it lies. */
export function writtenBytes(write: BinlogValueWriter, hex: string): Buffer {
  const value = Buffer.from(hex, 'hex');
  const bytes = Buffer.concat([Buffer.from('fe', 'hex'), value, Buffer.from('fe', 'hex')]);
  const out = new ByteWriter(1);
  out.ascii('<');
  const next = write(bytes, 1, 1 + value.length, out);
  if (next !== 1 + value.length) throw new Error(`${next - 1} of ${value.length} bytes used`);
  return Buffer.from(out.written(1));
}

/** The text of a value of a column. */
export function valueText(column: BinlogColumn, hex: string): string {
  return writtenBytes(binlogValueWriter(column), hex).toString();
}
