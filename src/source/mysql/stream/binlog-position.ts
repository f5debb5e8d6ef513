import { TidemarkError } from '../../../foundation/errors.ts';
import { GtidSet } from '../../../model/gtid-set.ts';
import type { BinlogOffset, BinlogPlace, GroupStart, SentBefore } from './binlog-offset.ts';
import { placeText } from './binlog-offset.ts';
import { emptyTrack, gtidTrack, withoutGtids } from './gtid-track.ts';
import type { GtidTrack } from './gtid-track.ts';

/** A prepared transaction that waits for its outcome, and what stood before it. */
interface HeldGroup {
  readonly gtid: string | null;
  readonly before: BinlogPlace;
}

/** All rows of an event lie before the offset. */
export const ALL_ROWS = Number.POSITIVE_INFINITY;

/** How far the stream is in a group of which Debezium had sent a part. */
export interface SentProgress {
  /** MariaDB's statements behind rows, which Debezium counts with include.query alone. */
  readonly annotations: number;
  /** What it had sent is passed. */
  isPast: boolean;
}

/**
 * Rows of the event at hand that Debezium had sent. Whether it counted statements its offset does
 * not tell: of the two places the earlier one holds, if rows stand there, so that none is missing.
 */
export function rowsSent(group: SentProgress, events: number, sent: SentBefore): number {
  if (group.isPast) return 0;
  const all = events + group.annotations;
  const isEarlier = events < sent.events;
  const isThere = sent.rows === 0 ? all >= sent.events : all === sent.events;
  if (isEarlier && !(group.annotations > 0 && isThere)) return ALL_ROWS;
  group.isPast = true;
  return isEarlier || events === sent.events ? sent.rows : 0;
}

/**
 * Where the stream stands, and what of it was done before the last stop. A server sends whole
 * groups (PITFALLS B35) and, where a prepared transaction waits or it knows only files, some that
 * are done: those are told by `begin`. Invariant: `offset()` never goes back, and lies between two
 * groups or tells how many rows of a group are before it.
 */
export class BinlogPosition {
  #offset: BinlogOffset;
  #offsetIsCurrent = true;
  #file: string;
  #pos: number;
  #gtids: GtidTrack | null;
  /** Otherwise the way is by files: a set that begins somewhere would lack all before it. */
  readonly #hasGtids: boolean;
  /** Of a half-published group that has not come again yet. */
  #expected: GroupStart | null;
  #sentBefore: SentBefore | null;
  #group: GroupStart | null = null;
  #before: BinlogPlace | null = null;
  #isDone = false;
  #resuming = true;
  /** Rows events of the open group so far, */
  #event = 0;
  /** and how many of them lie before the offset. */
  #skipEvents = 0;
  #skipRows = 0;
  /** Or, where another server cut the events, so many rows of captured tables. */
  #skipTold = 0;
  /** Of those in the events before this one. */
  #told = 0;
  #eventsDone: number | null;
  #rowsDone: number;
  #rowsTold: number | undefined;
  #seconds: number | null;
  /** Of the last statement, and of the last that lies before the offset. */
  #remembered: string | null;
  #history: string | null;
  readonly #held = new Map<string, HeldGroup>();
  /** Of the run before: until its prepared transactions have come again. */
  #resumedHold: BinlogPlace | null;
  #resumedGtids: GtidSet | null;

  constructor(resume: BinlogOffset) {
    const { done, held } = resume;
    this.#offset = resume;
    this.#file = done.file;
    this.#pos = done.pos;
    this.#gtids = gtidTrack(done.gtids);
    this.#hasGtids = done.gtids !== null;
    this.#expected = resume.open;
    this.#sentBefore = resume.sentBefore;
    this.#eventsDone = resume.eventsDone;
    this.#rowsDone = resume.rowsDone;
    this.#rowsTold = resume.rowsTold;
    this.#seconds = resume.seconds;
    this.#remembered = resume.history ?? null;
    this.#history = this.#remembered;
    this.#resumedHold = held;
    const isSet = held?.gtids?.includes(':') === true && done.gtids !== null;
    this.#resumedGtids = isSet
      ? GtidSet.parse(done.gtids).subtract(GtidSet.parse(held.gtids))
      : null;
  }

  get inGroup(): boolean {
    return this.#group !== null;
  }

