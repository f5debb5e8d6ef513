import { DecodeError } from '../../src/foundation/byte-reader.ts';
import type { BinlogColumn, BinlogValueWriter } from './binlog-column.ts';
import { addressWriter } from './binlog-addresses.ts';
import { compressedWriter } from './binlog-compressed-columns.ts';
import { decimalWriter } from './binlog-decimal.ts';
import { writeDouble, writeFloat } from './binlog-floats.ts';
import { integerWriter, writeYear } from './binlog-integers.ts';
import {
  mariadbDatetimeWriter,
  mariadbTimestampWriter,
  mariadbTimeWriter,
} from './binlog-mariadb-times.ts';
import { enumWriter, setWriter } from './binlog-members.ts';
import { paddedWriter, prefixedWriter } from './binlog-strings.ts';
import {
  datetimeWriter,
  timestampWriter,
  timeWriter,
  writeDate,
  writeOldDatetime,
  writeOldTime,
  writeOldTimestamp,
} from './binlog-times.ts';
import { BinlogType } from './binlog-type.ts';
import { behind } from './binlog-value-bounds.ts';
import { jsonWriter } from './json-binary.ts';
import { converterOfCollation } from './mysql-charsets.ts';

const BINARY = 63;

/**
 * How values of a column are read; decided once per table, not per row.
 * @throws DecodeError for a type that no server writes
 */
export function binlogValueWriter(column: BinlogColumn): BinlogValueWriter {
  const { type, meta, unsigned } = column;
  switch (type) {
    case BinlogType.tiny:
      return integerWriter(1, unsigned);
    case BinlogType.short:
      return integerWriter(2, unsigned);
    case BinlogType.int24:
      return integerWriter(3, unsigned);
    case BinlogType.long:
      return integerWriter(4, unsigned);
    case BinlogType.longlong:
      return integerWriter(8, unsigned);
    case BinlogType.float:
      return writeFloat;
    case BinlogType.double:
      return writeDouble;
    case BinlogType.newDecimal:
      return decimalWriter(...decimalSize(meta));
    case BinlogType.year:
      return writeYear;
    case BinlogType.bit:
      return bitWriter(atMost(meta, 64, 'bits'));
    case BinlogType.enum:
      return enumWriter(atMost(meta, 2, 'bytes of an index'), column.members);
    case BinlogType.set:
      return setWriter(atMost(meta, 8, 'bytes of a bitmap'), column.members);
    default:
      return timeColumnWriter(column) ?? stringColumnWriter(column);
  }
}

function timeColumnWriter({ type, meta }: BinlogColumn): BinlogValueWriter | null {
  switch (type) {
    case BinlogType.date:
      return writeDate;
    case BinlogType.time2:
      return timeWriter(atMost(meta, 6, 'digits'));
    case BinlogType.datetime2:
      return datetimeWriter(atMost(meta, 6, 'digits'));
    case BinlogType.timestamp2:
      return timestampWriter(atMost(meta, 6, 'digits'));
    case BinlogType.timestamp:
      return meta === 0 ? writeOldTimestamp : mariadbTimestampWriter(atMost(meta, 6, 'digits'));
    case BinlogType.time:
      return meta === 0 ? writeOldTime : mariadbTimeWriter(atMost(meta, 6, 'digits'));
    case BinlogType.datetime:
      return meta === 0 ? writeOldDatetime : mariadbDatetimeWriter(atMost(meta, 6, 'digits'));
    default:
      return null;
  }
}

function stringColumnWriter(column: BinlogColumn): BinlogValueWriter {
  const { type, meta, collation, declared } = column;
  switch (type) {
    case BinlogType.string:
      if (declared !== undefined) return addressWriter(declared);
      if (collation === BINARY) return paddedWriter(meta > 255 ? 2 : 1, meta);
      return prefixedWriter(meta > 255 ? 2 : 1, converterOfCollation(collation));
    case BinlogType.varchar:
    case BinlogType.varString:
      return prefixedWriter(meta > 255 ? 2 : 1, converterOfCollation(collation));
    case BinlogType.blob:
    case BinlogType.tinyBlob:
    case BinlogType.mediumBlob:
    case BinlogType.longBlob:
      return prefixedWriter(atMost(meta, 4, 'bytes of a length'), converterOfCollation(collation));
    case BinlogType.compressedVarchar:
      return compressedWriter(meta > 255 ? 2 : 1, converterOfCollation(collation));
    case BinlogType.compressedBlob:
      return compressedWriter(
        atMost(meta, 4, 'bytes of a length'),
        converterOfCollation(collation),
      );
    case BinlogType.json:
      return jsonWriter(atMost(meta, 4, 'bytes of a length'));
    case BinlogType.geometry:
    case BinlogType.vector:
      return prefixedWriter(atMost(meta, 4, 'bytes of a length'), null);
    default:
      return unknown(`column type ${type}`);
  }
}

/** BIT(n): its bytes, big-endian, as the text protocol has them (PITFALLS B76). */
function bitWriter(bits: number): BinlogValueWriter {
  const size = (bits + 7) >> 3;
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, size);
    out.range(bytes, at, next);
    return next;
  };
}

function decimalSize(meta: number): readonly [precision: number, scale: number] {
  const precision = meta >> 8;
  const scale = meta & 0xff;
  if (precision < 1 || precision > 65 || scale > 38 || scale > precision) {
    unknown(`DECIMAL(${precision},${scale})`);
  }
  return [precision, scale];
}

/** Of 1 to `most`; digits of a fraction may be 0. */
function atMost(meta: number, most: number, what: string): number {
  if (meta > most || (meta === 0 && what !== 'digits')) unknown(`${meta} ${what}`);
  return meta;
}

function unknown(what: string): never {
  throw new DecodeError(`${what} in a table map`, Buffer.alloc(0), 0);
}
