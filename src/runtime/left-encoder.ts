import type { RowChange, TruncateChange } from '../model/change-event.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { RowEncoder, RowEncoderContext } from '../rowpath/row-encoder.ts';

/**
 * Of a table that waits in the log of the server: what comes is left to that, and only counted in
 * its transaction. What was read, and stands in no log, is told to `onRead`.
 */
export class LeftEncoder implements RowEncoder {
  readonly #table: TableSchema;
  readonly #transaction: RowEncoderContext['transaction'];
  readonly #onRead: () => void;

  constructor(
    table: TableSchema,
    transaction: RowEncoderContext['transaction'],
    onRead: () => void,
  ) {
    this.#table = table;
    this.#transaction = transaction;
    this.#onRead = onRead;
  }

  /** Nothing is written that would have a time. */
  processedAt(): void {
    return undefined;
  }

  row(change: RowChange): number {
    if (change.op === 'r' || change.snapshot !== 'false') this.#onRead();
    else this.#transaction?.(change, this.#table.id);
    return 0;
  }

  truncate(change: TruncateChange): number {
    // One in front of rows that are read.
    if (change.ordinal < 0) this.#onRead();
    else this.#transaction?.(change, this.#table.id);
    return 0;
  }
}
