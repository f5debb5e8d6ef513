import { createHash } from 'node:crypto';
import type { DocumentStore } from '../transport/transport.ts';
import type { HistoryLine } from './alert-history.ts';
import type { AlertNotice, SuppressedCount } from './alert-notice.ts';
import type { AlertMute } from './alert-silence.ts';
import type { TrackedCondition } from './condition-tracker.ts';

/** A notice in the history. */
export interface StoredNotice {
  readonly notice: AlertNotice;
  /** Why no channel got it; null: it was told. */
  readonly muted: string | null;
}

/** A notice that a channel has not got yet. */
export interface QueuedNotice {
  readonly sequence: number;
  readonly notice: AlertNotice;
}

/** What one look or one event changes: stored together or not at all. */
export interface AlertWrites {
  readonly notices?: readonly {
    readonly sequence: number;
    readonly stored: StoredNotice;
    readonly channels: readonly string[];
  }[];
  /** By the key of the condition; null: it is over. */
  readonly firing?: readonly { readonly key: string; readonly state: TrackedCondition | null }[];
  /** By channel; null: the digest is in the queue. */
  readonly suppressed?: readonly {
    readonly channel: string;
    readonly count: SuppressedCount | null;
  }[];
  /** Sequences that leave the history. */
  readonly forgotten?: readonly number[];
}

/** All that is stored, as a start finds it. */
export interface StoredAlerts {
  /** Ids of events that were raised, with the place of each in the history, in order. */
  readonly events: ReadonlyMap<string, number>;
  /** What there is, in order. */
  readonly history: readonly HistoryLine[];
  readonly nextSequence: number;
  /** Of the history that channels were told, the newest first. */
  readonly newest: readonly AlertNotice[];
  readonly queues: ReadonlyMap<string, readonly QueuedNotice[]>;
  readonly firing: readonly TrackedCondition[];
  readonly suppressed: ReadonlyMap<string, SuppressedCount>;
  readonly mutes: readonly AlertMute[];
}

const HISTORY = 'tidemark.alerts.history';
const OUTBOX = 'tidemark.alerts.outbox';
const FIRING = 'tidemark.alerts.firing';
const SUPPRESSED = 'tidemark.alerts.suppressed';
const MUTES = 'tidemark.alerts.mutes';

/** More are nowhere shown at once. */
const NEWEST_MAX = 100;

type Write = Parameters<DocumentStore['write']>[0][number];

/**
 * What alerts leave in the daemon's store, so that none is lost and none told under two ids: the
 * history, what each channel has still to get, what fires, what is muted. Every write is durable
 * when it resolves.
 */
export class AlertStore {
  readonly #documents: DocumentStore;

  constructor(documents: DocumentStore) {
    this.#documents = documents;
  }

