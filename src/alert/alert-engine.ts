import { randomBytes } from 'node:crypto';
import type { AlertsConfig } from '../config/alert-section.ts';
import { Lifecycle } from '../foundation/lifecycle.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { AlertCondition, AlertEvent, AlertOutlet, ConditionSource } from '../model/alert.ts';
import type { AlertChannel } from './alert-channel.ts';
import { AlertHistory, type HistoryWish } from './alert-history.ts';
import { judge, ruleFor } from './alert-filter.ts';
import {
  type AlertNotice,
  conditionNotice,
  eventNotice,
  suppressedNotice,
  testNotice,
} from './alert-notice.ts';
import { AlertRouting, type RoutingParts } from './alert-routing.ts';
import { AlertSilence, type AlertMute } from './alert-silence.ts';
import type { AlertWrites, StoredNotice } from './alert-store.ts';
import { AlertTotals, type AlertsView, firingView } from './alerts-view.ts';
import { ConditionTracker, type TrackedChange } from './condition-tracker.ts';

/** What the engine works with. */
export interface AlertEngineParts extends RoutingParts {
  readonly pipeline: string;
  readonly config: Omit<AlertsConfig, 'channels'>;
}

const LOOK_EVERY_MS = 1000;
/** How long an end waits for notices that are on their way. */
const SETTLE_MS = 3000;
/** How long a condition waits for the store, which may be what is down, before it is told. */
const STORE_MS = 2000;

/** In one write, when `history.max` was lowered: on Kafka a write is one request. */
const FORGOTTEN_MAX = 200;
/** Every alert is held against each of them. */
const MUTES_MAX = 1000;

/** Notices with their numbers and who gets them. */
type Told = NonNullable<AlertWrites['notices']>;

/**
 * Decides who is told of what, and sees that they are.
 *
 * Invariant: an event is durable, in the history and in the queue of each channel, before `raise`
 * resolves. Why: the source stores its offset behind it. What breaks otherwise: a crash between the
 * change of shape and its delivery loses the alert for good.
 *
 * Conditions need no such care, they are found again; but what was told of them is stored too, so
 * that the next process tells neither the begin twice nor the end never.
 */
export class AlertEngine implements AlertOutlet {
  readonly #parts: AlertEngineParts;
  readonly #routing: AlertRouting;
  readonly #tracker: ConditionTracker;
  readonly #silence: AlertSilence;
  readonly #totals: AlertTotals;
  /** Of events in the history: id → sequence. */
  readonly #raised: Map<string, number>;
  readonly #history: AlertHistory;
  /** What the last process left for each channel. */
  readonly #queued: readonly (readonly [string, number])[];
  readonly #life: Lifecycle;
  #sources: readonly ConditionSource[] = [];
  #nextSequence: number;
  /** One look after the other, one event after the other; neither kind waits for the other. */
  readonly #turns = { look: Promise.resolve(), raise: Promise.resolve() };
  #running: readonly Promise<void>[] = [];
  #trouble: string | null = null;
  /** States of conditions that the store refused to take, by key. */
  readonly #unstored = new Map<string, TrackedChange['state']>();
  /** The newest of those that it has not taken yet. */
  readonly #newest = new Map<string, TrackedChange['state']>();

  constructor(parts: AlertEngineParts) {
    const { store, config, clock } = parts;
    this.#parts = parts;
    this.#life = new Lifecycle(clock);
    const stored = store.load();
    this.#raised = new Map(stored.events);
    this.#queued = [...stored.queues].map(([channel, queue]) => [channel, queue.length]);
    this.#history = new AlertHistory(stored.history);
    this.#totals = new AlertTotals(stored.newest);
    this.#nextSequence = stored.nextSequence;
    this.#silence = new AlertSilence(config.maintenance, stored.mutes);
    const isMuted = (condition: AlertCondition, nowMs: number): boolean =>
      this.#silence.reason(condition, nowMs) !== null;
    const settings = { resolveAfterMs: config.resolveAfterMs, isMuted };
    this.#tracker = new ConditionTracker(settings, stored.firing);
    this.#routing = new AlertRouting(parts, stored);
  }

