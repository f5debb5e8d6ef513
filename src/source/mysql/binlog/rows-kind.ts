import { EventType } from './binlog-event-type.ts';

/** What a rows event does, and how its body differs from the others'. */
export interface RowsKind {
  readonly op: 'c' | 'u' | 'd';
  /** Version 2 has extra data between the flags and the count of columns (PITFALLS B88). */
  readonly version: 1 | 2;
  /** MariaDB's: what follows the bitmaps of columns is deflated (PITFALLS B91). */
  readonly compressed: boolean;
  /** The new row may hold differences of JSON documents (PITFALLS B84). */
  readonly partial: boolean;
}

function kind(op: RowsKind['op'], version: 1 | 2, extra: Partial<RowsKind> = {}): RowsKind {
  return { op, version, compressed: false, partial: false, ...extra };
}

const compressed = { compressed: true };

const KINDS: Readonly<Record<number, RowsKind>> = {
  [EventType.writeRowsV1]: kind('c', 1),
  [EventType.updateRowsV1]: kind('u', 1),
  [EventType.deleteRowsV1]: kind('d', 1),
  [EventType.writeRows]: kind('c', 2),
  [EventType.updateRows]: kind('u', 2),
  [EventType.deleteRows]: kind('d', 2),
  [EventType.partialUpdateRows]: kind('u', 2, { partial: true }),
  [EventType.writeRowsCompressedV1]: kind('c', 1, compressed),
  [EventType.updateRowsCompressedV1]: kind('u', 1, compressed),
  [EventType.deleteRowsCompressedV1]: kind('d', 1, compressed),
  [EventType.writeRowsCompressed]: kind('c', 2, compressed),
  [EventType.updateRowsCompressed]: kind('u', 2, compressed),
  [EventType.deleteRowsCompressed]: kind('d', 2, compressed),
};

/** The kind of a rows event; undefined for any other type. */
export function rowsKind(type: number): RowsKind | undefined {
  return KINDS[type];
}
