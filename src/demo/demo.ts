import path from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import { systemClock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import type { DatabaseComparison } from './compare-databases.ts';
import type { DemoOutput } from './demo-screen.ts';
import { DemoScreen } from './demo-screen.ts';
import type { DemoServer, RunningTraffic } from './demo-server.ts';
import type { ShopSize } from './shop-schema.ts';

/** The pipeline that the demo shows, `shop` into `warehouse`; the runtime's own satisfies it. */
export interface DemoPipeline {
  start(): void;
  status(): PipelineStatus;
  /** Rejects when the pipeline cannot go on. */
  readonly finished: Promise<void>;
  stop(): Promise<void>;
}

/** A server as a demo can have it. */
export interface DemoDatabaseKind<Server extends DemoServer> {
  /** What people call it. */
  readonly title: string;
  /** Names its folders below the demo's; those of each kind are its own. */
  readonly folders: { readonly server: string; readonly log: string };
  open(options: {
    readonly directory: string;
    readonly shop?: ShopSize;
    readonly signal: AbortSignal;
  }): Promise<Server>;
}

/** How a demo runs and what it shows. */
export interface DemoOptions<Server extends DemoServer> {
  /** Server and log live here; a second run with the same folder resumes. */
  readonly directory: string;
  /** Ends by itself after this time and compares; otherwise the signal ends it. */
  readonly durationMs?: number;
  readonly ratePerSecond?: number;
  readonly shop?: ShopSize;
  /** Undefined: shows nothing (for `--json`). */
  readonly output: DemoOutput | undefined;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  readonly database: DemoDatabaseKind<Server>;
  /** Builds the pipeline; tables go to the warehouse under their own names. */
  createPipeline(server: Server, storeDirectory: string): Promise<DemoPipeline>;
}

/** What `demo --for … --json` prints as its last line. */
export interface DemoResult {
  readonly equal: boolean;
  readonly tables: number;
  readonly rows: number;
  readonly events: number;
  readonly lagMsP99: number;
  readonly transactions: number;
  readonly schemaChanges: number;
  readonly differences: DatabaseComparison['differences'];
}

const DEFAULT_RATE = 60;
const DRAW_EVERY_MS = 250;
const CATCH_UP_DEADLINE_MS = 120_000;

/**
 * Runs the demo until its time is up or the signal aborts. With a duration the result tells whether
 * both databases are equal; without one there is no result.
 */
export async function runDemo<Server extends DemoServer>(
  options: DemoOptions<Server>,
): Promise<DemoResult | undefined> {
  try {
    return await runAndCleanUp(options);
  } catch (error) {
    throw firstError(error);
  }
}

/** What failed first, when closing things failed as well. */
function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error;
}

async function runAndCleanUp<Server extends DemoServer>(
  options: DemoOptions<Server>,
): Promise<DemoResult | undefined> {
  const { directory, signal, durationMs, database, clock = systemClock } = options;
  const screen = options.output === undefined ? undefined : new DemoScreen(options.output);
  screen?.say(`Starting ${database.title} …`);
  await using server = await database.open({
    directory: path.join(directory, database.folders.server),
    signal,
    ...(options.shop === undefined ? {} : { shop: options.shop }),
  });
  screen?.say(server.isNew ? 'A new shop is open.' : 'Resuming where the last run stopped.');
  const pipeline = await options.createPipeline(server, path.join(directory, database.folders.log));
  await using _pipeline = { [Symbol.asyncDispose]: () => pipeline.stop() };
  pipeline.start();
  const run = new DemoRun(options, server, pipeline, clock, screen);
  await run.traffic();
  if (durationMs === undefined || signal.aborted) {
    screen?.say('Stopping; the next start resumes here.');
    return undefined;
  }
  screen?.say('Time is up: waiting for the warehouse, then comparing row by row …');
  if (!(await run.catchUp())) return undefined;
  return await run.compare();
}

type DemoRunOptions = Pick<DemoOptions<DemoServer>, 'durationMs' | 'ratePerSecond' | 'signal'>;

/** One run, from the first transaction of the traffic to the comparison. */
class DemoRun {
  readonly #options: DemoRunOptions;
  readonly #server: DemoServer;
  readonly #pipeline: DemoPipeline;
  readonly #clock: Clock;
  readonly #screen: DemoScreen | undefined;
  readonly #startedMs: number;
  #traffic: RunningTraffic | undefined;
  #failure: unknown;

