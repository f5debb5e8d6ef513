import { publicationQuery } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import { TidemarkErrors, toTidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn, parseLsn } from '../../../model/lsn.ts';
import type { PreparedCapture } from '../capture/capture-preparation.ts';
import { prepareCapture } from '../capture/capture-preparation.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import { followsStream } from './snapshot-offset.ts';
import {
  createSlot,
  dropSlot,
  foreignSlot,
  identifySystem,
  readSlot,
  slotProblem,
  takesSlotOver,
  unpublishedTakeover,
} from '../capture/postgres-slot.ts';
import type { StorageFingerprints } from './snapshot-reader.ts';
import { readSnapshot, SnapshotRaceError, storageFingerprints } from './snapshot-reader.ts';
import { examineOverrides } from './select-override.ts';
import { serverLog } from '../stream/replication-check.ts';
import { tablesToRead } from '../../snapshot/snapshot-selection.ts';
import type {
  ServerIdentity,
  SnapshotAttempt,
  SnapshotRequest,
  SnapshotResult,
} from './snapshot-request.ts';

/** How often the attempt begins anew because DDL came in between. */
const RACES_ALLOWED = 5;
const RELEASE_LIMIT_MS = 5000;

/**
 * Publication, slot and first snapshot: from nothing to the point where the stream begins.
 *
 * Invariant: the intent is durable (`snapshotStarted`) before the slot is made, and the slot is
 * made, with its snapshot exported, before the first row is read; the completed offset is durable
 * only after the last row.
 * Why: a slot that a crash left behind is recognised as ours by the intent, dropped, and made anew
 * (ruling 3); one that nobody's intent names is never touched.
 * What breaks otherwise: a slot made first, and a crash: WAL piles up for a slot of unknown owner;
 * rows read before the slot: changes in between are in neither snapshot nor stream (P59).
 *
 * With snapshot.mode=no_data no rows are read, and a slot of others may be taken over; where no
 * stream follows the slot is temporary.
 */
export async function runSnapshot(request: SnapshotRequest): Promise<SnapshotResult> {
  let { unfinished } = request;
  const { options, clock, signal } = request;
  const { delayMs, streamingDelayMs } = options.snapshots;
  if (delayMs > 0) await clock.sleep(delayMs, signal);
  signal.throwIfAborted();
  for (let races = 0; ; races++) {
    try {
      const result = await attemptSnapshot({ ...request, unfinished }, (attempt) => {
        unfinished = attempt;
      });
      if (streamingDelayMs > 0 && result.complete) await clock.sleep(streamingDelayMs, signal);
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SnapshotRaceError) || races >= RACES_ALLOWED) throw error;
      request.onNote(`${error.message}; the snapshot begins anew`);
    }
  }
}

/** Everything that one attempt stands on. */
interface AttemptGround {
  readonly control: Querier;
  readonly replication: Querier;
  readonly prepared: PreparedCapture;
  readonly attempt: SnapshotAttempt;
  /** What the tables were before the slot. */
  readonly before: StorageFingerprints;
  readonly relations: readonly number[];
  closeReplication(): Promise<void>;
}

async function attemptSnapshot(
  request: SnapshotRequest,
  begun: (attempt: SnapshotAttempt) => void,
): Promise<SnapshotResult> {
  const { options, connect, receiver, offsets, signal, clock } = request;
  await using control = await connect(
    {
      replication: false,
      applicationName: 'tidemark control',
      // Even the catalog's views wait for a table that somebody has locked.
      settings: { lock_timeout: String(options.snapshotLockTimeoutMs) },
    },
    signal,
  );
  await refuseNewPublication(control, request);
  const prepared = await prepareCapture(control, options, signal);
  const { relations } = await examinedOverrides(control, prepared, request);
  await using replication = await connect(
    { replication: true, applicationName: 'tidemark slot' },
    signal,
  );
  const identity = await identifySystem(replication, signal);
  const taken = await clearSlot(control, request, identity);
  const { tables } = prepared.selection;
  const before = await storageFingerprints(control, tables, signal, relations);
  const attempt: SnapshotAttempt = { ...identity, slotName: options.slotName };
  // An intent names a slot that may be dropped: never one that others made.
  const intent = taken === null ? attempt : { ...identity, slotName: '' };
  begun(intent);
  await receiver.logOpened?.(serverLog(identity), false);
  await receiver.snapshotStarted(
    tables.map((table) => table.schema),
    offsets.started(intent),
  );
  const ground: AttemptGround = {
    control,
    replication,
    prepared,
    attempt,
    before,
    relations,
    closeReplication: () => replication.close(),
  };
  if (taken !== null) await announceTables(request, tables, taken);
  const { consistentPoint, complete } =
    taken === null
      ? await slotAndRows(request, ground)
      : { consistentPoint: taken, complete: true };
  const completed = { ...attempt, consistentPoint, finishedMicros: clock.nowMicros() };
  if (complete) await receiver.snapshotCompleted(offsets.completed(completed));
  return { ...completed, complete, captured: tables, warnings: prepared.warnings };
}

