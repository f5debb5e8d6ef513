import type { TableInfo } from '../../../dialects/postgres/postgres-catalog.ts';
import { number, text } from '../../../dialects/postgres/postgres-catalog.ts';
import { quoteLiteral, quoteQualified } from '../../../dialects/postgres/postgres-identifiers.ts';
import {
  storageQuery,
  storageSizeQuery,
} from '../../../dialects/postgres/postgres-server-catalog.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { Lsn } from '../../model/lsn.ts';
import type { CapturedTable } from './captured-tables.ts';
import type { Querier } from './catalog-session.ts';
import { catalogRows } from './catalog-session.ts';
import type { PostgresWire } from './postgres-wire.ts';
import type { SnapshotChunk, StorageSize } from './snapshot-chunks.ts';
import { chunkQuery, planChunks } from './snapshot-chunks.ts';
import { SnapshotLedger } from './snapshot-ledger.ts';
import type { SnapshotRequest } from './snapshot-request.ts';
import { SnapshotRows } from './snapshot-rows.ts';

const PROGRESS_INTERVAL_MS = 100;

/** The tables were changed before they could be locked: the attempt has to begin anew. */
export class SnapshotRaceError extends TidemarkError {
  constructor(message: string, details: { cause?: unknown } = {}) {
    super('PG_SNAPSHOT_RACE', message, details);
    this.name = 'SnapshotRaceError';
  }
}

/** Oid → storage and shape of what is to be read, to compare before and after. */
export type StorageFingerprints = ReadonlyMap<number, string>;

/** Reads the fingerprints as they are now. */
export async function storageFingerprints(
  querier: Querier,
  tables: readonly CapturedTable[],
  signal: AbortSignal,
): Promise<StorageFingerprints> {
  const rows = await catalogRows(querier, storageQuery(storageOids(tables)), signal);
  return new Map(
    rows.map((row) => [number(row, 'oid'), `${text(row, 'file')} ${row['columns'] ?? ''}`]),
  );
}

function storageOids(tables: readonly CapturedTable[]): number[] {
  return tables.flatMap(({ info, storage }) => [info.oid, ...storage.map((part) => part.oid)]);
}

/** What the rows are read with; all of it inside the one exported snapshot. */
export interface SnapshotReading {
  readonly tables: readonly CapturedTable[];
  readonly consistentPoint: Lsn;
  readonly snapshotName: string;
  /** Taken before the slot was made. */
  readonly before: StorageFingerprints;
  /** Outside of the snapshot: sees the catalog as it is. */
  readonly control: Querier;
  /** Called once every reader has adopted the snapshot: the exporter may go. */
  adopted(): Promise<void>;
}

/**
 * Reads all rows as of the exported snapshot over several connections and hands them over.
 *
 * Invariant: between the slot's consistent point and the ACCESS SHARE locks no table was rewritten
 * or truncated. An old snapshot sees such a table empty (PITFALLS P67), and no error would tell:
 * so storage and shape are compared from before the slot to after the locks.
 *
 * Invariant: only the first connection may wait for a lock, and only before it reads. It holds all
 * of them to the end; the others take theirs without waiting, table by table.
 * What breaks otherwise: DDL that waits for the first connection's lock makes every later reader
 * wait behind it, the first one waits for them to finish, and no server sees the circle.
 */
