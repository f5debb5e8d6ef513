import type { BinlogFlavor } from '../../../../dialects/mysql/binlog-column.ts';
import { BinlogType } from '../../../../dialects/mysql/binlog-type.ts';
import { ByteReader } from '../../../foundation/byte-reader.ts';
import { packedInteger, packedLength } from './packed-integer.ts';

/** Fields of TABLE_MAP's optional part; those of newer servers are passed over (PITFALLS B55). */
const Field = {
  signedness: 1,
  defaultCharset: 2,
  columnCharset: 3,
  columnName: 4,
  setMembers: 5,
  enumMembers: 6,
  geometryType: 7,
  primaryKey: 8,
  primaryKeyWithPrefix: 9,
  memberDefaultCharset: 10,
  memberCharset: 11,
  visibility: 12,
  vectorDimension: 13,
} as const;

/** A column of the primary key, in the key's order; prefix 0 is the whole column (B53). */
export interface KeyPart {
  readonly column: number;
  readonly prefix: number;
}

/** What the optional part says; every array is by column, null throughout where not told. */
export interface TableMetadata {
  readonly unsigned: readonly boolean[] | null;
  readonly collations: readonly (number | null)[];
  /** Of ENUM and SET, in the bytes of their character set. */
  readonly members: readonly (readonly Buffer[] | null)[];
  readonly names: readonly string[] | null;
  readonly primaryKey: readonly KeyPart[] | null;
  readonly visible: readonly boolean[] | null;
  /** Code of the OGC type of a geometry column. */
  readonly geometryTypes: readonly (number | null)[];
  readonly vectorDimensions: readonly (number | null)[];
}

/** What is known of the table before the optional part. */
export interface MetadataSubject {
  readonly flavor: BinlogFlavor;
  /** Of older servers some bitmaps mean something else. */
  readonly serverVersion: string;
  /** Real types of the columns. */
  readonly types: readonly number[];
}

type Draft = { -readonly [K in keyof TableMetadata]: TableMetadata[K] };

/**
 * Reads all fields. Those that speak of "the n-th character column" count by type, and which types
 * count differs (PITFALLS B50, B51); their order in the event is free (B52).
 */
export function readTableMetadata(reader: ByteReader, subject: MetadataSubject): TableMetadata {
  const { types } = subject;
  const nulls = types.map(() => null);
  const draft: Draft = {
    unsigned: null,
    collations: nulls,
    members: nulls,
    names: null,
    primaryKey: null,
    visible: null,
    geometryTypes: nulls,
    vectorDimensions: nulls,
  };
  while (reader.remaining > 0) {
    const field = reader.u8();
    const length = packedLength(reader);
    const start = reader.skip(length);
    readField(field, new ByteReader(reader.bytes, start, start + length), subject, draft);
  }
  return draft;
}

function readField(
  field: number,
  reader: ByteReader,
  subject: MetadataSubject,
  draft: Draft,
): void {
  const { types } = subject;
  const all = types.map((_, column) => column);
  switch (field) {
    case Field.signedness:
      draft.unsigned = readSignedness(reader, subject);
      return;
    case Field.defaultCharset:
    case Field.columnCharset: {
      const counted = columnsOf(types, (type) => hasCharset(type, subject.flavor));
      const read = field === Field.defaultCharset ? readDefaultCharset : readEach;
      draft.collations = placed(draft.collations, counted, read(reader, counted.length));
      return;
    }
    case Field.memberDefaultCharset:
    case Field.memberCharset: {
      const counted = columnsOf(types, (type) => isEnum(type) || isSet(type));
      const read = field === Field.memberDefaultCharset ? readDefaultCharset : readEach;
      draft.collations = placed(draft.collations, counted, read(reader, counted.length));
      return;
    }
    case Field.columnName:
      draft.names = all.map(() => reader.take(packedLength(reader)).toString('utf8'));
      return;
    case Field.setMembers:
    case Field.enumMembers: {
      const counted = columnsOf(types, field === Field.setMembers ? isSet : isEnum);
      const members = counted.map(() => readMembers(reader));
      draft.members = placed(draft.members, counted, members);
      return;
    }
    case Field.primaryKey:
    case Field.primaryKeyWithPrefix:
      draft.primaryKey = readKey(reader, types.length, field === Field.primaryKeyWithPrefix);
      return;
    case Field.visibility:
      draft.visible = readBits(reader, types.length);
      return;
    case Field.geometryType:
    case Field.vectorDimension: {
      const isGeometry = field === Field.geometryType;
      const type: number = isGeometry ? BinlogType.geometry : BinlogType.vector;
      const counted = columnsOf(types, (each) => each === type);
      const values = placed(
        all.map(() => null) as (number | null)[],
        counted,
        readEach(reader, counted.length),
      );
      if (isGeometry) draft.geometryTypes = values;
      else draft.vectorDimensions = values;
      return;
    }
    default:
  }
}

function isEnum(type: number): boolean {
  return type === BinlogType.enum;
}

function isSet(type: number): boolean {
  return type === BinlogType.set;
}

