import { number } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { SlotInfo } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { ChangeReceiver } from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn } from '../../../model/lsn.ts';
import type { SourceNotification } from '../../../model/source-notification.ts';
import type { SourceGap } from '../../../model/source-gap.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import {
  decodeSnapshotState,
  encodeSnapshotState,
  newTask,
  NO_SNAPSHOTS,
} from '../../incremental/snapshot-state.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import {
  createSlot,
  dropSlot,
  foreignSlot,
  identifySystem,
  readSlot,
  slotInUse,
} from '../capture/postgres-slot.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { ReplicationOffset } from '../stream/replication-offset.ts';
import { restartLsn } from '../stream/replication-offset.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import type { WireFactory } from './snapshot-request.ts';

/** The walsender of the life before leaves within moments. */
const LEAVING_MS = 10_000;
const POLL_MS = 50;

/** What somebody who watches the server asks the next reader for. */
export class SlotSurrender {
  #reason: string | null = null;

  ask(reason: string): void {
    this.#reason = reason;
  }

  /** Asked for once: a reader that cannot do it leaves it to the next look. */
  take(): string | null {
    const reason = this.#reason;
    this.#reason = null;
    return reason;
  }
}

/** What a gap is made with. */
export interface SlotGapParts {
  readonly options: PostgresSourceOptions;
  readonly connect: WireFactory;
  readonly clock: Clock;
  readonly surrender?: SlotSurrender | undefined;
  notify(notification: SourceNotification): void;
  note(text: string): void;
  warn(text: string): void;
}

/** Where the steps are made durable. */
export interface GapLedger {
  readonly receiver: ChangeReceiver;
  /** From now on this is the offset of the reader. */
  store(offset: ReplicationOffset): void;
}

/**
 * Gives up the slot, with the changes that it held back, and goes on from a new one: the last stage
 * of the WAL guard, and what follows when the server has invalidated the slot by itself.
 *
 * Invariant: intent durable, with the place where the gap begins → alert durable → slot dropped →
 * slot made anew → offset behind the gap durable, and in it every captured table as one that is
 * still to be emptied and read → stream.
 * Why: whoever comes after a crash finds the intent, and only then may take a slot that is not
 * where the offset says for one of ours. It drops that, whichever of the two it is: nothing was
 * read from it.
 * What breaks otherwise: a slot that is dropped first, and a crash: nobody knows why it is gone; an
 * offset that moves without the tables: what was lost in between is missed by nobody.
 */
export class SlotGaps {
  readonly #parts: SlotGapParts;
  #open: SourceGap | null = null;

  constructor(parts: SlotGapParts) {
    this.#parts = parts;
  }

  /** The offset as it was, or that of the new slot, in which the tables are still missing. */
  async passed(
    found: ReplicationOffset,
    ledger: GapLedger,
    signal: AbortSignal,
  ): Promise<ReplicationOffset> {
    const { options, connect, clock } = this.#parts;
    if (found.snapshot === 'running') return found;
    const isBegun = found.gap?.to === null;
    if (!isBegun && options.healsGaps !== true) return found;
    const control = { replication: false, applicationName: 'tidemark control' };
    await using wire = await connect(control, signal);
    const reason = found.gap?.to === null ? found.gap.reason : await this.#reason(wire, signal);
    if (reason === null) return found;
    const slot = { replication: true, applicationName: 'tidemark slot' };
    await using replication = await connect(slot, signal);
    const identity = await identifySystem(replication, signal);
    // Another server: it has other changes, and the check of the offset says so.
    if (identity.systemIdentifier !== found.systemIdentifier) return found;
    const gap = gapFrom(found, reason, clock.nowMs());
    ledger.store({ ...found, gap });
    await ledger.receiver.gapReached?.('intended', gap);
    this.#parts.warn(`the slot ${options.slotName} is given up from ${gap.from} on: ${reason}`);
    const there = await readSlot(wire, options.slotName, signal);
    if (there !== null) refuseForeign(there, options);
    await dropSlot(wire, options.slotName, { clock, signal });
    await ledger.receiver.gapReached?.('dropped', gap);
    const point = await this.#newSlot(wire, replication, signal);
    await ledger.receiver.gapReached?.('made', gap);
    return behindGap({ ...found, ...identity }, gap, point);
  }

