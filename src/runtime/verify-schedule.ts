import type { Clock } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { AlertCondition, ConditionSource } from '../model/alert.ts';
import type { DocumentStore } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import type { VerifiedTable } from './verify-pipeline.ts';
import type { ErrorView } from './watch-view.ts';

/** What a table of one sink came to when it was compared last. */
export interface VerifiedTableView {
  readonly sink: string;
  readonly table: string;
  readonly rows: number;
  readonly missing: number;
  readonly surplus: number;
  readonly different: number;
  readonly repaired: number;
  /** Keys that changed whenever they were looked at. */
  readonly unsettled: number;
  /** By which `tidemark verify --sample … --seed` takes the same rows; null: all were compared. */
  readonly seed: number | null;
  /** Why it could not be compared; null: it was. */
  readonly problem: ErrorView | null;
}

/** The comparisons of a daemon, for status, metrics and alerts. */
export interface VerifyScheduleView {
  readonly running: boolean;
  /** Null: none has begun. */
  readonly beganAtMs: number | null;
  /** Of the last one that came to its end; null: none has. */
  readonly endedAtMs: number | null;
  readonly durationMs: number | null;
  /** When the next one is due; its hours may come later. */
  readonly nextAtMs: number;
  /** Why the last one came to no end; null: it did. */
  readonly error: ErrorView | null;
  /** Of the last one that came to its end. */
  readonly tables: readonly VerifiedTableView[];
}

/** What comparisons are made with. */
export interface VerifyScheduleParts {
  readonly everyMs: number;
  /** Null: at any time. */
  readonly hours: { untilOpen(signal: AbortSignal): Promise<void> } | null;
  readonly documents: DocumentStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** One comparison of all tables. */
  readonly verify: (signal: AbortSignal) => Promise<readonly VerifiedTable[]>;
}

/** Memory of the last comparison beside the log: a restart neither repeats nor forgets it. */
const COLLECTION = 'verify';
const KEY = 'last';
const READY_LOOK_MS = 500;
/** After a failure it is tried again sooner than the schedule says, but not at once. */
const RETRY_MS = 60_000;

type Remembered = Pick<
  VerifyScheduleView,
  'beganAtMs' | 'endedAtMs' | 'durationMs' | 'error' | 'tables'
>;

/**
 * Compares source and targets again and again while the pipeline runs. It is the daemon that does,
 * which alone has the log: so there is never a second one beside it, and one that a restart cut
 * short begins anew when the next is due.
 */
export class VerifySchedule implements ConditionSource {
  readonly #parts: VerifyScheduleParts;
  #running = false;
  #last: Remembered;

  constructor(parts: VerifyScheduleParts) {
    this.#parts = parts;
    const stored = parts.documents.get(COLLECTION, KEY);
    this.#last =
      stored === null
        ? { beganAtMs: null, endedAtMs: null, durationMs: null, error: null, tables: [] }
        : (JSON.parse(stored) as Remembered);
  }