  /** Begins to look, and to deliver what the last process left. */
  start(sources: readonly ConditionSource[]): void {
    this.#sources = sources;
    const { signal } = this.#life;
    this.#running = [this.#dropStrangers(), this.#lookOn(signal), ...this.#routing.run(signal)];
  }

  /**
   * A last look, so that what ends the daemon is told, and a moment for what is on its way. What
   * does not get through stays in the store for the next start.
   */
  async stop(settleMs = SETTLE_MS): Promise<void> {
    if (!this.#life.signal.aborted && this.#running.length > 0) {
      await this.look(false);
      const limit = new AbortController();
      const cancel = this.#parts.clock.after(settleMs, () => limit.abort());
      await this.#routing.settled(limit.signal);
      cancel();
    }
    this.#life.stop();
    await Promise.all(this.#running);
    const turns = Promise.all([this.#turns.look, this.#turns.raise]);
    await this.#within(SETTLE_MS, turns);
  }

  async raise(event: AlertEvent): Promise<void> {
    await this.#inTurn('raise', async () => {
      if (this.#raised.has(event.id)) return;
      const { config, pipeline, clock, store, fault } = this.#parts;
      const rule = ruleFor(config.rules, event);
      if (rule?.enabled === false) return;
      const nowMs = clock.nowMs();
      const notice = eventNotice(event, rule?.severity ?? event.severity, pipeline, nowMs);
      const { told, writes } = this.#numbered(
        [{ notice, muted: this.#silence.reason(event, nowMs) }],
        {},
      );
      await store.write(writes);
      fault('alert.stored');
      for (const { sequence } of told) this.#raised.set(event.id, sequence);
      this.#tell(told, Promise.resolve(true));
    });
  }

  /** One look at all conditions; `start` does it every second. */
  async look(mayResolve = true): Promise<void> {
    await this.#inTurn('look', async () => {
      const { clock, pipeline, config } = this.#parts;
      const nowMs = clock.nowMs();
      const { conditions, isWhole } = this.#conditions(nowMs);
      const judged = conditions.flatMap(
        (condition) => judge(condition, config.rules, config.repeatMs) ?? [],
      );
      const changes = this.#tracker.look(judged, nowMs, mayResolve && isWhole);
      const notices = changes.flatMap(({ telling, key, state }) =>
        telling === null
          ? this.#silenced(key, state, nowMs)
          : [{ notice: conditionNotice(telling, pipeline, nowMs), muted: null }],
      );
      const digests = this.#digests(nowMs);
      for (const { key, state } of changes) this.#unstored.set(key, state);
      const states = new Map(this.#unstored);
      if (states.size === 0 && digests.length === 0) return;
      this.#unstored.clear();
      const { told, writes } = this.#numbered([...notices, ...digests], {
        firing: [...states].map(([key, state]) => ({ key, state })),
        suppressed: digests.map(({ channel }) => ({ channel, count: null })),
      });
      const stored = this.#written(writes, states);
      await this.#within(STORE_MS, stored);
      this.#tell(told, stored);
    });
    await this.#within(STORE_MS, this.#expireMutes());
  }

  view(): AlertsView {
    return {
      firing: this.#tracker.firing().map(firingView),
      recent: this.#totals.recent(),
      channels: this.#routing.views(),
      totals: this.#totals.totals(),
      mutes: this.#silence.mutes(this.#parts.clock.nowMs()),
    };
  }

  /** The newest first; reads no more than it gives. */
  history(wish: HistoryWish = {}, limit = Infinity): readonly StoredNotice[] {
    const found: StoredNotice[] = [];
    for (const sequence of this.#history.found(wish)) {
      if (found.length >= limit) break;
      const stored = this.#parts.store.notice(sequence);
      if (stored !== null) found.push(stored);
    }
    return found;
  }

