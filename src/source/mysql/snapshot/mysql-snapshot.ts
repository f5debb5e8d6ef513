import { Backoff } from '../../../foundation/backoff.ts';
import type { CatalogChange, TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type {
  ChangeReceiver,
  SchemaMemory,
  SnapshotProgress,
  SourceOffset,
} from '../../../model/change-event.ts';
import { SnapshotHours } from '../../snapshot/snapshot-hours.ts';
import { tablesToRead } from '../../snapshot/snapshot-selection.ts';
import { capturedShapeOf } from '../capture/captured-shape.ts';
import { isKeyed } from '../incremental/table-reading.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { BinlogPlace } from '../stream/binlog-offset.ts';
import { placeText } from '../stream/binlog-offset.ts';
import { followsStream } from '../stream/binlog-resume.ts';
import { MysqlTableSchemas } from '../stream/mysql-table-schemas.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlSession } from '../wire/mysql-session.ts';
import { ResultWire } from '../wire/result-wire.ts';
import type { TableToRead } from './mysql-select-override.ts';
import type { ConsistentPoint } from './consistent-point.ts';
import { consistentPoint, endOfBinlog } from './consistent-point.ts';
import { orderedKey } from './key-range.ts';
import { examineOverrides, overrideOf } from './mysql-select-override.ts';
import { MysqlSnapshotLedger } from './mysql-snapshot-ledger.ts';
import type { ServerCatalog } from './server-catalog.ts';
import { changedTables, readServerCatalog } from './server-catalog.ts';
import type { LockSession } from './snapshot-reading.ts';
import { firstCause, isChangedTable, SnapshotRace, SnapshotReading } from './snapshot-reading.ts';
import { snapshotOrigin, snapshotStatements } from './snapshot-statements.ts';

/** How often the attempt begins anew because DDL came in between, and how long it waits first. */
const RACES_ALLOWED = 5;
const RACE_PAUSE = { initialMs: 50, maxMs: 1_000 };

/** What a first snapshot needs from its caller. */
export interface MysqlSnapshotRequest {
  readonly options: MysqlSourceOptions;
  readonly receiver: ChangeReceiver;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly connect: (signal: AbortSignal) => Promise<MysqlSession>;
  /** Rows follow; what of them has been handed over stands in the ledger. */
  reading(facts: MysqlServerFacts, place: BinlogPlace, ledger: MysqlSnapshotLedger): SourceOffset;
  completed(facts: MysqlServerFacts, place: BinlogPlace): SourceOffset;
  /** What a restart has to know of a statement that was made up. */
  remember(changes: readonly CatalogChange[], catalog: TableCatalog): SchemaMemory;
  /** All of them have been told: what becomes durable from now on stands on their history. */
  remembered(): void;
  readonly onProgress: (progress: readonly SnapshotProgress[]) => void;
  readonly onNote: (note: string) => void;
}

/** What a first snapshot hands on to the stream. */
export interface MysqlSnapshotResult {
  readonly catalog: TableCatalog;
  /** False: the ledger says what is still to be read, beside the stream. */
  readonly complete: boolean;
}

/**
 * The first snapshot: definitions → point and transactions → definitions again, equal → intent
 * durable → statements → rows → completed offset durable.
 *
 * Invariant: the definitions that rows are read by are those that held at the point. No lock is
 * held while they are read, so they are read before and after it.
 * What breaks otherwise: the stream applies DDL to a catalog that has it already, or lacks it.
 */
export async function runMysqlSnapshot(
  request: MysqlSnapshotRequest,
): Promise<MysqlSnapshotResult> {
  const { options, clock, signal } = request;
  const { delayMs, streamingDelayMs } = options.snapshots;
  if (delayMs > 0) await clock.sleep(delayMs, signal);
  signal.throwIfAborted();
  const pause = new Backoff(RACE_PAUSE);
  for (;;) {
    try {
      const result = await attempt(request);
      if (streamingDelayMs > 0 && result.complete) await clock.sleep(streamingDelayMs, signal);
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (!isChangedTable(error) || pause.attempt >= RACES_ALLOWED) throw error;
      request.onNote(`${error.message}; the snapshot begins anew`);
      await clock.sleep(pause.nextDelayMs(), signal);
    }
  }
}

/** What one attempt stands on. */
interface Ground {
  readonly control: MysqlSession;
  readonly facts: MysqlServerFacts;
  readonly server: ServerCatalog;
  readonly captured: readonly TableToRead[];
  /** Those of them whose rows belong to the snapshot. */
  readonly toRead: readonly TableToRead[];
  readonly isFollowed: boolean;
}

async function attempt(request: MysqlSnapshotRequest): Promise<MysqlSnapshotResult> {
  const { options, signal, receiver } = request;
  await using sessions = new AsyncDisposableStack();
  const control = sessions.use(await request.connect(signal));
  const facts = await readServerFacts(control, signal);
  const server = await readServerCatalog(control, options, facts, signal);
  const captured = capturedTables(server, options, facts);
  const reads = options.snapshotMode !== 'no_data' && options.snapshotMode !== 'recovery';
  const chosen = reads
    ? tablesToRead(captured, options.snapshots, ({ estimatedRows }) => estimatedRows)
    : [];
  // Those that are locked come first.
  const toRead = chosen.toSorted((a, b) => Number(b.isUnversioned) - Number(a.isUnversioned));
  const { overrides } = options.snapshots;
  if (reads) await examineOverrides(control, toRead, overrides, request.onNote, signal);
  const isFollowed = followsStream(options.snapshotMode);
  const ground = { control, facts, server, captured, toRead, isFollowed };
  const point = await pointOf(request, ground, sessions);
  const again = await readServerCatalog(control, options, facts, signal);
  const changed = changedTables(server.tables, again.tables);
  if (changed.length > 0) {
    throw new SnapshotRace(`altered while the snapshot began: ${changed.join(', ')}`);
  }
  const complete = await readAll(request, ground, point, sessions);
  if (complete) await receiver.snapshotCompleted(request.completed(facts, point.place));
  return { catalog: server.catalog, complete };
}

const UNLOCKED = { lock: null, tableLock: null } as const;

/** Where no row is read, or all of them beside the stream, the place is all that is needed. */
async function pointOf(
  request: MysqlSnapshotRequest,
  { control, facts, toRead, isFollowed }: Ground,
  sessions: AsyncDisposableStack,
): Promise<ConsistentPoint> {
  const { options, clock, signal, connect, onNote: note } = request;
  if (toRead.length === 0 || (options.lockingMode === 'none' && isFollowed)) {
    return { place: await endOfBinlog(facts, control, signal), readers: [], ...UNLOCKED };
  }
  const tables = toRead.map(({ definition }) => definition);
  const locked = toRead.filter(({ isUnversioned }) => isUnversioned);
  const unversioned = locked.map(({ definition }) => definition);
  const common = { options, facts, clock, signal, connect, note };
  return await consistentPoint({ ...common, tables, unversioned }, sessions);
}

const VERSIONED = /^(innodb|rocksdb|myrocks|tokudb|ndb|ndbcluster|xtradb)$/i;

function capturedTables(
  server: ServerCatalog,
  options: MysqlSourceOptions,
  facts: MysqlServerFacts,
): readonly TableToRead[] {
  const { overrides } = options.snapshots;
  const schemas = new MysqlTableSchemas(server.catalog, capturedShapeOf(options), facts);
  return server.tables.flatMap(({ definition, estimatedRows, stamp, engine }) => {
    const schema = schemas.ofDefinition(definition);
    if (schema === null) return [];
    const isVersioned = engine !== null && VERSIONED.test(engine);
    // With a key what comes twice is the same row again (PITFALLS B115).
    const isUnversioned = !isVersioned && orderedKey(definition) === null;
    const statement = overrideOf(overrides, schema);
    return [{ schema, definition, estimatedRows, stamp, isUnversioned, statement }];
  });
}

async function readAll(
  request: MysqlSnapshotRequest,
  ground: Ground,
  { place, readers, lock, tableLock }: ConsistentPoint,
  sessions: AsyncDisposableStack,
): Promise<boolean> {
  const { options, receiver, clock, signal, onProgress, onNote } = request;
  const { facts, server, captured, toRead: tables, control, isFollowed } = ground;
  const ledger = new MysqlSnapshotLedger(
    tables.map(({ schema, definition }) => ({
      id: schema.id,
      key: isKeyed({ definition, schema }) ? keyNames(definition) : null,
    })),
    placeText(place),
  );
  await receiver.snapshotStarted(
    captured.map(({ schema }) => schema),
    request.reading(facts, place, ledger),
  );
  for (const { created = [], ...statement } of snapshotStatements(server, facts, options)) {
    const origin = snapshotOrigin(place, clock.nowMicros());
    const memory = request.remember(created, server.catalog);
    await receiver.statement?.({ ...statement, origin, memory });
  }
  request.remembered();
  const position = placeText(place);
  for (const { schema } of captured) {
    await receiver.schemaChanged({ table: schema, previous: null, position });
  }
  const { snapshots } = options;
  const { window } = snapshots;
  const hours = window === null ? null : new SnapshotHours(window.hours, window.timeZone, clock);
  const parts = { receiver, clock, options: snapshots, place, tables, ledger, onProgress, onNote };
  const locker = tableLock === null ? null : lockSession(tableLock, sessions);
  const reading = new SnapshotReading({ ...parts, control, isFollowed, hours, locker });
  await readRows(reading, readers, sessions, signal);
  await locker?.unlock();
  await lock?.close();
  return reading.finish();
}

function lockSession(session: MysqlSession, sessions: AsyncDisposableStack): LockSession {
  const wire = sessions.use(new ResultWire(session));
  return { wire, unlock: () => wire.close() };
}

function keyNames(definition: TableDefinition): readonly string[] | null {
  return orderedKey(definition)?.columns.map(({ name }) => name) ?? null;
}

async function readRows(
  reading: SnapshotReading,
  readers: readonly MysqlSession[],
  sessions: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const wires = readers.map((reader) => sessions.use(new ResultWire(reader)));
  const outcomes = await Promise.allSettled(
    wires.map(async (wire) => {
      try {
        await reading.read(wire, either);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  signal.throwIfAborted();
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
  if (failures.length > 0) throw firstCause(failures.map(({ reason }) => reason as unknown));
  // A COMMIT would wait for a lock on writes, our own of `extended` included.
  for (const wire of wires) await wire.query('ROLLBACK', signal);
}