/** A SELECT of the configuration that does not fit stops everything before the slot is made. */
async function examinedOverrides(
  control: Querier,
  { selection }: PreparedCapture,
  request: SnapshotRequest,
): Promise<{ readonly relations: readonly number[] }> {
  const { options, signal } = request;
  if (options.snapshotMode === 'no_data') return { relations: [] };
  const { overrides } = options.snapshots;
  const found = await examineOverrides(control, selection.tables, overrides, signal);
  const [problem] = found.problems;
  if (found.problems.length > 1) throw new TidemarkErrors(found.problems);
  if (problem !== undefined) throw problem;
  for (const warning of found.warnings) request.onNote(warning);
  return found;
}

async function slotAndRows(
  request: SnapshotRequest,
  ground: AttemptGround,
): Promise<{ readonly consistentPoint: Lsn; readonly complete: boolean }> {
  const { options, signal, clock } = request;
  const { control, replication, prepared, before, relations } = ground;
  const temporary = !followsStream(options.snapshotMode);
  let complete = true;
  const { tables } = prepared.selection;
  const toRead = tablesToRead(tables, options.snapshots, ({ storage }) =>
    storage.reduce((sum, part) => sum + Math.max(0, part.estimatedRows), 0),
  );
  const reads = options.snapshotMode !== 'no_data' && toRead.length > 0;
  const slot = await createSlot(
    { replication, control },
    {
      name: options.slotName,
      version: prepared.catalog.server.version,
      exportSnapshot: reads,
      temporary,
      failover: options.slotFailover,
      twoPhase: options.slotTwoPhase ?? false,
      timeoutMs: options.slotCreateTimeoutMs,
    },
    {
      clock,
      signal,
      note: (text) => {
        request.onNote(text);
      },
    },
  );
  const reading = { begun: false };
  const offsets: SnapshotRequest['offsets'] = {
    ...request.offsets,
    reading: (point, ledger) => {
      reading.begun = true;
      request.offsets.reading(point, ledger);
    },
  };
  try {
    await announceTables(request, tables, slot.consistentPoint);
    if (reads) {
      complete = await readSnapshot(
        { ...request, offsets },
        {
          tables: toRead,
          consistentPoint: slot.consistentPoint,
          snapshotName: slot.snapshotName,
          before,
          relations,
          control,
          adopted: async () => {
            // The exporter has done its work; but a temporary slot lives only as long as it does.
            if (!temporary) await ground.closeReplication();
          },
        },
      );
    }
  } catch (error) {
    if (!reading.begun || temporary) {
      await releaseSlot(request, control);
    }
    throw error;
  }
  return { consistentPoint: slot.consistentPoint, complete };
}

async function announceTables(
  request: SnapshotRequest,
  tables: readonly CapturedTable[],
  lsn: Lsn,
): Promise<void> {
  const position = formatLsn(lsn);
  for (const { schema } of tables) {
    await request.receiver.schemaChanged({ table: schema, previous: null, position });
  }
}

/** Before the publication is made: it would come too late for what a slot of others holds. */
async function refuseNewPublication(
  control: Querier,
  { options, signal }: SnapshotRequest,
): Promise<void> {
  if (!takesSlotOver(options)) return;
  const { slotName, publicationName } = options;
  if ((await readSlot(control, slotName, signal)) === null) return;
  const found = await catalogRows(control, publicationQuery(publicationName), signal);
  if (found.length === 0) throw unpublishedTakeover(slotName, publicationName);
}

/**
 * Removes what our own unfinished attempt left; anything else of this name is refused, or taken
 * over: then where it stands is returned. Null: the slot is to be made.
 */
async function clearSlot(
  control: Querier,
  request: SnapshotRequest,
  identity: ServerIdentity,
): Promise<Lsn | null> {
  const { options, unfinished, clock, signal } = request;
  const slot = await readSlot(control, options.slotName, signal);
  if (slot === null) return null;
  if (takesSlotOver(options)) {
    const problem = slotProblem(slot, options.connection.database);
    if (problem !== null) throw problem;
    const stands = slot.confirmedFlushLsn ?? '0/0';
    request.onNote(`the slot ${slot.name} is taken over, and the stream goes on from ${stands}`);
    return parseLsn(stands);
  }
  // Not by timeline: a failover slot of ours outlives a promotion.
  const ours =
    unfinished !== null &&
    unfinished.slotName === slot.name &&
    unfinished.systemIdentifier === identity.systemIdentifier &&
    slot.plugin === 'pgoutput' &&
    slot.database === options.connection.database;
  if (!ours) throw foreignSlot(slot.name);
  await dropSlot(control, slot.name, { clock, signal });
  return null;
}

/**
 * An attempt that failed before its first row starts over: its slot would only hold WAL back. When
 * even that fails (the connection is gone), the stored intent lets the next start find it. Once
 * rows are read the slot stays: the rest is read beside the stream from there.
 */
async function releaseSlot(request: SnapshotRequest, control: Querier): Promise<void> {
  const { options, clock } = request;
  // A temporary slot goes with its connection, and nobody else may drop it.
  if (!followsStream(options.snapshotMode)) return;
  // Not the request's signal: after Ctrl-C the slot has to go too.
  const limit = new AbortController();
  const cancel = clock.after(RELEASE_LIMIT_MS, () => {
    limit.abort();
  });
  try {
    await dropSlot(control, options.slotName, { clock, signal: limit.signal });
  } catch (error) {
    request.onNote(
      `the slot ${options.slotName} could not be dropped: ${toTidemarkError(error).message}`,
    );
  } finally {
    cancel();
  }
}
