import type { ByteWriter } from '../../src/foundation/byte-writer.ts';

/** Whose binlog it is: some types and metadata differ. */
export type BinlogFlavor = 'mysql' | 'mariadb';

/** A column as TABLE_MAP and its optional metadata tell it. */
export interface BinlogColumn {
  readonly flavor: BinlogFlavor;
  /** Protocol type; of STRING columns the real one: 254 CHAR/BINARY, 247 ENUM, 248 SET. */
  readonly type: number;
  /**
   * By type: largest length in bytes (CHAR, VARCHAR), bytes of the length prefix (BLOB, JSON,
   * GEOMETRY, VECTOR), precision << 8 | scale (DECIMAL), bits (BIT), digits of the fraction (TIME2,
   * DATETIME2, TIMESTAMP2), bytes of the index or bitmap (ENUM, SET), 0 otherwise. For MariaDB's
   * types 7, 11 and 12, which tell nothing: the digits, where the table's definition has them.
   */
  readonly meta: number;
  readonly unsigned: boolean;
  /** Collation id; 63 is binary, null is not told. */
  readonly collation: number | null;
  /** Members of an ENUM or SET in order, where they are known. */
  readonly members: readonly string[] | null;
  /** MariaDB types that the binlog does not tell from BINARY; their values become texts. */
  readonly declared?: 'uuid' | 'inet4' | 'inet6';
}

/**
 * Appends one value, as the text protocol would show it in the time zone +00:00 (binary columns:
 * their bytes), and returns the position behind it.
 * @throws DecodeError when the value reaches over `end` or is none of its type
 */
export type BinlogValueWriter = (bytes: Buffer, at: number, end: number, out: ByteWriter) => number;
