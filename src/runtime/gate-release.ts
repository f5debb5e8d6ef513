import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectHeader } from '../model/connect-record.ts';
import type { TableId } from '../model/table-schema.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type { HoldAnswer, TableHold } from './gate-states.ts';
import type { GateReplay } from './gate-replay.ts';
import {
  deadlineOf,
  type HoldPlace,
  type HoldView,
  holdView,
  unknownHold,
  unrejectable,
} from './gate-views.ts';
import { waitingTopic } from './held-topics.ts';
import { ValueMisfit } from './kept-records.ts';
import { type StoredSchema, tableOfStored } from './stored-shapes.ts';
import type { TableGates } from './table-gates.ts';
import type { ChangeMark, WaitingRecord } from './waiting-records.ts';

/** The task through which records go out that wait no longer. */
export interface GateTarget {
  /** Changes from flush to flush: ask for each record. */
  output(): RecordOutput;
  /** Writes records that wait for their topic or schema. */
  drain(): Promise<void>;
  /** Waits when there is no room for more. */
  settle(): Promise<void> | undefined;
  /** What was written is durable, and with it the offset of now. */
  flush(): Promise<void>;
  /** While it is frozen no offset is stored. */
  freeze(frozen: boolean): void;
  /** Empties a topic, which nothing points into any more. */
  empty(topic: string): Promise<void>;
  /** Nothing of the table waits any more. */
  opened(table: TableId): Promise<void>;
  /** There is more to do soon, also if the source is quiet. */
  wake(): void;
}

/** Of one table at a time, so that others do not wait for long. */
const SLICE_BYTES = 4 * 1024 * 1024;
/** How often it is asked how much the server keeps for tables that wait in its log. */
const LOG_INTERVAL_MS = 1_000;

/** Says what becomes of tables that wait, and lets their records go out. */
export class GateRelease {
  readonly #gates: TableGates;
  readonly #replay: GateReplay;
  #isDue = true;
  #cancelDeadline: (() => void) | null = null;
  #cancelLook: (() => void) | null = null;
  #wake: () => void = () => undefined;
  #logEnd: () => string | null = () => null;
  /** A tombstone has the headers that transforms gave the delete before it. */
  #shared: ConnectHeader[] = [];

  constructor(gates: TableGates, replay: GateReplay) {
    this.#gates = gates;
    this.#replay = replay;
    gates.onHold = () => {
      this.#isDue = true;
    };
  }

  /**
   * A life of the task begins: what was answered, or is late, is done soon. `logEnd`: where the log
   * of the server ends, as last told.
   */
  begin(wake: () => void, logEnd: () => string | null): void {
    this.#wake = wake;
    this.#logEnd = logEnd;
    this.#isDue = true;
    this.#shared = [];
    this.#lookAtLog();
  }

  close(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
    this.#cancelLook?.();
    this.#cancelLook = null;
    this.#wake = () => undefined;
    this.#logEnd = () => null;
  }

