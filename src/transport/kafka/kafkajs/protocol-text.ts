import type { ByteReader } from '../../../foundation/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/byte-writer.ts';

const NULL_LENGTH = 0xffff;

/** Kafka's NULLABLE_STRING: 16 bits of length, -1 for null. */
export function writeText(writer: ByteWriter, text: string | null): void {
  if (text === null) {
    writer.u16be(NULL_LENGTH);
    return;
  }
  const bytes = Buffer.from(text);
  writer.u16be(bytes.length);
  writer.raw(bytes);
}

/** Reads what `writeText` writes. */
export function readText(reader: ByteReader): string | null {
  const length = reader.i16be();
  return length < 0 ? null : reader.take(length).toString();
}
