import type { BinlogRowChange, BinlogTruncateChange } from '../../../model/change-event.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import type { StatementEffect } from './statement-changes.ts';

/** A place in a binlog, as one server numbers its files. */
export interface LogSpot {
  readonly file: string;
  readonly pos: number;
}

/** What reads tables beside the stream, and sees their changes before the receiver. */
export interface ChangeWatch {
  /** False: it is not to be handed over. */
  row(change: BinlogRowChange): boolean;
  truncate(change: BinlogTruncateChange): boolean;
}

/** Who wants to see what, as long as tables are read beside the stream. */
export interface StreamWatches {
  of(table: TableSchema): ChangeWatch | null;
  /** The catalog has followed a statement, which emptied these tables. */
  statement(effect: StatementEffect): void;
  /** A transaction that was prepared before has come to its end. */
  outcome(): void;
}
