import type { ByteWriter } from '../foundation/byte-writer.ts';
import type { ChangeOrigin } from '../model/change-event.ts';

/**
 * Writes the source block of a table's changes. One is chosen for each table by the family of its
 * source, and gets the origins of that family alone; what a transaction's changes have in common is
 * kept as bytes until it ends.
 */
export interface SourceEncoder<Origin extends ChangeOrigin = ChangeOrigin> {
  write(origin: Origin, out: ByteWriter): void;
}
