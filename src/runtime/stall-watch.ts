import type { Clock } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { AlertCondition, ConditionSource } from '../model/alert.ts';
import type { SourceOffset, StreamInput } from '../model/change-event.ts';
import type { LookRequest, ServerLook, ServerWatch } from '../model/server-look.ts';
import type { Logger } from './logger.ts';
import type { SinkView, SourceView } from './pipeline-status.ts';
import type { PipelineSource } from './pipeline-source.ts';
import { LastStage, type LastStageLimits } from './last-stage.ts';
import { LogGrowth, retentionView, type RetentionView } from './retention-forecast.ts';
import { findStalls, type Movement } from './stall-cause.ts';
import { budgetConditions, stallConditions } from './stall-conditions.ts';
import type { ErrorView, Stall, WatchView } from './watch-view.ts';

/** By which limits it is judged. */
export interface WatchLimits {
  /** 0: the server is never asked. */
  readonly intervalMs: number;
  readonly stallAfterMs: number;
  readonly transactionMs: number;
  /** 0: no limit of the user's. */
  readonly budgetBytes: number;
  /** Told of when so many percent are left. */
  readonly budgetAlerts: readonly number[];
  /** When the slot is given up; null: never. */
  readonly lastStage: LastStageLimits | null;
  /** Outside of certain hours a snapshot may stand still. */
  readonly hasHours: boolean;
}

/** What a watch is made from. */
export interface StallWatchParts {
  readonly limits: WatchLimits;
  /** Null: the source has no server. */
  readonly server: ServerWatch | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What it looks at, each time anew. */
export interface WatchedPipeline {
  readonly source: SourceView;
  readonly sinks: readonly SinkView[];
}

/** A server that does not answer for so long is taken for one that does not. */
const LOOK_DEADLINE_MS = { least: 1000, most: 10_000 };

/** Of one thing that moves: what was seen last, and since when it is so. */
interface Track {
  mark: string;
  movedAtMs: number;
  caughtUpAtMs: number;
  waiting: number;
  lessAtMs: number;
}

/**
 * Finds out why nothing moves, and how long the server keeps what is not yet read, through a
 * connection of its own: nothing here waits for the stream, and the stream for nothing here.
 */
export class StallWatch implements ConditionSource {
  readonly #parts: StallWatchParts;
  readonly #growth = new LogGrowth();
  readonly #lastStage: LastStage;
  readonly #tracks = new Map<string, Track>();
  #watched: (() => WatchedPipeline) | null = null;
  #look: ServerLook | null = null;
  #input: StreamInput | null = null;
  #lookedAtMs: number | null = null;
  #problem: ErrorView | null = null;
  #retention: RetentionView | null = null;
  #told = new Map<string, Stall>();

  constructor(parts: StallWatchParts) {
    this.#parts = parts;
    this.#lastStage = new LastStage(parts.limits.lastStage);
  }

  /** Looks until the signal aborts; never rejects. */
  async run(
    watched: () => WatchedPipeline,
    source: PipelineSource,
    signal: AbortSignal,
  ): Promise<void> {
    const { limits, clock, server } = this.#parts;
    this.#watched = watched;
    this.#follow(watched());
    while (limits.intervalMs > 0) {
      await clock.sleep(limits.intervalMs, signal);
      if (signal.aborted) break;
      await this.#lookOnce(watched, source, signal);
    }
    await server?.[Symbol.asyncDispose]();
  }

  view(watched: WatchedPipeline): WatchView {
    const looked = this.#lookedAtMs;
    return {
      stalls: this.#stalls(watched),
      retention: this.#retention,
      lookedMsAgo: looked === null ? null : Math.round(this.#parts.clock.monotonicMs() - looked),
      problem: this.#problem,
    };
  }

  conditions(): readonly AlertCondition[] {
    const { limits } = this.#parts;
    const watched = this.#watched?.();
    return [
      ...stallConditions(watched === undefined ? [] : this.#stalls(watched)),
      ...budgetConditions(this.#retention, limits.budgetAlerts),
    ];
  }

  async #lookOnce(
    watched: () => WatchedPipeline,
    source: PipelineSource,
    signal: AbortSignal,
  ): Promise<void> {
    const { server, limits } = this.#parts;
    const endBefore = this.#look?.end ?? null;
    if (server !== null) {
      const request = this.#request(source);
      await this.#ask(server, request, signal);
      if (signal.aborted) return;
    }
    const now = watched();
    const status = source.reader?.status();
    this.#input = status?.connected === true ? (status.input ?? null) : null;
    this.#follow(now, endBefore === null || source.reader?.hasReceived(endBefore) !== false);
    const look = this.#look;
    if (look !== null && this.#lookedAtMs !== null) {
      this.#growth.add(this.#lookedAtMs, look.retention.endBytes);
      const pace = this.#growth.bytesPerSecond();
      const heldFor = now.source.held.flatMap(({ keepsLogFor }) => keepsLogFor ?? []);
      this.#retention = retentionView(look.retention, pace, limits.budgetBytes, heldFor);
    }
    const retention = look === null ? null : this.#retention;
    this.#lastStage.look(retention, source, this.#parts.clock.monotonicMs());
    this.#tell(now);
  }

  #request(source: PipelineSource): LookRequest {
    const { limits, clock } = this.#parts;
    const track = this.#tracks.get('source');
    const stored: SourceOffset | null = source.storedOffset;
    const status = source.reader?.status();
    const nowMs = clock.monotonicMs();
    const isSlow = track !== undefined && nowMs - track.caughtUpAtMs >= limits.intervalMs;
    const reads = status?.snapshot.some(({ completed }) => !completed) === true;
    const isEarly = status?.phase !== 'streaming' || reads;
    const [stream, received] =
      status?.connected === true ? [status.stream ?? null, status.received] : [null, null];
    return { closer: isSlow || isEarly, stored, stream, received };
  }

  async #ask(server: ServerWatch, request: LookRequest, signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#parts;
    const { least, most } = LOOK_DEADLINE_MS;
    const deadlineMs = Math.min(most, Math.max(least, limits.stallAfterMs / 2));
    const late = new AbortController();
    const cancel = clock.after(deadlineMs, () => late.abort());
    try {
      this.#look = await server.look(request, AbortSignal.any([signal, late.signal]));
      this.#lookedAtMs = clock.monotonicMs();
      this.#problem = null;
    } catch (thrown) {
      if (signal.aborted) return;
      const { code, message, cure } = toTidemarkError(thrown);
      const text = late.signal.aborted
        ? `the server did not answer within ${Math.round(deadlineMs)} ms`
        : message;
      this.#problem = { code, message: text, cure };
      this.#look = null;
    } finally {
      cancel();
    }
  }

