/** A table that a sink needs read once more: its target lacks rows, or has them otherwise. */
export interface RereadRequest {
  /** Of this need; whoever has the same need asks with the same. */
  readonly id: string;
  readonly topic: string;
  /** `schema.table`, of MySQL `database.table`. */
  readonly table: string;
}

/** What became of it. */
export type RereadState =
  | { readonly kind: 'waiting' }
  /** The rows are in the log, and every task of the sink has applied what lies before their end. */
  | { readonly kind: 'applied' }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Asks the source to read a table, beside the stream, unless it does so already, and says how far
 * that is. To be asked every few seconds, also by a later process: what nobody remembers is read
 * once more.
 */
export type AskReread = (request: RereadRequest) => Promise<RereadState>;