  constructor(
    options: DemoRunOptions,
    server: DemoServer,
    pipeline: DemoPipeline,
    clock: Clock,
    screen: DemoScreen | undefined,
  ) {
    this.#options = options;
    this.#server = server;
    this.#pipeline = pipeline;
    this.#clock = clock;
    this.#screen = screen;
    this.#startedMs = clock.monotonicMs();
    pipeline.finished.catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  /** Lets the shop work and draws, until the time is up or something fails. */
  async traffic(): Promise<void> {
    const { signal, durationMs = Infinity, ratePerSecond = DEFAULT_RATE } = this.#options;
    const stopTraffic = new AbortController();
    const traffic = await this.#server.openTraffic({
      ratePerSecond,
      signal: AbortSignal.any([signal, stopTraffic.signal]),
      clock: this.#clock,
    });
    this.#traffic = traffic;
    const working = traffic.run().catch((error: unknown) => {
      this.#failure ??= error;
    });
    const rate = new RateMeter(this.#clock);
    while (!signal.aborted && this.#failure === undefined && this.#elapsedMs() < durationMs) {
      this.#draw(rate.perSecond(appliedRows(this.#pipeline.status())));
      await this.#clock.sleep(DRAW_EVERY_MS, signal);
    }
    stopTraffic.abort();
    await working;
    this.#throwFailure();
  }

  /**
   * Waits until everything is in the warehouse. A marker row, written last, has passed when all
   * before it is in the log; the sinks have applied it all when nothing waits for them after that.
   * A parked table will not catch up: the comparison then shows what is missing. False when the
   * signal came first.
   */
  async catchUp(): Promise<boolean> {
    await using marker = await this.#server.mark();
    const deadline = this.#clock.monotonicMs() + CATCH_UP_DEADLINE_MS;
    const idle = (): boolean =>
      this.#pipeline.status().sinks.every((sink) => sink.lagRecords === 0);
    while (!((await marker.hasArrived()) && idle())) {
      this.#throwFailure();
      if (this.#options.signal.aborted) return false;
      const { sinks } = this.#pipeline.status();
      const broken = sinks.find((sink) => sink.state === 'failed')?.error;
      if (broken) throw new TidemarkError('DEMO_LAGGING', `${broken.code}: ${broken.message}`);
      if (sinks.some((sink) => sink.parked.length > 0)) return true;
      if (this.#clock.monotonicMs() > deadline) {
        throw new TidemarkError(
          'DEMO_LAGGING',
          `the warehouse has not caught up within ${CATCH_UP_DEADLINE_MS / 1000} s; ` +
            sinks.map((sink) => `${sink.name}: ${sink.lagRecords} records wait`).join(', '),
        );
      }
      await this.#clock.sleep(50, this.#options.signal);
    }
    return true;
  }

  async compare(): Promise<DemoResult> {
    const comparison = await this.#server.compare(this.#options.signal);
    const status = this.#pipeline.status();
    const { transactions = 0, schemaChanges = 0 } = this.#traffic?.counts ?? {};
    return {
      equal: comparison.equal,
      tables: comparison.tables,
      rows: comparison.rows,
      events: status.source.events,
      lagMsP99: Math.max(0, ...status.sinks.map((sink) => sink.lagMsP99 ?? 0)),
      transactions,
      schemaChanges,
      differences: comparison.differences,
    };
  }

  #draw(rowsPerSecond: number): void {
    this.#screen?.draw({
      status: this.#pipeline.status(),
      rowsPerSecond,
      traffic: this.#traffic?.counts,
      elapsedMs: this.#elapsedMs(),
      durationMs: this.#options.durationMs,
      nowMs: this.#clock.nowMs(),
    });
  }

  #elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function appliedRows(status: PipelineStatus): number {
  return status.sinks.reduce((sum, sink) => sum + sink.applied, 0);
}

/** Rate of a counter over the last second or so. */
class RateMeter {
  readonly #clock: Clock;
  #atMs: number;
  #value = 0;
  #rate = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
  }

  perSecond(value: number): number {
    const nowMs = this.#clock.monotonicMs();
    const passedMs = nowMs - this.#atMs;
    if (passedMs >= 900) {
      this.#rate = ((value - this.#value) * 1000) / passedMs;
      this.#value = value;
      this.#atMs = nowMs;
    }
    return this.#rate;
  }
}