  /** `caughtUp`: all that was there at the look before has come in. */
  #follow({ source, sinks }: WatchedPipeline, caughtUp = true): void {
    const done = source.snapshot.reduce((sum, table) => sum + table.rowsDone, 0);
    const { phase, events, receivedLsn, state } = source;
    // The place moves with what is not for us, too: that is progress.
    const mark = `${state} ${phase} ${events} ${receivedLsn} ${done}`;
    // The reader knows no more of the log than the server last told it, and of one file alone.
    const waiting = this.#look?.waitingBytes ?? source.lagBytes ?? 0;
    this.#move('source', mark, caughtUp, waiting);
    for (const { name, applied, lagRecords } of sinks) {
      this.#move(`sink ${name}`, String(applied), lagRecords === 0, lagRecords);
    }
  }

  #move(name: string, mark: string, caughtUp: boolean, waiting: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const track = this.#tracks.get(name);
    if (track === undefined) {
      const now = { movedAtMs: nowMs, caughtUpAtMs: nowMs, lessAtMs: nowMs };
      this.#tracks.set(name, { mark, waiting, ...now });
      return;
    }
    if (track.mark !== mark) track.movedAtMs = nowMs;
    if (caughtUp) track.caughtUpAtMs = nowMs;
    if (waiting === 0 || waiting < track.waiting) track.lessAtMs = nowMs;
    Object.assign(track, { mark, waiting });
  }

  #movement(name: string): Movement {
    const nowMs = this.#parts.clock.monotonicMs();
    const track = this.#tracks.get(name);
    if (track === undefined) return { stillMs: 0, behindMs: 0, growingMs: 0 };
    return {
      stillMs: nowMs - track.movedAtMs,
      behindMs: nowMs - track.caughtUpAtMs,
      growingMs: nowMs - track.lessAtMs,
    };
  }

  /** Errors of tasks are as of now, what the server tells as of the last look. */
  #stalls({ source, sinks }: WatchedPipeline): readonly Stall[] {
    const { limits } = this.#parts;
    return findStalls({
      source,
      sinks,
      sourceMovement: this.#movement('source'),
      sinkMovements: new Map(sinks.map(({ name }) => [name, this.#movement(`sink ${name}`)])),
      look: this.#look,
      lookProblem: this.#problem,
      input: this.#input,
      stallAfterMs: limits.stallAfterMs,
      transactionMs: limits.transactionMs,
      isPaused: limits.hasHours,
    });
  }

  /** One line when something begins to stand still, and one when it goes on. */
  #tell(watched: WatchedPipeline): void {
    const { logger } = this.#parts;
    const now = new Map<string, Stall>();
    for (const stall of this.#stalls(watched)) {
      // Tasks tell of their errors themselves.
      const isNews = stall.severity !== 'info' && !OF_TASKS.has(stall.cause);
      const key = `${stall.cause} ${stall.sink} ${stall.table}`;
      if (isNews) now.set(key, this.#told.get(key) ?? stall);
    }
    for (const [key, { cause, title, evidence, cure }] of now) {
      if (this.#told.has(key)) continue;
      logger.warn({ cause, cure }, `${title} (${evidence.join('; ')})`);
    }
    for (const [key, { cause, title }] of this.#told) {
      if (!now.has(key)) logger.info({ cause }, `over: ${title}`);
    }
    this.#told = now;
  }
}

const OF_TASKS: ReadonlySet<Stall['cause']> = new Set([
  'task_failed',
  'task_retried',
  'source_down',
  'target_down',
  'broker_down',
  'registry_down',
  'registry_refuses',
  'store_full',
]);
