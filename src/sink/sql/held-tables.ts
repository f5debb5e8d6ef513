import type { TidemarkError } from '../../foundation/errors.ts';
import type { ParkedTable, SinkRecord } from '../../model/sink-record.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import type { TargetSession } from './target-session.ts';
import type { TopicOutcome, TopicProgress } from './topic-progress.ts';
import { parkedAt } from './topic-progress.ts';

/** What a table stopped at. */
interface Held {
  readonly record: SinkRecord;
  /** Looks that are left out before the next one, and how many will be after it. */
  rests: number;
  pause: number;
}

/** Looks between two, at most, where a table that fits stops at the same record again. */
const PAUSE_MAX = 31;

const GOES_ON =
  'The table is held: it goes on by itself once it takes the record, or after a start with ' +
  'another schema.evolution.policy; until then its records wait in the log.';

/**
 * `schema.evolution.policy: hold`: tables that do not take the shape of their records are looked at
 * again, until somebody has changed them. Of each the one record in the way is kept; those behind
 * it wait in the log, as behind any record that parks its table.
 */
export class HeldTables {
  readonly #isOn: boolean;
  readonly #held = new Map<string, Held>();

  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** The state of a topic that stops at a record. */
  parkedAt(outcome: TopicOutcome, failure: TidemarkError): ParkedTable {
    const parked = parkedAt(outcome, failure);
    const record = outcome.work.records[outcome.applied];
    const isHeld = this.#isOn && failure.code === 'SINK_SCHEMA' && record !== undefined;
    if (!isHeld) {
      this.#held.delete(parked.topic);
      return parked;
    }
    const known = this.#held.get(parked.topic);
    const pause = known?.record.offset === record.offset ? Math.min(known.pause, PAUSE_MAX) : 0;
    this.#held.set(parked.topic, { record, rests: pause, pause: pause * 2 + 1 });
    return { ...parked, message: `${parked.message} ${GOES_ON}`, held: true };
  }

  isDue(all: readonly TopicProgress[]): boolean {
    return all.some(({ parked }) => parked?.held === true);
  }

  /** Topics whose record fits now. What cannot be found out now is asked again. */
  async fitting(session: TargetSession, all: readonly TopicProgress[]): Promise<readonly string[]> {
    const topics: string[] = [];
    for (const { topic, table, parked } of all) {
      const held = this.#held.get(topic);
      if (parked?.held !== true || held === undefined || held.rests-- > 0) continue;
      held.rests = 0;
      // Somebody may have changed all of it, the key too.
      table.invalidate();
      try {
        const { error } = await table.prepare(session, [held.record]);
        if (error === null) topics.push(topic);
      } catch (thrown) {
        const error = toSinkError(thrown);
        if (session.broken || isPermanent(error)) throw error;
      }
    }
    return topics;
  }
}