  /** Makes the offset durable with the tables that are to be read again; the stream may begin. */
  async marked(
    offset: ReplicationOffset,
    tables: readonly CapturedTable[],
    ledger: GapLedger,
  ): Promise<ReplicationOffset> {
    const { gap = null } = offset;
    if (gap === null || gap.to === null) return offset;
    const id = gapTask(gap);
    const before = decodeSnapshotState(offset.snapshotState ?? null);
    if (before.tasks.some((task) => task.snapshotId === id)) {
      // A crash may have come before all that follows from it.
      await ledger.receiver.gapReached?.('marked', gap);
      this.#tell('STARTED', (this.#open = gap));
      return offset;
    }
    const { signalTable, signalTableSilent } = this.#parts.options.snapshots;
    const tasks = tables
      .map(({ schema }) => schema.id)
      .filter((one) => !signalTableSilent || tableName(one) !== signalTable)
      .map((one) => taskOf(one.schema, one.table, id));
    const { blocking, notBefore, dropped, added, done } = before;
    const state = { ...NO_SNAPSHOTS, blocking, notBefore, dropped, added, done, tasks };
    const marked = {
      ...offset,
      snapshotState: encodeSnapshotState(state),
      gap: tasks.length === 0 ? null : gap,
    };
    ledger.store(marked);
    await ledger.receiver.gapReached?.('marked', gap);
    this.#tellSuperseded(before.tasks);
    const names = tasks.map((task) => `${task.schema}.${task.table}`).join(', ');
    this.#parts.warn(
      `changes from ${gap.from} to ${gap.to} were not captured; emptied and read again: ${names}`,
    );
    this.#tell('STARTED', (this.#open = marked.gap));
    return marked;
  }

  /** What signals had asked for: all of it is read now. */
  #tellSuperseded(tasks: readonly TableTask[]): void {
    const asked = tasks.filter(({ purpose }) => purpose === 'incremental');
    for (const id of new Set(asked.map(({ snapshotId }) => snapshotId))) {
      const own = asked.filter(({ snapshotId }) => snapshotId === id);
      const names = own.map((task) => `${task.schema}.${task.table}`).join(',');
      this.#parts.note(`the incremental snapshot ${id} of ${names} ends here: all is read again`);
      const data = { data_collections: names };
      this.#parts.notify({ id, aggregate: 'Incremental Snapshot', type: 'ABORTED', data });
    }
  }

  /** Passes on what snapshots tell; with the end of the one that heals the gap it is over. */
  notify(notification: SourceNotification): void {
    this.#parts.notify(notification);
    const { aggregate, type } = notification;
    if (aggregate !== 'Initial Snapshot' || type !== 'COMPLETED') return;
    this.#tell('COMPLETED', this.#open);
    this.#open = null;
  }

  #tell(type: 'STARTED' | 'COMPLETED', gap: SourceGap | null): void {
    if (gap === null) return;
    const { from, to, sinceMs, reason } = gap;
    const since = new Date(sinceMs).toISOString();
    const data = { from, to: to ?? '', since, reason };
    this.#parts.notify({ id: gapTask(gap), aggregate: 'Source Gap', type, data });
  }

  /** Why the slot is to go; null: it stays. */
  async #reason(querier: Querier, signal: AbortSignal): Promise<string | null> {
    const { options, surrender, clock } = this.#parts;
    const asked = surrender?.take() ?? null;
    const deadlineMs = clock.monotonicMs() + LEAVING_MS;
    for (;;) {
      const slot = await readSlot(querier, options.slotName, signal);
      // Gone, and not by us: somebody has to say what that means.
      if (slot === null) return null;
      const reason = lossOf(slot) ?? asked;
      if (reason === null) return null;
      refuseForeign(slot, options);
      if (slot.activePid === null) return reason;
      if (clock.monotonicMs() > deadlineMs) throw slotInUse(slot);
      await clock.sleep(POLL_MS, signal);
      signal.throwIfAborted();
    }
  }

  async #newSlot(control: Querier, replication: Querier, signal: AbortSignal): Promise<Lsn> {
    const { options, clock } = this.#parts;
    const [row = {}] = await catalogRows(
      control,
      `SELECT current_setting('server_version_num')::int AS version`,
      signal,
    );
    const wish = {
      name: options.slotName,
      version: number(row, 'version'),
      exportSnapshot: false,
      temporary: false,
      failover: options.slotFailover,
      twoPhase: options.slotTwoPhase ?? false,
      timeoutMs: options.slotCreateTimeoutMs,
    };
    const made = await createSlot({ replication, control }, wish, {
      clock,
      signal,
      note: (text) => this.#parts.note(text),
    });
    return made.consistentPoint;
  }
}

/** The snapshot that reads again what a gap has taken. */
export function gapTask({ to }: SourceGap): string {
  return `gap-${to ?? ''}`;
}

/** Of a gap that is not healed yet the beginning stays: what it took is still missing. */
function gapFrom(found: ReplicationOffset, reason: string, nowMs: number): SourceGap {
  const { gap = null } = found;
  const from = gap?.from ?? formatLsn(restartLsn(found));
  return { from, to: null, sinceMs: gap?.sinceMs ?? nowMs, reason };
}

function behindGap(found: ReplicationOffset, gap: SourceGap, point: Lsn): ReplicationOffset {
  return {
    ...found,
    endLsn: point,
    heldLsn: null,
    openCommitLsn: null,
    eventsDone: 0,
    previousCommitLsn: null,
    lastLsn: point,
    transactionId: null,
    sentBefore: null,
    gap: { ...gap, to: formatLsn(point) },
  };
}

/** Emptied first: rows that were deleted in the gap are not there to be read. */
function taskOf(schema: string, table: string, snapshotId: string): TableTask {
  return newTask(
    { schema, table, purpose: 'initial', method: 'whole', snapshotId },
    { replaces: true },
  );
}

function refuseForeign(slot: SlotInfo, { connection }: PostgresSourceOptions): void {
  if (slot.plugin === 'pgoutput' && slot.database === connection.database) return;
  throw foreignSlot(slot.name);
}

function lossOf({ walStatus, invalidationReason }: SlotInfo): string | null {
  if (invalidationReason !== null) return `the server has invalidated it (${invalidationReason})`;
  return walStatus === 'lost' ? 'the server has removed WAL that it needed' : null;
}
