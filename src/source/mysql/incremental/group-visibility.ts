import { TidemarkError } from '../../../foundation/errors.ts';
import { GtidSet } from '../../../model/gtid-set.ts';
import type { ReadVisibility } from '../../incremental/snapshot-window.ts';
import { compareFiles } from '../stream/binlog-position.ts';
import type { LogSpot } from '../stream/stream-watches.ts';

/** A group of the stream, as its rows name it; the same object for all rows of one group. */
export interface GroupPlace extends LogSpot {
  readonly gtid: string | null;
  /** It ends a transaction that was prepared before, which is visible some time after its event. */
  readonly isOutcome: boolean;
}

/**
 * What a read saw: the groups before a place in the binlog, or those of a set of GTIDs. Which of
 * the two tells it exactly depends on the server and on how it was read (`chunk-reader`).
 */
export class GroupVisibility implements ReadVisibility<GroupPlace> {
  readonly place: LogSpot;
  /** Null: the place tells it. */
  readonly executed: GtidSet | null;
  /** Nothing was half-way between binlog and visibility: the tables were locked. */
  readonly #isExact: boolean;
  #asked: GroupPlace | null = null;
  #answer = false;

  constructor(place: LogSpot, executed: GtidSet | null, isExact = false) {
    this.place = place;
    this.#isExact = isExact;
    this.executed = executed;
  }

  /** Reads what `text` gives, of a read that was begun under a lock. */
  static parse(text: string): GroupVisibility {
    const match = /^(.*?):(\d{1,16})(?: (.*))?$/s.exec(text);
    if (match === null) throw new TidemarkError('DECODE', `what a read saw is stored as ${text}`);
    const [, file = '', pos = '', executed] = match;
    const set = executed === undefined ? null : GtidSet.parse(executed);
    return new GroupVisibility({ file, pos: Number(pos) }, set, true);
  }

  get text(): string {
    const { file, pos } = this.place;
    return this.executed === null ? `${file}:${pos}` : `${file}:${pos} ${this.executed.toString()}`;
  }

  sees(group: GroupPlace): boolean {
    if (group === this.#asked) return this.#answer;
    this.#asked = group;
    return (this.#answer = this.#sees(group));
  }

  #sees({ gtid, file, pos, isOutcome }: GroupPlace): boolean {
    if (this.executed === null) {
      return (this.#isExact || !isOutcome) && isBefore({ file, pos }, this.place);
    }
    return gtid !== null && this.executed.contains(GtidSet.parse(gtid));
  }

  /** All that came before the window is in the read. */
  covers(passed: LogSpot, done: string | null): boolean {
    if (this.executed === null || done === null) return !isBefore(this.place, passed);
    return this.executed.contains(GtidSet.parse(done));
  }
}

/** Whether one place lies before another. */
export function isBefore(spot: LogSpot, other: LogSpot): boolean {
  return compareFiles(spot.file, spot.pos, other.file, other.pos) < 0;
}
