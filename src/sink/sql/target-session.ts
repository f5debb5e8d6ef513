import type { AddedRows, CatalogRow, SqlText, CopiedStatement } from '../../../dialects/dialect.ts';

/** What a statement answered. */
export interface StatementResult {
  readonly rows: readonly CatalogRow[];
  /** Rows that the statement touched. */
  readonly rowCount: number;
}

/**
 * One connection to the target. Its errors are TidemarkErrors; one of code SINK_CONNECT means that
 * the session is gone and, with it, the transaction, unless a COMMIT was on the way.
 */
export interface TargetSession {
  /** Of several statements at once: the rows of the last, and the touched rows of all. */
  query(sql: SqlText | string): Promise<StatementResult>;
  /**
   * Runs a statement over rows that are copied into a table of the session; resolves to how many it
   * touched, null: not by this session, or not again in this transaction. Absent: never.
   */
  load?(copied: CopiedStatement, lines: Iterable<string>): Promise<number> | null;
  /** Whether it is worth it: false when the target has refused one a short while ago. */
  mayAdd?(name: string): boolean;
  /**
   * Adds rows that are most likely new. False: nothing was added, because the target refused one of
   * them. Absent: never.
   */
  add?(added: AddedRows, lines: Iterable<string>): Promise<boolean>;
  /** The same by a statement that adds them; `name`: as for `mayAdd`. */
  addFresh?(name: string, sql: SqlText): Promise<boolean>;
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** The target takes no longer text in one piece. */
  readonly statementBytesMax: number;
  /**
   * Rows of one statement at most, where several are faster: each is made while the target works on
   * the one before. Absent: one takes them all.
   */
  readonly statementRowsMax?: number;
  /** Names of tables that differ only by case are one. */
  readonly foldsNames: boolean;
  readonly broken: boolean;
  /** Cuts the connection; what runs fails. */
  destroy(): void;
  close(): Promise<void>;
}

export type OpenSession = (signal: AbortSignal) => Promise<TargetSession>;