  /** What the server keeps grows also while nothing comes of the tables that wait. */
  #lookAtLog(): void {
    const { source, parts } = this.#gates;
    this.#cancelLook = parts.clock.after(LOG_INTERVAL_MS, () => {
      const isOver = source
        .tables()
        .some((table) => source.isLeft(table) && this.#bytesOf(table) > parts.config.holdBytesMax);
      this.#isDue ||= isOver;
      this.#lookAtLog();
      if (isOver) this.#wake();
    });
  }

  /** What waits of a table; in the log of the server: what is kept from its change on. */
  #bytesOf(table: string): number {
    const { source, waiting, parts } = this.#gates;
    const from = source.fromOf(table);
    if (from === null) return waiting.bytesOf(table);
    const end = this.#logEnd();
    return end === null ? 0 : (parts.places.bytesBetween(from, end) ?? 0);
  }

  /** `release` has something to do. Cheap: it is asked behind each chunk of input. */
  get isDue(): boolean {
    const { waiting, source, parts } = this.#gates;
    if (this.#isDue) return waiting.count > 0 || source.size > 0;
    return waiting.largest > parts.config.holdBytesMax;
  }

  views(): readonly HoldView[] {
    const { states, waiting, source, parts } = this.#gates;
    return [...states.entries()].flatMap(([table, gate]) => {
      const isInLog = source.has(table);
      const place: HoldPlace = {
        buffer: isInLog ? 'source' : waiting.has(table) ? 'spool' : null,
        bytes: this.#bytesOf(table),
        topic: parts.topicOf(gate.actual),
      };
      return holdView(table, gate, place, parts.config) ?? [];
    });
  }

  /** Somebody's answer, by id or table. Durable when it resolves. Throws HOLD_UNKNOWN. */
  async answer(what: string, answer: HoldAnswer): Promise<HoldView> {
    const found = this.views().find(({ id, table }) => id === what || table === what);
    if (found === undefined || found.state === 'going out') throw unknownHold(what);
    const { states } = this.#gates;
    if (found.state === 'old shape') {
      if (answer === 'reject') {
        const message = `${found.table} goes on in its old shape already`;
        throw new TidemarkError('HOLD_UNKNOWN', message);
      }
      const gate = must(states.get(found.table), 'a table that was just seen');
      await states.put(found.table, { ...gate, kept: null });
    } else {
      if (answer === 'reject' && found.unrejectable !== null) throw unrejectable(found);
      await states.answer(found.table, answer);
    }
    this.#gates.parts.logger.info({ table: found.table, hold: found.id }, `${answer}: ${what}`);
    this.#isDue = true;
    if (found.buffer === 'source') this.#replay.onDue();
    else this.#wake();
    return found;
  }

  /**
   * One slice of what may go out; the reader waits meanwhile. Throws SCHEMA_HOLD_EXPIRED, and so
   * does the next chunk: whoever woke the reader does not fail with it.
   */
  async release(target: GateTarget, signal: AbortSignal): Promise<void> {
    try {
      await this.#release(target, signal);
    } catch (error) {
      this.#gates.fail(error);
      throw error;
    }
  }

  async #release(target: GateTarget, signal: AbortSignal): Promise<void> {
    this.#isDue = false;
    const { states, waiting, source } = this.#gates;
    for (const table of source.tables()) {
      const hold = states.get(table)?.hold ?? null;
      const isHeld = source.isLeft(table) && hold !== null && hold.answer === undefined;
      if (isHeld && (await this.#expired(table, hold))) this.#replay.onDue();
    }
    for (const table of waiting.tables()) {
      const hold = states.get(table)?.hold ?? null;
      if (hold !== null && hold.answer === undefined && !(await this.#expired(table, hold)))
        continue;
      if (signal.aborted) return;
      if (!(await this.#releaseSlice(table, target, signal))) continue;
      await this.#opened(table, target);
    }
    if (this.#isDue) target.wake();
  }

  async #opened(table: string, target: GateTarget): Promise<void> {
    const { states, waiting, parts } = this.#gates;
    const topic = waiting.topicOf(table);
    const gate = must(states.get(table), `${table} has a gate`);
    if (gate.settled !== null) await states.put(table, { ...gate, settled: null });
    waiting.end(table);
    await target.opened(gate.actual.id);
    // The offset that is stored now points into the topic no longer.
    await target.flush();
    parts.fault('gate.released');
    await target.empty(waitingTopic(topic));
    parts.logger.info({ table }, `what waited of ${table} has gone out`);
  }

  /**
   * True: nothing of the table waits any more. The slice itself says so: until the reader goes on
   * and comes back, a table under load has more, and would never be done.
   */
  async #releaseSlice(table: string, target: GateTarget, signal: AbortSignal): Promise<boolean> {
    const { waiting, parts } = this.#gates;
    const added = waiting.addedTo(table);
    // Records that are not durable yet cannot be read.
    await target.flush();
    const { records, isAll } = await waiting.read(table, SLICE_BYTES, signal);
    if (signal.aborted) return false;
    if (records.length > 0) {
      parts.fault('gate.releasing');
      if (!(await this.#releaseRecords(table, records, target))) return false;
    }
    const isDone = isAll && waiting.addedTo(table) === added;
    this.#isDue ||= !isDone;
    return isDone;
  }

  /** False: the table waits again, in front of one of them. */
  async #releaseRecords(
    table: string,
    records: readonly WaitingRecord[],
    target: GateTarget,
  ): Promise<boolean> {
    target.freeze(true);
    let goesOn = true;
    for (const record of records) {
      goesOn = await this.#releaseRecord(table, record, target);
      if (!goesOn) break;
    }
    await target.drain();
    target.freeze(false);
    await target.settle();
    return goesOn;
  }

  /** False: the table waits again, in front of this. */
  async #releaseRecord(table: string, waited: WaitingRecord, target: GateTarget): Promise<boolean> {
    const { mark, record, atMs } = waited;
    const gates = this.#gates;
    const { states, waiting } = gates;
    const gate = must(states.get(table), `${table} has a gate`);
    const answer = gate.hold?.answer ?? null;
    let isLeftOut = false;
    if (mark?.kind === 'shape') {
      const after = tableOfStored(mark.schema as StoredSchema, gate.actual.version + 1);
      if (!(await gates.cross(table, gate, after, mark, answer))) return false;
    } else if (gate.hold !== null) {
      const kept = mark?.kind === 'truncate' ? gate.kept : null;
      await states.put(table, { ...gate, kept, hold: null });
      isLeftOut = mark?.kind === 'truncate' && answer === 'reject';
    } else if (mark?.kind === 'truncate' && !gates.passesTruncate(table, mark)) {
      await gates.holdTruncate(table, mark);
      return false;
    }
    if (record !== null && !isLeftOut) {
      try {
        const shaped = gates.shaped(table, record);
        const isTombstone = shaped.value.schema === null;
        const headers = isTombstone ? [...shaped.headers, ...this.#shared] : shaped.headers;
        this.#shared = [];
        gates.parts.inner.write({ ...shaped, headers }, target.output(), atMs, this.#shared);
      } catch (error) {
        if (!(error instanceof ValueMisfit)) throw error;
        await gates.holdValue(table, error, misfitMark(mark, atMs));
        return false;
      }
    }
    waiting.passed(table, waited);
    return true;
  }

  /** What follows when a table waits too long: true when it is let go. */
  async #expired(table: string, hold: TableHold): Promise<boolean> {
    const { parts, states, source } = this.#gates;
    const { config, clock } = parts;
    const deadlineMs = deadlineOf(hold, config);
    const isLate = deadlineMs !== null && clock.nowMs() >= deadlineMs;
    const bytes = this.#bytesOf(table);
    if (!isLate && bytes <= config.holdBytesMax) {
      if (deadlineMs !== null) this.#watchDeadline(deadlineMs);
      return false;
    }
    const kept = source.has(table) ? ' of the log that the server keeps' : '';
    const why = isLate
      ? `since ${new Date(hold.sinceMs).toISOString()}`
      : `with ${bytes} bytes${kept}`;
    const action = config.deadlineAction;
    if (action === 'exception' || (action === 'reject' && hold.unrejectable !== null)) {
      const more = action === 'reject' ? `; it cannot be rejected: ${hold.unrejectable}` : '';
      const message = `${table} waits ${why}, hold ${hold.id}: ${hold.reason}${more}`;
      throw new TidemarkError('SCHEMA_HOLD_EXPIRED', message);
    }
    parts.logger.warn({ table, hold: hold.id }, `${table} waits ${why}: ${action} by the deadline`);
    await states.answer(table, action);
    return true;
  }

  /** A quiet source would not come by. */
  #watchDeadline(deadlineMs: number): void {
    const { clock } = this.#gates.parts;
    this.#cancelDeadline ??= clock.after(Math.max(1, deadlineMs - clock.nowMs()), () => {
      this.#cancelDeadline = null;
      this.#isDue = true;
      this.#wake();
    });
  }
}

function misfitMark(mark: ChangeMark | null, atMs: number): ChangeMark {
  return { kind: 'value', position: mark?.position ?? null, sinceMs: atMs };
}