export async function readSnapshot(
  request: SnapshotRequest,
  reading: SnapshotReading,
): Promise<void> {
  const { options, signal } = request;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  await using readers = new AsyncDisposableStack();
  const open = async (): Promise<PostgresWire> => {
    const session = {
      replication: false,
      applicationName: 'tidemark snapshot',
      // With row level security on, rows would be missing in silence (P75): now it is an error.
      settings: { row_security: 'off' },
    };
    const wire = readers.use(await request.connect(session, signal));
    await wire.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', signal);
    await wire.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(reading.snapshotName)}`, signal);
    return wire;
  };
  const first = await open();
  await lockTables(first, reading, options.snapshotLockTimeoutMs, signal);
  // On the connection with the locks: to ask for a size takes one, too.
  const sizes = await storageSizes(first, reading.tables, signal);
  const chunks = planChunks(
    reading.tables,
    sizes,
    request.chunkPages === undefined
      ? { rows: options.snapshots.chunkRows }
      : { pages: request.chunkPages },
  );
  const transactionId = await snapshotTransaction(first, signal);
  const { consistentPoint, before: files } = reading;
  const ledger = new SnapshotLedger(reading.tables, chunks, { sizes, files, consistentPoint });
  request.offsets.reading(consistentPoint, ledger);
  const wires = [first];
  while (wires.length < Math.min(options.snapshotMaxThreads, chunks.length)) {
    wires.push(await open());
  }
  await reading.adopted();
  const queue = new ChunkQueue(request, reading, chunks, ledger, transactionId);
  const outcomes = await Promise.allSettled(
    wires.map(async (wire) => {
      try {
        await queue.read(wire, wire === first, either);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  // The one that failed first aborted the others; theirs is only the echo.
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
  if (signal.aborted) signal.throwIfAborted();
  if (failures.length > 0) throw firstCause(failures.map((failure) => failure.reason as unknown));
  // What others gave back after the first connection was through.
  await queue.read(first, true, signal);
  queue.finish();
  for (const wire of wires) await wire.query('COMMIT', signal);
}

/** The first transaction that the snapshot does not see: it stands in `source.txId` of its rows. */
async function snapshotTransaction(querier: Querier, signal: AbortSignal): Promise<number | null> {
  const query = 'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xid';
  const [row] = await catalogRows(querier, query, signal);
  const xid = row?.['xid'] ?? null;
  return xid === null ? null : Number(BigInt.asUintN(32, BigInt(xid)));
}

function firstCause(reasons: readonly unknown[]): unknown {
  const own = reasons.find(
    (reason) => !(reason instanceof TidemarkError && reason.code === 'PG_CONNECTION_LOST'),
  );
  return own ?? reasons[0];
}

/** Locks, then checks that nothing happened before the locks were there. */
async function lockTables(
  wire: PostgresWire,
  reading: SnapshotReading,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const parts = reading.tables.flatMap((table) => table.storage);
  if (parts.length > 0) {
    const list = parts.map((part) => `ONLY ${quoteQualified(part.schema, part.name)}`).join(', ');
    await wire.query(`SET LOCAL lock_timeout = ${timeoutMs}`, signal);
    try {
      await wire.query(`LOCK TABLE ${list} IN ACCESS SHARE MODE`, signal);
    } catch (error) {
      throw lockFailure(error, timeoutMs);
    }
  }
  const after = await storageFingerprints(reading.control, reading.tables, signal);
  const changed = reading.tables.filter(({ info, storage }) =>
    [info, ...storage].some(({ oid }) => reading.before.get(oid) !== after.get(oid)),
  );
  if (changed.length === 0) return;
  const names = changed.map(({ info }) => `${info.schema}.${info.name}`).join(', ');
  throw new SnapshotRaceError(`altered or truncated while the snapshot began: ${names}`);
}

/** False when it would have to wait; the transaction is broken then, and can read no more. */
async function lockAtOnce(
  wire: PostgresWire,
  { schema, name }: TableInfo,
  signal: AbortSignal,
): Promise<boolean> {
  const table = quoteQualified(schema, name);
  try {
    await wire.query(`LOCK TABLE ONLY ${table} IN ACCESS SHARE MODE NOWAIT`, signal);
    return true;
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'PG_LOCK_TIMEOUT') return false;
    throw error;
  }
}

/** Says which limit it was; a table that is gone was dropped or renamed since the list was made. */
function lockFailure(error: unknown, timeoutMs: number): unknown {
  if (!(error instanceof TidemarkError)) return error;
  if (error.code === 'PG_LOCK_TIMEOUT') {
    return new TidemarkError(
      'PG_LOCK_TIMEOUT',
      `the captured tables could not be locked within ${timeoutMs} ms ` +
        `(snapshot.lock.timeout.ms): ${error.message}`,
      { cause: error },
    );
  }
  return error.message.includes('SQLSTATE 42P01')
    ? new SnapshotRaceError(error.message, { cause: error })
    : error;
}

async function storageSizes(
  querier: Querier,
  tables: readonly CapturedTable[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, StorageSize>> {
  const rows = await catalogRows(querier, storageSizeQuery(storageOids(tables)), signal);
  return new Map(
    rows.map((row) => [
      number(row, 'oid'),
      {
        pages: Number(row['pages'] ?? 0),
        heap: row['heap'] === 't',
        rows: Number(row['rows'] ?? 0),
      },
    ]),
  );
}

/** Shares the chunks among the connections and keeps the receiver's pace. */
class ChunkQueue {
  readonly #request: SnapshotRequest;
  readonly #reading: SnapshotReading;
  readonly #chunks: readonly SnapshotChunk[];
  readonly #ledger: SnapshotLedger;
  readonly #rows: SnapshotRows;
  #next = 0;
  /** Chunks that a connection had taken and could not read. */
  readonly #returned: SnapshotChunk[] = [];
  /** Open while the receiver has no room: all connections wait for the one promise. */
  #room: Promise<void> | undefined;
  #progressAtMs = 0;

  constructor(
    request: SnapshotRequest,
    reading: SnapshotReading,
    chunks: readonly SnapshotChunk[],
    ledger: SnapshotLedger,
    transactionId: number | null,
  ) {
    this.#request = request;
    this.#ledger = ledger;
    this.#reading = reading;
    this.#chunks = chunks;
    const tables = reading.tables.map((table, index) => ({
      schema: table.schema,
      tupleColumns: table.tupleColumns.length,
      chunks: chunks.filter((chunk) => chunk.table === index).length,
      rowsEstimated: table.storage.reduce((sum, part) => sum + Math.max(0, part.estimatedRows), 0),
    }));
    const { receiver, clock } = request;
    this.#rows = new SnapshotRows(tables, receiver, reading.consistentPoint, clock, transactionId);
    this.#progress();
  }

  /** Reads until no chunk is left, or until a lock cannot be had: then the chunk goes back. */
  async read(wire: PostgresWire, holdsLocks: boolean, signal: AbortSignal): Promise<void> {
    const locked = new Set<number>();
    for (;;) {
      const chunk = this.#returned.pop() ?? this.#chunks[this.#next++];
      if (chunk === undefined) return;
      const { storage } = chunk;
      if (!holdsLocks && !locked.has(storage.oid)) {
        if (!(await lockAtOnce(wire, storage, signal))) {
          this.#returned.push(chunk);
          this.#request.onNote(
            `${storage.schema}.${storage.name}: somebody waits for an exclusive lock; ` +
              'the snapshot goes on with a connection less',
          );
          return;
        }
        locked.add(storage.oid);
      }
      const table = this.#reading.tables[chunk.table] as CapturedTable;
      const rows = this.#rows.openChunk(chunk.table, () => {
        this.#ledger.done(chunk);
      });
      const handler = {
        data: (bytes: Buffer, start: number, end: number): void => {
          rows.row(bytes, start, end);
        },
        settle: (): Promise<void> | undefined => {
          rows.inputRead();
          return this.#settle();
        },
      };
      await wire.copyOut(chunkQuery(chunk, table), handler, signal);
      rows.close();
      this.#progress();
      await this.#settle();
    }
  }

  finish(): void {
    this.#rows.finish();
    this.#progress();
  }

  #settle(): Promise<void> | undefined {
    this.#rows.tick();
    const now = this.#request.clock.monotonicMs();
    if (now - this.#progressAtMs >= PROGRESS_INTERVAL_MS) this.#progress();
    if (this.#room !== undefined) return this.#room;
    const room = this.#request.receiver.settle(true);
    if (room === undefined) return undefined;
    this.#room = room.finally(() => {
      this.#room = undefined;
    });
    return this.#room;
  }

  #progress(): void {
    this.#progressAtMs = this.#request.clock.monotonicMs();
    this.#request.onProgress(this.#rows.progress());
  }
}
