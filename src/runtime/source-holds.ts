import { must } from '../foundation/assert.ts';
import type { SourceOffset } from '../model/change-event.ts';
import { GAP_KEY } from '../model/source-gap.ts';
import type { SourcePlaces } from '../model/source-places.ts';

type OffsetMap = SourceOffset['offset'];

/** What the source's offset has of tables that wait in the server's log. JSON values only. */
export interface SourceHoldState {
  /** Where the tables that do not wait are: the offset itself stands at the first that waits. */
  readonly ahead: OffsetMap;
  /** From where on each table's changes have not gone out. */
  readonly tables: Readonly<Record<string, OffsetMap>>;
}

/** Of snapshots beside the stream and of gaps: the stream that is read again has none. */
const NOT_AGAIN: readonly string[] = ['tidemark.snapshots', GAP_KEY];
const SNAPSHOT = 'tidemark.snapshot';

/**
 * Tables whose changes wait in the log of the server (`hold.buffer: source`): it is read again from
 * there when they may go out, in a life of the source of its own, which ends where the other tables
 * are.
 *
 * Invariant: the offset that is stored stands before the first change that waits, so that neither
 * we nor anybody else confirms it to the server; where the other tables are stands beside it, and
 * no life tells anything of them that lies before that. What breaks otherwise: the server removes
 * what nobody has, or what others published comes twice.
 */
export class SourceHolds {
  readonly #places: SourcePlaces;
  readonly #tables = new Map<string, SourceOffset>();
  /** Those of them that go out in this life. */
  #replayed = new Set<string>();
  #finished: readonly string[] = [];
  /** Where the other tables are, in a life that reads again; null: the reader says it. */
  #ahead: SourceOffset | null = null;
  /** The same, as it was stored last. */
  #known: SourceOffset | null = null;

  constructor(places: SourcePlaces) {
    this.#places = places;
  }

  /** Takes up what a stored offset says; `state` null: nothing waits. */
  restore(stored: SourceOffset | null, state: SourceHoldState | null): void {
    this.#tables.clear();
    this.#replayed = new Set();
    this.#finished = [];
    this.#ahead = null;
    this.#known = null;
    if (stored === null || state === null) return;
    const { partition } = stored;
    for (const [table, offset] of Object.entries(state.tables)) {
      this.#tables.set(table, { partition, offset });
    }
    this.#known = { partition, offset: state.ahead };
  }

  get size(): number {
    return this.#tables.size;
  }

  has(table: string): boolean {
    return this.#tables.has(table);
  }

  tables(): readonly string[] {
    return [...this.#tables.keys()];
  }

  /** Its changes come, and go out, in this life. */
  isReplayed(table: string): boolean {
    return this.#replayed.has(table);
  }

  /** Nothing of it goes out, and what comes is left to the server. */
  isLeft(table: string): boolean {
    return this.#tables.has(table) && !this.#replayed.has(table);
  }

  /** From here on the table waits, again or for the first time. */
  begin(table: string, from: SourceOffset): void {
    this.#replayed.delete(table);
    this.#tables.set(table, from);
  }

  /** The table does not wait in the server's log any more. */
  end(table: string): void {
    this.#replayed.delete(table);
    this.#tables.delete(table);
  }

  /** Nothing waits in the server's log, and the stored offset alone says where a life begins. */
  clear(): void {
    this.#tables.clear();
    this.#replayed.clear();
    this.#known = null;
  }

  /** Where an ordinary life goes on; null: as the stored offset says. */
  get ahead(): SourceOffset | null {
    return this.#known;
  }

  /** This life reads these tables again. Returns from where on. */
  replay(tables: readonly string[]): SourceOffset {
    this.#ahead = must(this.#known, 'a table waits since an offset was stored');
    this.#replayed = new Set(tables);
    const from = must(this.#earliest(tables), 'a table to read again');
    const kept = Object.entries(from.offset).filter(([key]) => !NOT_AGAIN.includes(key));
    // What is left of a first snapshot is read by the ordinary lives.
    const { [SNAPSHOT]: snapshot } = from.offset;
    const completed = snapshot === 'running' ? { [SNAPSHOT]: 'completed' } : {};
    return { ...from, offset: { ...Object.fromEntries(kept), ...completed } };
  }

  /** Where a table's own changes begin; of what lies before it nothing is to go out. */
  fromOf(table: string): SourceOffset | null {
    return this.#tables.get(table) ?? null;
  }

  /** What is read again has come to where the other tables are: none of it waits any longer. */
  finish(): void {
    this.#finished = [...this.#replayed];
    for (const table of this.#finished) this.end(table);
  }

  /** What `finish` has found. */
  get finished(): readonly string[] {
    return this.#finished;
  }

  /** The end of a life that reads again; null: this one goes on without an end. */
  get replayedUntil(): SourceOffset | null {
    return this.#ahead;
  }

  /** The offset to store when the reader's is this one. */
  stored(reached: SourceOffset): SourceOffset {
    for (const table of this.#replayed) {
      const from = this.#tables.get(table);
      // Of several the first is read from where it stands: the others are not there yet.
      if (from !== undefined && this.#places.compare(from, reached) > 0) continue;
      this.#tables.set(table, reached);
    }
    const ahead = this.#ahead ?? reached;
    this.#known = ahead;
    if (this.#tables.size === 0) return { ...ahead, ...cutOf(reached) };
    return { ...(this.earliest() ?? ahead), ...cutOf(reached) };
  }

  /** What the stored offset has beside its place; null: nothing waits. */
  state(): SourceHoldState | null {
    if (this.#tables.size === 0 || this.#known === null) return null;
    const tables = [...this.#tables].map(([table, { offset }]) => [table, offset] as const);
    return { ahead: this.#known.offset, tables: Object.fromEntries(tables) };
  }

  /** Before everything that waits; null: nothing does. */
  earliest(): SourceOffset | null {
    return this.#earliest(this.#tables.keys());
  }

  #earliest(tables: Iterable<string>): SourceOffset | null {
    let earliest: SourceOffset | null = null;
    for (const table of tables) {
      const from = this.#tables.get(table);
      if (from === undefined) continue;
      if (earliest === null || this.#places.compare(from, earliest) < 0) earliest = from;
    }
    return earliest;
  }
}

/** Whether a transaction of the log may end there is a matter of what was written, not of holds. */
function cutOf({ midTransaction }: SourceOffset): Pick<SourceOffset, 'midTransaction'> {
  return midTransaction === undefined ? {} : { midTransaction };
}
