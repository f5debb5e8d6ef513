import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { number, text } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  quoteLiteral,
  quoteQualified,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import {
  storageQuery,
  storageSizeQuery,
} from '../../../../dialects/postgres/postgres-server-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import { NO_STATEMENT_TIMEOUT } from '../wire/wire-connect.ts';
import { ChunkQueue } from './chunk-queue.ts';
import { lockingQuery, overrideOf } from './select-override.ts';
import type { StorageSize } from './snapshot-chunks.ts';
import { planChunks } from './snapshot-chunks.ts';
import { SnapshotLedger } from './snapshot-ledger.ts';
import { SnapshotRelease } from './snapshot-release.ts';
import type { SnapshotRequest } from './snapshot-request.ts';

/** The tables were changed before they could be locked: the attempt has to begin anew. */
export class SnapshotRaceError extends TidemarkError {
  constructor(message: string, details: { cause?: unknown } = {}) {
    super('PG_SNAPSHOT_RACE', message, details);
    this.name = 'SnapshotRaceError';
  }
}

/** Oid → storage and shape of what is to be read, to compare before and after. */
export type StorageFingerprints = ReadonlyMap<number, string>;

/** Reads the fingerprints as they are now; `more` are relations that no table of ours is. */
export async function storageFingerprints(
  querier: Querier,
  tables: readonly CapturedTable[],
  signal: AbortSignal,
  more: readonly number[] = [],
): Promise<StorageFingerprints> {
  const oids = [...new Set([...storageOids(tables), ...more])];
  const rows = await catalogRows(querier, storageQuery(oids), signal);
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
  /** What SELECTs of the configuration read besides. */
  readonly relations: readonly number[];
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
 *
 * False: it was let go before all was read (SnapshotRelease); the ledger says what is left.
 */
export async function readSnapshot(
  request: SnapshotRequest,
  reading: SnapshotReading,
): Promise<boolean> {
  const { options, signal } = request;
  const failed = new AbortController();
  const read = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  await using readers = new AsyncDisposableStack();
  const open = async (): Promise<PostgresWire> =>
    readers.use(await openReader(request, reading.snapshotName));
  const first = await open();
  await lockTables(first, reading, options, signal);
  // On the connection with the locks: to ask for a size takes one, too.
  const sizes = await storageSizes(first, reading.tables, signal);
  const chunks = planChunks(
    reading.tables,
    sizes,
    request.chunkPages === undefined
      ? { rows: options.snapshots.chunkRows }
      : { pages: request.chunkPages },
    (index) => statementOf(reading.tables[index] as CapturedTable, options),
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
  const { control, tables } = reading;
  const release = new SnapshotRelease({ ...request, control });
  const queue = new ChunkQueue(request, {
    tables,
    chunks,
    ledger,
    consistentPoint,
    transactionId,
    released: release.signal,
  });
  const guarded = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      failed.abort();
      throw error;
    }
  };
  await release.look();
  const watching = guarded(release.watch(AbortSignal.any([either, read.signal])));
  const outcomes = await Promise.allSettled(
    wires.map((wire) => guarded(queue.read(wire, wire === first, either))),
  );
  read.abort();
  outcomes.push(...(await Promise.allSettled([watching])));
  // The one that failed first aborted the others; theirs is only the echo.
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
  if (signal.aborted) signal.throwIfAborted();
  if (failures.length > 0) throw firstCause(failures.map((failure) => failure.reason as unknown));
  // What others gave back after the first connection was through.
  await queue.read(first, true, signal);
  const complete = queue.finish();
  for (const wire of wires) if (wire.isOpen) await wire.query('COMMIT', signal);
  return complete;
}

function statementOf(
  { schema, info }: CapturedTable,
  { snapshots }: SnapshotRequest['options'],
): { statement: string; storage: TableInfo } | null {
  const statement = overrideOf(snapshots.overrides, schema.id);
  return statement === null ? null : { statement, storage: info };
}

async function openReader(
  { connect, options, signal }: SnapshotRequest,
  snapshotName: string,
): Promise<PostgresWire> {
  const session = {
    replication: false,
    applicationName: 'tidemark snapshot',
    settings: {
      ...NO_STATEMENT_TIMEOUT,
      // With row level security on, rows would be missing in silence (P75): now it is an error.
      row_security: 'off',
      // A SELECT of the configuration may meet tables that nobody has locked before.
      lock_timeout: String(options.snapshotLockTimeoutMs),
    },
  };
  const wire = await connect(session, signal);
  await wire.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
     SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshotName)}`,
    signal,
  );
  return wire;
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
  options: SnapshotRequest['options'],
  signal: AbortSignal,
): Promise<void> {
  const timeoutMs = options.snapshotLockTimeoutMs;
  const parts = reading.tables.flatMap((table) => table.storage);
  if (parts.length > 0) {
    const list = parts.map((part) => `ONLY ${quoteQualified(part.schema, part.name)}`).join(', ');
    await wire.query(`SET LOCAL lock_timeout = ${timeoutMs}`, signal);
    try {
      await wire.query(`LOCK TABLE ${list} IN ACCESS SHARE MODE`, signal);
      for (const table of reading.tables) {
        const chosen = statementOf(table, options);
        if (chosen !== null) await wire.query(lockingQuery(chosen.statement), signal);
      }
    } catch (error) {
      throw lockFailure(error, timeoutMs);
    }
  }
  const { before, tables, relations } = reading;
  const after = await storageFingerprints(reading.control, tables, signal, relations);
  const isChanged = (oid: number): boolean => before.get(oid) !== after.get(oid);
  const changed = tables
    .filter(({ info, storage }) => [info, ...storage].some(({ oid }) => isChanged(oid)))
    .map(({ info }) => `${info.schema}.${info.name}`);
  if (changed.length === 0 && relations.some(isChanged)) changed.push('tables of SELECT overrides');
  if (changed.length === 0) return;
  const names = changed.join(', ');
  throw new SnapshotRaceError(`altered or truncated while the snapshot began: ${names}`);
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