  /** Whether the history has an alert of that class. */
  hasTold(name: string): boolean {
    return this.#history.has(name);
  }

  /** Durable when resolved. Throws CONFIG_INVALID for what is no pattern. */
  async mute(wanted: {
    readonly pattern: string;
    readonly table: string | null;
    readonly forMs: number;
    readonly comment: string | null;
  }): Promise<AlertMute> {
    const { clock, store } = this.#parts;
    const createdMs = clock.nowMs();
    const { pattern, table, forMs, comment } = wanted;
    if (this.#silence.mutes(createdMs).length >= MUTES_MAX) {
      const text = `there are ${MUTES_MAX} mutes already: one pattern may stand for several`;
      throw new TidemarkError('CONFIG_INVALID', text);
    }
    const id = randomBytes(4).toString('hex');
    const mute = { id, pattern, table, untilMs: createdMs + forMs, createdMs, comment };
    try {
      this.#silence.add(mute);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new TidemarkError('CONFIG_INVALID', `the pattern of a mute ${reason}`);
    }
    await store.writeMute(mute);
    return mute;
  }

  /** Durable when resolved; null: there is none of that id. */
  async unmute(id: string): Promise<boolean> {
    if (!this.#silence.remove(id)) return false;
    await this.#parts.store.deleteMutes([id]);
    return true;
  }

  /** Sends a test at once, past queue and limits. Throws ALERT_CHANNEL, CONFIG_INVALID. */
  async test(name: string): Promise<void> {
    const channel = this.#routing.channel(name);
    if (channel === null) {
      const known = this.#routing.names.join(', ');
      throw new TidemarkError('CONFIG_INVALID', `there is no channel ${name}: there are ${known}`);
    }
    await testChannel(channel, this.#parts);
  }

  /** What waits for a channel that the file no longer has would wait for ever. */
  async #dropStrangers(): Promise<void> {
    const { store, logger } = this.#parts;
    const { names } = this.#routing;
    for (const [channel, count] of this.#queued) {
      if (names.includes(channel)) continue;
      const text = `${count} alerts for the channel ${channel}, which is no more, were given up`;
      logger.warn({ channel }, text);
      await store.dropQueue(channel).catch((error: unknown) => {
        this.#warnOnce(`alerts cannot be stored: ${toTidemarkError(error).message}`);
      });
    }
  }

  async #lookOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(LOOK_EVERY_MS, signal);
      if (!signal.aborted) await this.look();
    }
  }

  #conditions(nowMs: number): { conditions: AlertCondition[]; isWhole: boolean } {
    const conditions = this.#routing.trouble(nowMs);
    let isWhole = true;
    for (const source of this.#sources) {
      try {
        conditions.push(...source.conditions(nowMs));
      } catch (error) {
        isWhole = false;
        this.#warnOnce(`conditions could not be looked at: ${toTidemarkError(error).message}`);
      }
    }
    return { conditions, isWhole };
  }

  /** A condition that begins muted is in the history, for whoever wonders later. */
  #silenced(key: string, state: TrackedChange['state'], nowMs: number): StoredNotice[] {
    if (state === null) return [];
    const { condition, severity, measure, sinceMs, told } = state;
    const telling = { status: 'firing', condition, severity, measure, sinceMs, told } as const;
    const notice = conditionNotice(telling, this.#parts.pipeline, nowMs);
    const reason = this.#silence.reason({ ...condition, key }, nowMs);
    return [{ notice, muted: reason ?? 'mute' }];
  }

  #digests(nowMs: number): { notice: AlertNotice; muted: null; channel: string }[] {
    return this.#routing.digests(nowMs).map(({ channel, count }) => {
      const notice = suppressedNotice(count, channel, this.#parts.pipeline, nowMs);
      return { notice, muted: null, channel };
    });
  }

  /** What leaves the history for them goes along. */
  #numbered(
    notices: readonly (StoredNotice & { readonly channel?: string })[],
    more: AlertWrites,
  ): { readonly told: Told; readonly writes: AlertWrites } {
    const { config, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const told = notices.map(({ notice, muted, channel }) => ({
      sequence: this.#nextSequence++,
      stored: { notice, muted },
      channels: muted === null ? this.#routing.receivers(notice, channel, nowMs) : [],
    }));
    for (const { sequence, stored } of told) {
      this.#history.add({ ...stored.notice, sequence });
    }
    const over = Math.max(0, this.#history.size - config.historyMax);
    const forgotten = this.#history.forget(Math.min(over, FORGOTTEN_MAX));
    const gone = new Set(forgotten);
    for (const [id, sequence] of this.#raised) {
      if (!gone.has(sequence)) break;
      this.#raised.delete(id);
    }
    const suppressed = [...(more.suppressed ?? []), ...this.#routing.leftOut()];
    return { told, writes: { ...more, notices: told, suppressed, forgotten } };
  }

  /** Whether the store has it; what it refuses of the states is tried again with the next look. */
  async #written(
    writes: AlertWrites,
    states: ReadonlyMap<string, TrackedChange['state']>,
  ): Promise<boolean> {
    const { store, fault } = this.#parts;
    for (const [key, state] of states) this.#newest.set(key, state);
    try {
      await store.write(writes);
    } catch (error) {
      for (const [key, state] of states) {
        // A later write has told better, or will.
        if (this.#newest.get(key) === state && !this.#unstored.has(key))
          this.#unstored.set(key, state);
      }
      this.#warnOnce(`alerts cannot be stored: ${toTidemarkError(error).message}`);
      return false;
    }
    for (const [key, state] of states) {
      if (this.#newest.get(key) === state) this.#newest.delete(key);
    }
    this.#trouble = null;
    fault('alert.stored');
    return true;
  }

  #tell(told: Told, isStored: Promise<boolean>): void {
    for (const { sequence, stored, channels } of told) {
      const { notice, muted } = stored;
      this.#totals.count(notice);
      this.#routing.push(channels, { sequence, notice }, isStored);
      if (muted === null) continue;
      const fields = { class: notice.class, table: notice.table, alert: notice.id };
      this.#parts.logger.info(fields, `not told (${muted}): ${notice.title}`);
    }
  }

  async #expireMutes(): Promise<void> {
    const over = this.#silence.expire(this.#parts.clock.nowMs());
    if (over.length === 0) return;
    try {
      await this.#parts.store.deleteMutes(over.map(({ id }) => id));
    } catch (error) {
      // The next start takes them off.
      this.#warnOnce(`alerts cannot be stored: ${toTidemarkError(error).message}`);
    }
  }

  #warnOnce(text: string): void {
    if (this.#trouble === text) return;
    this.#trouble = text;
    this.#parts.logger.warn({}, text);
  }

  /** Waits for work that fails by itself, but not for ever. */
  async #within(limitMs: number, work: Promise<unknown>): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const cancel = this.#parts.clock.after(limitMs, limit.resolve);
    await Promise.race([work.catch(() => undefined), limit.promise]);
    cancel();
  }

  async #inTurn(name: 'look' | 'raise', work: () => Promise<void>): Promise<void> {
    const turn = this.#turns[name].then(work, work);
    this.#turns[name] = turn.catch(() => undefined);
    await turn;
  }
}

/** Sends the test of `tidemark alerts test`. Throws ALERT_CHANNEL. */
export async function testChannel(
  channel: AlertChannel,
  { pipeline, clock }: Pick<AlertEngineParts, 'pipeline' | 'clock'>,
  timeoutMs = 30_000,
): Promise<void> {
  const limit = new AbortController();
  const cancel = clock.after(timeoutMs, () => {
    limit.abort(new TidemarkError('ALERT_CHANNEL', `no answer within ${timeoutMs} ms`));
  });
  try {
    await channel.deliver(testNotice(channel.name, pipeline, clock.nowMs()), limit.signal);
  } finally {
    cancel();
  }
}
