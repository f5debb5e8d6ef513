import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { Lifecycle } from '../foundation/lifecycle.ts';
import type { AlertEngine } from '../alert/alert-engine.ts';
import type { AlertCondition, ConditionSource } from '../model/alert.ts';
import type { Notification } from '../model/source-notification.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import type { Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import type { MetricTags } from './metrics.ts';
import { isHealthy, sinkView, sourceView, type PipelineStatus } from './pipeline-status.ts';
import type { SinkRunner } from './sink-runner.ts';
import type { SourceStatistics } from './source-statistics.ts';
import type { PipelineSource } from './pipeline-source.ts';
import type { RetryOptions } from './restart-policy.ts';
import { StatusConditions, type WatchSettings } from './status-conditions.ts';
import type { StallWatch } from './stall-watch.ts';
import type { VerifySchedule } from './verify-schedule.ts';
import { Supervisor } from './supervisor.ts';
import { tableViews, type TableView } from './table-view.ts';

/** A sink, and how often it is tried again. */
export interface SupervisedSink {
  readonly runner: SinkRunner;
  readonly retry: RetryOptions;
}

const SOURCE_FAILED = 'the pipeline stops';

/** Loud, because nothing else ends: only this line and the health tell of it. */
const SINK_FAILED =
  'THIS SINK IS FED NO MORE until the cause is mended and the daemon started anew; the source ' +
  'and other sinks go on, its records wait in the log, /health answers 503';

/** A pipeline taken apart: everything is resolved, nothing runs. */
export interface PipelineParts {
  readonly name: string;
  /** Of the source; `postgres` if absent. */
  readonly family?: PipelineStatus['family'];
  readonly transport: Transport;
  readonly source: PipelineSource;
  readonly statistics: SourceStatistics;
  readonly sourceRetry: RetryOptions;
  readonly sinks: readonly SupervisedSink[];
  readonly shutdownTimeoutMs: number;
  readonly metricTags?: MetricTags;
  /** Absent: nobody is told of anything. */
  readonly alerts?: { readonly engine: AlertEngine; readonly watch: WatchSettings };
  /** Who watches what the status does not tell of. */
  readonly conditionSources?: readonly ConditionSource[];
  readonly watch?: StallWatch;
  /** Null: nobody compares source and targets. */
  readonly verification?: VerifySchedule | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The caller shows the error that `finished` rejects with where the log goes, too. */
  readonly showsFailure?: boolean;
}

/**
 * One source, its sinks and the transport between them. Stopping goes with the stream: first the
 * source (drains to the last event handed over, stores, confirms), then the sinks, then the store.
 */
export class Pipeline implements AsyncDisposable {
  readonly #parts: PipelineParts;
  readonly #sourceLife: Lifecycle;
  readonly #sinkLife: Lifecycle;
  readonly #source: Supervisor;
  readonly #sinks: readonly { readonly runner: SinkRunner; readonly supervisor: Supervisor }[];
  readonly #startedAtMs: number;
  #running: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  /** For the source; throws NOT_RUNNING while that does not run. */
  signal(signal: SourceSignal): void {
    this.#parts.source.signal(signal);
  }

  /** Into the topic of signals; throws CONFIG_INVALID when that channel is off. */
  async sendSignal(signal: SourceSignal): Promise<void> {
    await this.#parts.source.sendSignal(signal);
  }

  /** What the source has told, the newest last. */
  notifications(): readonly Notification[] {
    return this.#parts.source.notifications();
  }

