import type { BinlogColumn } from '../../../../dialects/mysql/binlog-column.ts';
import { BinlogType } from '../../../../dialects/mysql/binlog-type.ts';
import { ByteReader } from '../../../foundation/byte-reader.ts';
import type { FormatDescriptionEvent } from './binlog-event.ts';
import { BinlogTable } from './binlog-table.ts';
import { collationText } from './collation-text.ts';
import { packedLength } from './packed-integer.ts';
import { readTableMetadata } from './table-metadata.ts';

/** More than any server allows (4,096): what claims more is no table. */
const COLUMNS_MAX = 16_384;
/** A multi-valued index' hidden column: its element's type and metadata follow. */
const TYPED_ARRAY = 20;

/** The server whose tables these are. */
export type TableMapOrigin = Pick<FormatDescriptionEvent, 'flavor' | 'serverVersion'>;

interface ColumnType {
  readonly type: number;
  readonly meta: number;
}

/** The body of a TABLE_MAP behind table id and flags. */
export function readTableMap(reader: ByteReader, origin: TableMapOrigin): BinlogTable {
  const schema = readName(reader);
  const name = readName(reader);
  const count = packedLength(reader);
  if (count > COLUMNS_MAX) reader.fail(`${count} columns`);
  const codes = reader.take(count);
  const metaLength = packedLength(reader);
  const metaStart = reader.skip(metaLength);
  const meta = new ByteReader(reader.bytes, metaStart, metaStart + metaLength);
  const types = Array.from(codes, (code) => readColumnType(code, meta));
  if (meta.remaining > 0) meta.fail('bytes behind the metadata of the columns');
  const nullBits = reader.take((count + 7) >> 3);
  const nullable = types.map((_, i) => (((nullBits[i >> 3] ?? 0) >> (i & 7)) & 1) === 1);
  const subject = { ...origin, types: types.map(({ type }) => type) };
  const metadata = readTableMetadata(reader, subject);
  const columns = types.map(({ type, meta }, i): BinlogColumn => {
    const collation = metadata.collations[i] ?? null;
    return {
      flavor: origin.flavor,
      type,
      meta,
      unsigned: metadata.unsigned?.[i] ?? false,
      collation,
      // In the character set of the column (PITFALLS B52).
      members: metadata.members[i]?.map((member) => collationText(member, collation)) ?? null,
    };
  });
  return new BinlogTable({ schema, name }, columns, nullable, metadata);
}

/** A length of one byte, UTF-8, and a zero. */
function readName(reader: ByteReader): string {
  const name = reader.take(reader.u8()).toString('utf8');
  if (reader.u8() !== 0) reader.fail('no end of a name');
  return name;
}

/** Each type has metadata of its own width (PITFALLS B56). */
function readColumnType(code: number, reader: ByteReader): ColumnType {
  switch (code) {
    case BinlogType.float:
    case BinlogType.double:
      // How many bytes a value has, which the type says already.
      reader.skip(1);
      return { type: code, meta: 0 };
    case BinlogType.tinyBlob:
    case BinlogType.mediumBlob:
    case BinlogType.longBlob:
    case BinlogType.blob:
    case BinlogType.json:
    case BinlogType.geometry:
    case BinlogType.vector:
    case BinlogType.compressedBlob:
    case BinlogType.time2:
    case BinlogType.datetime2:
    case BinlogType.timestamp2:
      return { type: code, meta: reader.u8() };
    case BinlogType.varchar:
    case BinlogType.varString:
    case BinlogType.compressedVarchar:
      return { type: code, meta: reader.u16le() };
    case BinlogType.newDecimal:
      return { type: code, meta: reader.u16be() };
    case BinlogType.bit: {
      const bits = reader.u8();
      return { type: code, meta: bits + 8 * reader.u8() };
    }
    case BinlogType.string:
    case BinlogType.enum:
    case BinlogType.set:
      return readStringType(reader);
    case TYPED_ARRAY:
      readElementType(reader);
      return { type: code, meta: 0 };
    default:
      return { type: code, meta: 0 };
  }
}

/**
 * CHAR, ENUM and SET: the real type and a length; two bits of a length over 255 stand, inverted, in
 * the type (PITFALLS B57).
 */
function readStringType(reader: ByteReader): ColumnType {
  const type = reader.u8();
  const length = reader.u8();
  if ((type & 0x30) === 0x30) return { type, meta: length };
  return { type: type | 0x30, meta: length | (((type & 0x30) ^ 0x30) << 4) };
}

function readElementType(reader: ByteReader): void {
  const element = reader.u8();
  // Only here lengths have three bytes.
  if (element === BinlogType.varchar) reader.skip(3);
  else readColumnType(element, reader);
}