  view(): VerifyScheduleView {
    return { running: this.#running, ...this.#last, nextAtMs: this.#nextAtMs };
  }

  conditions(): readonly AlertCondition[] {
    return [
      ...this.#last.tables.filter(({ problem }) => problem === null).map(driftOf),
      ...(this.#last.error === null ? [] : [failureOf(this.#last.error)]),
    ];
  }

  /** Until the signal aborts. `isReady`: source and sinks run, so that there is what to compare. */
  async run(isReady: () => boolean, signal: AbortSignal): Promise<void> {
    const { clock, hours } = this.#parts;
    while (!signal.aborted) {
      const waitMs = Math.max(isReady() ? 0 : READY_LOOK_MS, this.#nextAtMs - clock.nowMs());
      if (waitMs > 0) {
        // Clocks are set: it is looked at again and again.
        await clock.sleep(Math.min(waitMs, RETRY_MS), signal);
        continue;
      }
      await hours?.untilOpen(signal);
      if (!signal.aborted && isReady()) await this.#compare(signal);
    }
  }

  get #nextAtMs(): number {
    const { beganAtMs, error } = this.#last;
    if (beganAtMs === null) return 0;
    const { everyMs } = this.#parts;
    return beganAtMs + (error === null ? everyMs : Math.min(everyMs, RETRY_MS));
  }

  async #compare(signal: AbortSignal): Promise<void> {
    const { clock, logger, verify } = this.#parts;
    const beganAtMs = clock.nowMs();
    const sinceMs = clock.monotonicMs();
    this.#running = true;
    await this.#remember({ ...this.#last, beganAtMs });
    logger.info('verify begins');
    try {
      const tables = (await verify(signal)).map(viewOf);
      const durationMs = Math.round(clock.monotonicMs() - sinceMs);
      const endedAtMs = clock.nowMs();
      this.#tell(tables, durationMs);
      await this.#remember({ beganAtMs, endedAtMs, durationMs, error: null, tables });
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toTidemarkError(thrown);
      await this.#remember({ ...this.#last, error: error.toJSON() });
      logger.warn(
        { code: error.code, cure: error.cure },
        `verify came to no end: ${error.message}`,
      );
    } finally {
      this.#running = false;
    }
  }

  #tell(tables: readonly VerifiedTableView[], durationMs: number): void {
    const { logger } = this.#parts;
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const drift = tables.reduce((sum, table) => sum + driftCount(table), 0);
    const repaired = tables.reduce((sum, table) => sum + table.repaired, 0);
    const seed = tables.find((table) => table.seed !== null)?.seed;
    const sampled = seed === undefined ? {} : { seed };
    const fields = { rows, durationMs, ...sampled, ...(repaired === 0 ? {} : { repaired }) };
    if (drift === 0) logger.info(fields, `verify: ${tables.length} tables are equal`);
    for (const table of tables) {
      const { sink, table: name, missing, surplus, different, problem } = table;
      if (problem !== null) {
        logger.info({ sink, code: problem.code }, `verify left ${name} out: ${problem.message}`);
      } else if (driftCount(table) > 0) {
        const counts = { missing, surplus, different, repaired: table.repaired };
        const found = { sink, ...counts, durationMs, ...sampled };
        logger.warn(found, `verify: ${driftCount(table)} rows of ${name} are not as in the source`);
      }
    }
  }

  /** What cannot be stored is known until a restart, which compares once more then. */
  async #remember(last: Remembered): Promise<void> {
    const { documents, logger } = this.#parts;
    this.#last = last;
    try {
      const value = JSON.stringify(last);
      await documents.write([{ collection: COLLECTION, key: KEY, value }]);
    } catch (thrown) {
      const { code, message } = toTidemarkError(thrown, 'STORE_IO');
      logger.warn({ code }, `what verify found is not stored: ${message}`);
    }
  }
}

/** Rows that differ, and still did behind a repair. */
export function driftCount(
  table: Pick<VerifiedTableView, 'missing' | 'surplus' | 'different' | 'repaired'>,
): number {
  return table.missing + table.surplus + table.different - table.repaired;
}

function viewOf({ sink, source: table, verdict, problem }: VerifiedTable): VerifiedTableView {
  return {
    sink,
    table,
    rows: verdict?.rows ?? 0,
    missing: verdict?.missing ?? 0,
    surplus: verdict?.surplus ?? 0,
    different: verdict?.different ?? 0,
    repaired: verdict?.repaired ?? 0,
    unsettled: verdict?.unsettled ?? 0,
    seed: verdict?.sample?.seed ?? null,
    problem: problem?.toJSON() ?? null,
  };
}

function driftOf(view: VerifiedTableView): AlertCondition {
  const { sink, table, missing, surplus, different, seed } = view;
  // Stored by an older release it has none.
  const flags = typeof seed === 'number' ? ` --sample <as in verify.sample> --seed ${seed}` : '';
  const rows = driftCount(view);
  const they = rows === 1 ? ['row', 'is', 'it is'] : ['rows', 'are', 'they are'];
  return {
    key: `drift:${sink}:${table}`,
    class: 'verify.drift',
    severity: 'critical',
    table,
    sink,
    title: `${rows} ${they[0]} of ${table} ${they[1]} not in ${sink} as ${they[2]} in the source`,
    cause: `${missing} missing, ${surplus} surplus, ${different} different`,
    cure: `tidemark verify <file>${flags} names them; --repair has them told again.`,
    measure: { value: rows, unit: 'count', threshold: 0, bad: 'above' },
  };
}

function failureOf({ code, message, cure }: ErrorView): AlertCondition {
  return {
    key: 'verify:failed',
    class: 'verify.failed',
    severity: 'warning',
    table: null,
    sink: null,
    title: 'source and targets could not be compared',
    cause: `${code}: ${message}`,
    cure,
  };
}