  constructor(parts: PipelineParts) {
    const { clock, logger, sourceRetry } = parts;
    this.#parts = parts;
    this.#sourceLife = new Lifecycle(clock);
    this.#sinkLife = new Lifecycle(clock);
    this.#source = new Supervisor(parts.source, sourceRetry, clock, logger, {
      label: 'source',
      afterFailure: SOURCE_FAILED,
      isShown: parts.showsFailure ?? false,
    });
    this.#sinks = parts.sinks.map(({ runner, retry }) => ({
      runner,
      supervisor: new Supervisor(runner, retry, clock, logger, {
        label: runner.name,
        afterFailure: SINK_FAILED,
      }),
    }));
    this.#startedAtMs = clock.monotonicMs();
  }

  get name(): string {
    return this.#parts.name;
  }

  get metricTags(): MetricTags {
    return this.#parts.metricTags ?? {};
  }

  get transport(): Transport {
    return this.#parts.transport;
  }

  get source(): PipelineSource {
    return this.#parts.source;
  }

  get statistics(): SourceStatistics {
    return this.#parts.statistics;
  }

  get sinks(): readonly SinkRunner[] {
    return this.#sinks.map(({ runner }) => runner);
  }

  /** Starts all tasks; `finished` tells how it ended. */
  start(): void {
    if (this.#running === null) this.#watch();
    this.#running ??= this.#run();
    // Whoever awaits `finished` gets the error; nobody awaiting it must not crash the process.
    this.#running.catch(() => undefined);
  }

  /**
   * Resolves when every task has stopped after `stop`; rejects with the error of a source that
   * failed for good. A failed sink does not end the pipeline: the source and the other sinks go
   * on, the health turns bad, and its records wait in the log.
   */
  get finished(): Promise<void> {
    if (this.#running === null) throw new TidemarkError('INTERNAL', 'the pipeline was not started');
    return this.#running;
  }

  /** Null: nobody is told of anything. */
  get alerts(): AlertEngine | null {
    return this.#parts.alerts?.engine ?? null;
  }

  /** The error of a source that failed for good, or null. */
  sourceFailure(): TidemarkError | null {
    return this.#source.state.kind === 'failed' ? this.#source.state.error : null;
  }

  /** The error of a sink that failed for good, or null. */
  sinkFailure(): TidemarkError | null {
    for (const { supervisor } of this.#sinks) {
      if (supervisor.state.kind === 'failed') return supervisor.state.error;
    }
    return null;
  }

  status(): PipelineStatus {
    const { name, transport, clock, watch, alerts, verification = null } = this.#parts;
    const tasks = this.#tasks();
    return {
      name,
      family: this.#parts.family ?? 'postgres',
      healthy: isHealthy(tasks.source, tasks.sinks),
      uptimeMs: Math.round(clock.monotonicMs() - this.#startedAtMs),
      ...tasks,
      transport: transport.statistics(),
      ...(alerts === undefined ? {} : { alerts: alerts.engine.view() }),
      ...(watch === undefined ? {} : { watch: watch.view(tasks) }),
      ...(verification === null ? {} : { verify: verification.view() }),
    };
  }

  /** The source streams, and every sink applies what it brings. */
  #isAtWork(): boolean {
    const { source, sinks } = this.#tasks();
    return source.phase === 'streaming' && sinks.every(({ state }) => state === 'running');
  }

  /** Each table from the source to the sinks: for whoever looks at them, not for each scrape. */
  tables(): readonly TableView[] {
    const { source, statistics } = this.#parts;
    const tasks = this.#tasks();
    const sinks = this.#sinks.map(({ runner }, i) => ({
      name: runner.name,
      parked: tasks.sinks[i]?.parked ?? [],
      ...runner.byTopic(),
    }));
    return tableViews(tasks.source, statistics, sinks, (table) => source.topicOf?.(table) ?? null);
  }

  #tasks(): Pick<PipelineStatus, 'source' | 'sinks'> {
    const { source, statistics, clock } = this.#parts;
    return {
      source: sourceView(this.#source, source, statistics, clock.nowMs()),
      sinks: this.#sinks.map(({ supervisor, runner }) => sinkView(supervisor, runner)),
    };
  }

  /** Stops the source but lets the sinks go on: what is in the log can still be applied. */
  async stopSource(): Promise<void> {
    this.#sourceLife.stop();
    await this.#sourceEnded;
  }

  /**
   * Stops everything within the deadline and closes the store. Throws SHUTDOWN_TIMEOUT when the
   * deadline passes: state is safe then too, the process has only to go.
   */
  async stop(): Promise<void> {
    this.#closed ??= this.#stop();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What holds now of all that is watched beside the status. */
  conditions(nowMs: number): readonly AlertCondition[] {
    return this.#conditionSources.flatMap((source) => source.conditions(nowMs));
  }

  get #conditionSources(): readonly ConditionSource[] {
    const { conditionSources = [], verification = null } = this.#parts;
    return verification === null ? conditionSources : [...conditionSources, verification];
  }

  #watch(): void {
    const { alerts } = this.#parts;
    const sources = this.#conditionSources;
    alerts?.engine.start([new StatusConditions(this, alerts.watch), ...sources]);
  }

  #sourceEnded: Promise<unknown> = Promise.resolve();
  #watching: Promise<unknown> = Promise.resolve();

  async #run(): Promise<void> {
    const { watch, source, verification } = this.#parts;
    const { signal } = this.#sinkLife;
    this.#watching = Promise.all([
      watch?.run(() => this.#tasks(), source, signal),
      verification?.run(() => this.#isAtWork(), signal),
    ]);
    const sourceEnded = this.#source.run(this.#sourceLife.signal);
    this.#sourceEnded = sourceEnded;
    const sinksEnded = this.#sinks.map(({ supervisor }) => supervisor.run(this.#sinkLife.signal));
    const ended = await sourceEnded;
    if (ended.kind === 'failed') throw ended.error;
    await Promise.all(sinksEnded);
  }

  async #stop(): Promise<void> {
    const { clock, shutdownTimeoutMs, transport } = this.#parts;
    const late = new Promise<'late'>((resolve) => {
      this.#sinkLife.defer(clock.after(shutdownTimeoutMs, () => resolve('late')));
    });
    const orderly = (async (): Promise<'done'> => {
      await this.stopSource();
      this.#sinkLife.stop();
      await this.#running?.catch(() => undefined);
      // What ended the source is told before the store closes.
      await this.#parts.alerts?.engine.stop();
      await this.#watching;
      await transport[Symbol.asyncDispose]();
      return 'done';
    })();
    const outcome = await Promise.race([orderly, late]);
    await this.#sinkLife.dispose();
    if (outcome === 'late') {
      throw new TidemarkError(
        'SHUTDOWN_TIMEOUT',
        `the pipeline did not stop within ${shutdownTimeoutMs} ms`,
      );
    }
  }
}
