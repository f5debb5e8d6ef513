import { TidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { lsn, parseLsn } from '../../../model/lsn.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import { NO_STATEMENT_TIMEOUT } from '../wire/wire-connect.ts';
import type { StorageFingerprints } from '../snapshot/snapshot-reader.ts';
import { storageFingerprints } from '../snapshot/snapshot-reader.ts';
import type { WireFactory } from '../snapshot/snapshot-request.ts';
import { SNAPSHOT, SnapshotVisibility } from './snapshot-visibility.ts';

const WAL_PAGE = 8192n;
/** Of a WAL page and of a segment's first page. */
const PAGE_HEADERS: readonly bigint[] = [24n, 40n];

/** How far the WAL is once the read is over. On a standby: how far it has been replayed. */
export const READ_UNTIL = `SELECT CASE WHEN pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END`;

/** Rows of a chunk as COPY sent them, kept until the window closes. */
export interface ChunkRows {
  readonly bytes: Buffer;
  readonly count: number;
  start(index: number): number;
  end(index: number): number;
  /** The chunk had more rows than there was room for; those kept are its first. */
  readonly cut: boolean;
}

/** What one transaction read, and what it saw. */
export interface ReadWindow {
  readonly visibility: SnapshotVisibility;
  /** `pg_current_snapshot()` as text. */
  readonly snapshot: string;
  readonly inRecovery: boolean;
  /** Every transaction that the read saw has its commit before this position. */
  readonly until: Lsn;
  readonly rows: ChunkRows;
  /** Storage and shape of the table, taken under the read's own lock. */
  readonly fingerprints: StorageFingerprints;
}

/**
 * Reads chunks, each in a transaction of its own, over a connection that is made anew when it was
 * lost. Invariant: `fingerprints` are those of the files that were read, because the lock of the
 * read is still held when they are asked for.
 */
export class WindowReader {
  readonly #connect: WireFactory;
  readonly #maxBytes: number;
  #wire: PostgresWire | undefined;

  constructor(connect: WireFactory, maxBytes: number) {
    this.#connect = connect;
    this.#maxBytes = maxBytes;
  }

  async read(query: string, table: CapturedTable, signal: AbortSignal): Promise<ReadWindow> {
    const wire = await this.wire(signal);
    const begun = await wire.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${SNAPSHOT}`,
      signal,
    );
    const [snapshot = '', recovery] = begun.at(-1)?.rows[0] ?? [];
    const inRecovery = recovery === 't';
    const visibility = new SnapshotVisibility(snapshot ?? '', inRecovery);
    const rows = new RowBuffer(this.#maxBytes);
    try {
      await wire.copyOut(query, rows, signal);
      const fingerprints = await storageFingerprints(wire, [table], signal);
      const ended = await wire.query(`COMMIT; ${READ_UNTIL}`, signal);
      const until = reachable(ended.at(-1)?.rows[0]?.[0] ?? '');
      const texts = { snapshot: snapshot ?? '', inRecovery };
      return { visibility, ...texts, until, rows, fingerprints };
    } catch (error) {
      await this.#rollBack(wire, signal);
      throw error;
    }
  }

  async wire(signal: AbortSignal): Promise<PostgresWire> {
    if (this.#wire?.isOpen === true) return this.#wire;
    const session = {
      replication: false,
      applicationName: 'tidemark snapshot',
      settings: { ...NO_STATEMENT_TIMEOUT, row_security: 'off' },
    };
    return (this.#wire = await this.#connect(session, signal));
  }

  async close(): Promise<void> {
    await this.#wire?.close();
    this.#wire = undefined;
  }

  async #rollBack(wire: PostgresWire, signal: AbortSignal): Promise<void> {
    if (!wire.isOpen || signal.aborted) return;
    try {
      await wire.query('ROLLBACK', signal);
    } catch {
      // The error of the read is the one to tell; the connection is made anew.
      await this.close();
    }
  }
}

/** At the start of a page the next record goes behind the page's header: nothing ends there. */
export function reachable(text: string): Lsn {
  const position = parseLsn(text);
  const offset = position % WAL_PAGE;
  return PAGE_HEADERS.includes(offset) ? lsn(position - offset) : position;
}

class RowBuffer implements ChunkRows {
  readonly #maxBytes: number;
  bytes: Buffer = Buffer.allocUnsafe(64 * 1024);
  count = 0;
  cut = false;
  #used = 0;
  readonly #ends: number[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] as number);
  }

  end(index: number): number {
    return this.#ends[index] as number;
  }

  data(bytes: Buffer, start: number, end: number): undefined {
    const length = end - start;
    // One row always fits: what is larger than the limit cannot be cut further.
    if (this.cut || (this.count > 0 && this.#used + length > this.#maxBytes)) {
      this.cut = true;
      return undefined;
    }
    if (this.#used + length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.#used + length));
      this.bytes.copy(grown, 0, 0, this.#used);
      this.bytes = grown;
    }
    bytes.copy(this.bytes, this.#used, start, end);
    this.#used += length;
    this.#ends.push(this.#used);
    this.count++;
    return undefined;
  }

  settle(): undefined {
    return undefined;
  }
}

/** The server's own error about a statement: trying again changes nothing. */
export function isStatementError(error: unknown): boolean {
  return (
    error instanceof TidemarkError && (error.code === 'PG_SERVER' || error.code === 'PG_PERMISSION')
  );
}