  /** The open group was done before; only rows that it prepared may still be needed. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The end of the last group that is done, as the server tells its places. */
  get place(): string {
    return placeText({ file: this.#file, pos: this.#pos });
  }

  /** What Debezium had sent of the first group that is new; null: nothing, or it has passed. */
  get sentBefore(): SentBefore | null {
    return this.#isDone ? null : this.#sentBefore;
  }

  begin(group: GroupStart, seconds: number): void {
    if (this.#group !== null) throw outOfOrder(group, 'a group inside of another');
    this.#group = group;
    this.#event = 0;
    this.#told = 0;
    this.#isDone = this.#wasDone(group);
    if (this.#isDone) return;
    this.#resuming = false;
    const expected = this.#expected;
    if (expected !== null && !isSame(expected, group)) throw vanished(expected, group);
    this.#expected = null;
    this.#before = this.#place();
    const isElsewhere = this.#eventsDone === null;
    this.#skipEvents = expected === null ? 0 : (this.#eventsDone ?? 0);
    this.#skipRows = expected === null || isElsewhere ? 0 : this.#rowsDone;
    this.#skipTold = expected === null || !isElsewhere ? 0 : (this.#rowsTold ?? 0);
    this.#seconds = seconds;
    if (this.#resumedGtids === null) this.#resumedHold = null;
  }

  #wasDone({ file, pos, gtid }: GroupStart): boolean {
    if (gtid !== null && this.#gtids !== null) return this.#gtids.has(gtid, this.#resuming);
    return this.#resuming && compareFiles(file, pos, this.#file, this.#pos) < 0;
  }

  /** A rows event begins; so many of its rows lie before the offset. */
  openEvent(): number {
    if (this.#group === null) throw outOfOrder(null, 'rows outside of a transaction');
    if (this.#isDone || this.#event < this.#skipEvents) return ALL_ROWS;
    if (this.#skipTold > this.#told) return this.#skipTold - this.#told;
    return this.#event === this.#skipEvents ? this.#skipRows : 0;
  }

  /** So many rows of the event have been handed over, now or before. */
  rows(done: number): void {
    this.#eventsDone = this.#event;
    this.#rowsDone = done;
    this.#rowsTold = this.#told + done;
    this.#offsetIsCurrent = false;
  }

  /** The event is over, with so many rows of a captured table; nothing of it is told twice. */
  closeEvent(rows = 0): void {
    this.#event++;
    this.#told += rows;
    if (this.#isDone || this.#event <= this.#skipEvents || this.#told < this.#skipTold) return;
    this.#eventsDone = this.#event;
    this.#rowsDone = 0;
    this.#rowsTold = this.#told;
    this.#offsetIsCurrent = false;
  }

  /** The group is over: true: it, or a part of it, is new. It ends at `pos` of `file` (B36). */
  commit(file: string, pos: number): boolean {
    const group = this.#end('the end of a transaction');
    if (this.#isDone) {
      this.#isDone = false;
      return false;
    }
    if (this.#event < this.#skipEvents) throw shorter(group, this.#event, this.#skipEvents);
    if (this.#told < this.#skipTold) throw shorter(group, this.#told, this.#skipTold, 'rows');
    this.#file = file;
    this.#pos = pos;
    if (group.gtid !== null && this.#hasGtids) {
      this.#gtids ??= emptyTrack(group.gtid);
      this.#gtids.add(group.gtid);
    }
    this.#eventsDone = 0;
    this.#rowsDone = 0;
    this.#rowsTold = undefined;
    this.#sentBefore = null;
    this.#history = this.#remembered;
    this.#offsetIsCurrent = false;
    return true;
  }

  /** A statement is in the schema history; it lies before the offset once its group is over. */
  remembered(place: string): void {
    this.#remembered = place;
  }

  /** The group is over, and prepared: the server has to send it again until `release`. */
  prepare(id: string, file: string, pos: number): void {
    const { gtid = null } = this.#group ?? {};
    const before = this.#isDone ? this.#resumedHold : this.#before;
    this.commit(file, pos);
    if (gtid !== null && this.#resumedGtids !== null) {
      this.#resumedGtids = this.#resumedGtids.subtract(GtidSet.parse(gtid));
    }
    if (before !== null) this.#held.set(id, { gtid, before });
    this.#offsetIsCurrent = false;
  }

  /** The outcome of a prepared transaction is done. */
  release(id: string): void {
    if (this.#held.delete(id)) this.#offsetIsCurrent = false;
  }

  #end(what: string): GroupStart {
    const group = this.#group;
    if (group === null) throw outOfOrder(null, `${what} outside of one`);
    this.#group = null;
    return group;
  }

  /**
   * There is nothing for us before this place: a heartbeat, or another file. True: the offset
   * moved; never inside a group (PITFALLS B9), nor back.
   */
  idle(file: string, pos: number): boolean {
    if (this.#group !== null || this.#expected !== null) return false;
    if (compareFiles(file, pos, this.#file, this.#pos) <= 0) return false;
    this.#file = file;
    this.#pos = pos;
    this.#offsetIsCurrent = false;
    return true;
  }

  #place(): BinlogPlace {
    return {
      file: this.#file,
      pos: this.#pos,
      gtids: this.#gtids?.text() ?? (this.#hasGtids ? '' : null),
    };
  }

  #heldPlace(done: BinlogPlace): BinlogPlace | null {
    const [first] = this.#held.values();
    const oldest = this.#resumedHold ?? first?.before;
    if (oldest === undefined) return null;
    if (done.gtids?.includes(':') !== true) return oldest;
    // By a set the server sends only what waits, and not all that came since.
    const waiting = [...this.#held.values()].flatMap(({ gtid }) => gtid ?? []);
    const resumed = this.#resumedGtids?.toString() ?? '';
    if (resumed !== '') waiting.push(resumed);
    if (waiting.length === 0) return first === undefined ? null : oldest;
    return { ...oldest, gtids: withoutGtids(done.gtids, waiting) };
  }

  /** The same object until the position changes. */
  offset(): BinlogOffset {
    if (this.#offsetIsCurrent) return this.#offset;
    this.#offsetIsCurrent = true;
    const isOpen = this.#eventsDone !== 0 || this.#rowsDone > 0;
    const done = this.#place();
    const { rowsTold: _before, ...same } = this.#offset;
    this.#offset = {
      ...same,
      done,
      held: this.#heldPlace(done),
      open: isOpen ? (this.#group ?? this.#expected) : null,
      eventsDone: this.#eventsDone,
      rowsDone: this.#rowsDone,
      ...(this.#rowsTold === undefined ? {} : { rowsTold: this.#rowsTold }),
      seconds: this.#seconds,
      history: this.#history,
      sentBefore: isOpen ? null : this.#sentBefore,
    };
    return this.#offset;
  }
}

/** By GTID where there is one: on another server the same group stands elsewhere. */
function isSame(a: GroupStart, b: GroupStart): boolean {
  if (a.gtid !== null || b.gtid !== null) return a.gtid === b.gtid;
  return a.file === b.file && a.pos === b.pos;
}

/** The order in a binlog: names end in a number, which gets longer after 999999. */
export function compareFiles(file: string, pos: number, otherFile: string, other: number): number {
  if (file === otherFile) return pos - other;
  const [a, b] = [fileNumber(file), fileNumber(otherFile)];
  if (a !== b) return a - b;
  return file < otherFile ? -1 : 1;
}

/** Of `mysql-bin.000003` 3; 0 of a name without one. */
export function fileNumber(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0);
}

function outOfOrder(group: GroupStart | null, what: string): TidemarkError {
  const at = group === null ? '' : ` at ${placeText(group)}`;
  return new TidemarkError('DECODE', `${what}${at}: the binlog is out of order`);
}

function shown(group: GroupStart): string {
  return group.gtid ?? placeText(group);
}

function vanished(expected: GroupStart, found: GroupStart): TidemarkError {
  return new TidemarkError(
    'MYSQL_POSITION',
    `the half-published transaction ${shown(expected)} did not come again; ` +
      `the binlog went on with ${shown(found)}`,
  );
}

function shorter(
  group: GroupStart,
  found: number,
  done: number,
  what = 'events of rows',
): TidemarkError {
  return new TidemarkError(
    'MYSQL_POSITION',
    `the transaction ${shown(group)} came again with ${found} ${what}, ` +
      `of which ${done} had been published`,
  );
}
