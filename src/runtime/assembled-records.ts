import type { SinkPosition, SinkRecord } from '../model/sink-record.ts';
import type { Membership } from './transaction-membership.ts';

/** What an assembler is told. */
export interface AssemblerParts {
  /** The topic of a data collection (`schema.table`) among those of the sink; null: not read. */
  readonly topicOf: (collection: string) => string | null;
  /** Rows of one transaction beyond which it is applied in parts. */
  readonly maxRows: number;
  /** Bytes of records that may wait. */
  readonly bufferBytes: number;
  /** Readers may see the transaction in parts. */
  readonly alert: (text: string, transaction: string) => void;
  readonly warn: (text: string, transaction: string) => void;
}

/** A record of the log, decoded. */
export interface ReadRecord {
  /** Null: transforms dropped it. */
  readonly record: SinkRecord | null;
  readonly membership: Membership | null;
  /** A delete's own tombstone follows it in the log. */
  readonly isTombstone: boolean;
  readonly offset: number;
  readonly bytes: number;
  /** Epoch and commit position; null: it does not say. */
  readonly position: string | null;
}

/** What is to be applied at once. */
export interface AssembledRecords {
  readonly records: readonly SinkRecord[];
  /** Where partitions of the tables stand behind it, as far as they moved. */
  readonly positions: readonly SinkPosition[];
  /** All partitions behind whole transactions; null: one is applied in parts just now. */
  readonly cut: readonly SinkPosition[] | null;
  /** Whole transactions up to here, for `AppliedTransactions.upTo`; null: not all were whole. */
  readonly applied: number | null;
  readonly bytes: number;
}

/** Why the next transaction is not applied yet. */
export interface AwaitedTransaction {
  readonly id: string;
  readonly sinceMs: number;
  /** Topics with how many records are awaited; empty: its BEGIN or END is. */
  readonly topics: readonly { readonly topic: string; readonly missing: number }[];
}