  load(): StoredAlerts {
    const events = new Map<string, number>();
    const history: HistoryLine[] = [];
    const newest: AlertNotice[] = [];
    for (const { key, value } of this.#documents.entries(HISTORY)) {
      const { notice, muted } = JSON.parse(value) as StoredNotice;
      if (muted === null) newest.push(notice);
      if (newest.length > NEWEST_MAX) newest.shift();
      const { class: name, severity, table } = notice;
      history.push({ sequence: Number(key), class: name, severity, table });
      if (notice.status === 'event') events.set(notice.id, Number(key));
    }
    const queues = new Map<string, QueuedNotice[]>();
    let last = history.at(-1)?.sequence ?? 0;
    for (const { key, value } of this.#documents.entries(OUTBOX)) {
      const [channel = '', sequence = ''] = key.split('/');
      const queue = queues.get(channel) ?? [];
      queue.push({ sequence: Number(sequence), notice: JSON.parse(value) as AlertNotice });
      queues.set(channel, queue);
      last = Math.max(last, Number(sequence));
    }
    return {
      events,
      history,
      nextSequence: last + 1,
      newest: newest.toReversed(),
      queues,
      firing: this.firing(),
      suppressed: new Map(this.#parsed<SuppressedCount>(SUPPRESSED)),
      mutes: this.mutes(),
    };
  }

  firing(): readonly TrackedCondition[] {
    return this.#parsed<TrackedCondition>(FIRING).map(([, state]) => state);
  }

  mutes(): readonly AlertMute[] {
    return this.#parsed<AlertMute>(MUTES).map(([, mute]) => mute);
  }

  /** Null: it is not written yet, or forgotten. */
  notice(sequence: number): StoredNotice | null {
    const text = this.#documents.get(HISTORY, sequenceKey(sequence));
    return text === null ? null : (JSON.parse(text) as StoredNotice);
  }

  /** What another store has, as the newest of this one: what fires, was told, and waits. */
  async adopt(other: AlertStore): Promise<void> {
    let { nextSequence } = this.load();
    const { queues } = other.load();
    const writes: Write[] = [];
    for (const { key, value } of other.#documents.entries(HISTORY)) {
      const next = sequenceKey(nextSequence++);
      writes.push({ collection: HISTORY, key: next, value });
      for (const [channel, queue] of queues) {
        const waiting = queue.find(({ sequence }) => sequence === Number(key));
        if (waiting === undefined) continue;
        const text = JSON.stringify(waiting.notice);
        writes.push({ collection: OUTBOX, key: `${channel}/${next}`, value: text });
      }
    }
    for (const collection of [FIRING, SUPPRESSED]) {
      const entries = other.#documents.entries(collection);
      writes.push(...entries.map(({ key, value }) => ({ collection, key, value })));
    }
    if (writes.length > 0) await this.#documents.write(writes);
  }

  async write({
    notices = [],
    firing = [],
    suppressed = [],
    forgotten = [],
  }: AlertWrites): Promise<void> {
    const writes: Write[] = [];
    for (const { sequence, stored, channels } of notices) {
      const key = sequenceKey(sequence);
      writes.push({ collection: HISTORY, key, value: JSON.stringify(stored) });
      const value = JSON.stringify(stored.notice);
      for (const channel of channels) {
        writes.push({ collection: OUTBOX, key: `${channel}/${key}`, value });
      }
    }
    for (const { key, state } of firing) {
      const value = state === null ? null : JSON.stringify(state);
      writes.push({ collection: FIRING, key: shortKey(key), value });
    }
    for (const { channel, count } of suppressed) {
      const value = count === null ? null : JSON.stringify(count);
      writes.push({ collection: SUPPRESSED, key: channel, value });
    }
    for (const sequence of forgotten) {
      writes.push({ collection: HISTORY, key: sequenceKey(sequence), value: null });
    }
    if (writes.length > 0) await this.#documents.write(writes);
  }

  /** The channel has it. */
  async delivered(channel: string, sequence: number): Promise<void> {
    const key = `${channel}/${sequenceKey(sequence)}`;
    await this.#documents.write([{ collection: OUTBOX, key, value: null }]);
  }

  /** What waits for a channel, and its count of what was left out. */
  async dropQueue(channel: string): Promise<void> {
    const waiting = this.#documents
      .entries(OUTBOX)
      .filter(({ key }) => key.startsWith(`${channel}/`));
    await this.#documents.write([
      ...waiting.map(({ key }) => ({ collection: OUTBOX, key, value: null })),
      { collection: SUPPRESSED, key: channel, value: null },
    ]);
  }

  async writeMute(mute: AlertMute): Promise<void> {
    const value = JSON.stringify(mute);
    await this.#documents.write([{ collection: MUTES, key: mute.id, value }]);
  }

  async deleteMutes(ids: readonly string[]): Promise<void> {
    await this.#documents.write(ids.map((key) => ({ collection: MUTES, key, value: null })));
  }

  #parsed<T>(collection: string): (readonly [string, T])[] {
    return this.#documents
      .entries(collection)
      .map(({ key, value }) => [key, JSON.parse(value) as T] as const);
  }
}

/** As text in the order of the numbers. */
function sequenceKey(sequence: number): string {
  return String(sequence).padStart(16, '0');
}

/** Names of tables may be longer than a key of the store. */
function shortKey(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