/** MariaDB counts geometry among the character columns, MySQL does not (PITFALLS B51). */
function hasCharset(type: number, flavor: BinlogFlavor): boolean {
  switch (type) {
    case BinlogType.string:
    case BinlogType.varString:
    case BinlogType.varchar:
    case BinlogType.tinyBlob:
    case BinlogType.mediumBlob:
    case BinlogType.longBlob:
    case BinlogType.blob:
    case BinlogType.vector:
    case BinlogType.compressedBlob:
    case BinlogType.compressedVarchar:
      return true;
    case BinlogType.geometry:
      return flavor === 'mariadb';
    default:
      return false;
  }
}

function columnsOf(types: readonly number[], counts: (type: number) => boolean): number[] {
  return types.flatMap((type, column) => (counts(type) ? [column] : []));
}

/** `values` at the columns that were counted; the others stay. */
function placed<T>(before: readonly T[], columns: readonly number[], values: readonly T[]): T[] {
  const result = [...before];
  columns.forEach((column, i) => (result[column] = values[i] as T));
  return result;
}

function readEach(reader: ByteReader, count: number): number[] {
  return Array.from({ length: count }, () => smallInteger(reader));
}

/** One collation for all, and pairs of index and collation for those that differ. */
function readDefaultCharset(reader: ByteReader, count: number): number[] {
  const collation = smallInteger(reader);
  const collations = Array.from({ length: count }, () => collation);
  while (reader.remaining > 0) {
    const index = smallInteger(reader);
    if (index >= count) reader.fail(`collation of character column ${index} of ${count}`);
    collations[index] = smallInteger(reader);
  }
  return collations;
}

function readMembers(reader: ByteReader): Buffer[] {
  const count = packedLength(reader);
  return Array.from({ length: count }, () => Buffer.from(reader.take(packedLength(reader))));
}

function readKey(reader: ByteReader, columnCount: number, withPrefix: boolean): KeyPart[] {
  const parts: KeyPart[] = [];
  while (reader.remaining > 0) {
    const column = smallInteger(reader);
    if (column >= columnCount) reader.fail(`key column ${column} of ${columnCount}`);
    parts.push({ column, prefix: withPrefix ? smallInteger(reader) : 0 });
  }
  return parts;
}

function smallInteger(reader: ByteReader): number {
  const value = packedInteger(reader);
  return value > 0xffff_ffffn ? reader.fail(`number ${value}`) : Number(value);
}

/** Most significant bit first. */
function readBits(reader: ByteReader, count: number): boolean[] {
  const bytes = reader.take((count + 7) >> 3);
  return Array.from({ length: count }, (_, i) => bitAt(bytes, i));
}

function bitAt(bytes: Buffer, index: number): boolean {
  return (((bytes[index >> 3] ?? 0) << (index & 7)) & 0x80) !== 0;
}

/**
 * A bit for each numeric column. Newer servers count YEAR among them, with a bit that is always
 * set; older ones do not (PITFALLS B50: 8.0.15 does not, 8.0.29 and MariaDB do). Where the bits
 * themselves allow one reading only, that is it; else the version decides.
 */
function readSignedness(reader: ByteReader, subject: MetadataSubject): boolean[] {
  const { types } = subject;
  const bytes = reader.take(reader.remaining);
  const withYear = columnsOf(types, (type) => isNumeric(type) || type === BinlogType.year);
  const without = columnsOf(types, isNumeric);
  const yearIsPossible =
    fits(bytes, withYear.length) &&
    withYear.every((column, bit) => types[column] !== BinlogType.year || bitAt(bytes, bit));
  const onlyWithout = !yearIsPossible && fits(bytes, without.length);
  const counted =
    onlyWithout || (fits(bytes, without.length) && isOld(subject)) ? without : withYear;
  if (bytes.length * 8 < counted.length) {
    reader.fail(`${bytes.length} bytes of signs for ${counted.length} columns`);
  }
  const unsigned = types.map((type) => type === BinlogType.year);
  counted.forEach((column, bit) => (unsigned[column] = bitAt(bytes, bit)));
  return unsigned;
}

/** Exactly so many bits, and nothing in the rest of the last byte. */
function fits(bytes: Buffer, count: number): boolean {
  if (bytes.length !== (count + 7) >> 3) return false;
  for (let bit = count; bit < bytes.length * 8; bit++) if (bitAt(bytes, bit)) return false;
  return true;
}

function isOld({ flavor, serverVersion }: MetadataSubject): boolean {
  const match = /^8\.0\.(\d+)/.exec(serverVersion);
  return flavor === 'mysql' && match !== null && Number(match[1]) < 20;
}

function isNumeric(type: number): boolean {
  switch (type) {
    case BinlogType.tiny:
    case BinlogType.short:
    case BinlogType.int24:
    case BinlogType.long:
    case BinlogType.longlong:
    case BinlogType.float:
    case BinlogType.double:
    case BinlogType.newDecimal:
    case OLD_DECIMAL:
      return true;
    default:
      return false;
  }
}

/** DECIMAL of before MySQL 5.0. */
const OLD_DECIMAL = 0;
