import {
  quoteIdentifier,
  quoteLiteral,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn, LSN_ZERO, parseLsn } from '../../../model/lsn.ts';
import { streamParameters } from '../pgoutput/pgoutput-parameters.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { PostgresStream } from './postgres-stream.ts';
import type { Querier } from '../wire/catalog-session.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import { StandbyReporter } from './standby-reporter.ts';

/** How long the server may take to end the stream before the connection is cut. */
const END_DEADLINE_MS = 5000;
const LEAST_LIVENESS_MS = 30_000;

/** Between two questions for the server's position. */
const REACHED_STEP_MS = 20;
/**
 * Not only what is flushed, and so can be sent already: with synchronous_commit = off others see a
 * commit before that. A standby sends what it has replayed.
 */
const WRITTEN_QUERY = `SELECT (CASE WHEN pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END)::text`;

/** START_REPLICATION; names are SQL identifiers inside a literal (P74). */
export function startCommand(
  options: PostgresSourceOptions,
  from: Lsn,
  serverVersion: number,
): string {
  const parameters = streamParameters(
    options,
    quoteIdentifier(options.publicationName),
    serverVersion,
  );
  const list = parameters.map(([name, value]) => `${quoteIdentifier(name)} ${literal(value)}`);
  return (
    `START_REPLICATION SLOT ${quoteIdentifier(options.slotName)} ` +
    `LOGICAL ${formatLsn(from)} (${list.join(', ')})`
  );
}

/** The replication grammar has no E'' literals: a backslash stands for itself there. */
function literal(value: string): string {
  return value.includes('\\') ? `'${value.replaceAll("'", "''")}'` : quoteLiteral(value);
}

/** The wal_sender_timeout of this very session, ms; 0 = none. */
export async function readSenderTimeoutMs(
  wire: PostgresWire,
  signal: AbortSignal,
): Promise<number> {
  const sql = "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'";
  return Number((await wire.query(sql, signal))[0]?.rows[0]?.[0] ?? '60000');
}

/** The times that a session keeps, in ms. */
export interface SessionTimes {
  readonly statusIntervalMs: number;
  /** wal_sender_timeout; 0 = none. */
  readonly senderTimeoutMs: number;
  readonly livenessMs: number | undefined;
}

/**
 * One START_REPLICATION from beginning to end. After the handing over has stopped the session stays
 * open, so that what becomes durable meanwhile can still be confirmed; `end` says the last word.
 */
export class ReplicationSession {
  readonly #wire: PostgresWire;
  readonly #stream: PostgresStream;
  readonly #reporter: StandbyReporter;
  readonly #clock: Clock;
  #done: Promise<void> = Promise.resolve();
  #open = false;

  constructor(
    wire: PostgresWire,
    stream: PostgresStream,
    durable: Lsn,
    times: SessionTimes,
    clock: Clock,
  ) {
    this.#wire = wire;
    this.#stream = stream;
    this.#clock = clock;
    const { statusIntervalMs, senderTimeoutMs } = times;
    const third = senderTimeoutMs === 0 ? statusIntervalMs : Math.floor(senderTimeoutMs / 3);
    const intervalMs = Math.max(10, Math.min(statusIntervalMs, third));
    const livenessMs =
      times.livenessMs ?? Math.max(LEAST_LIVENESS_MS, senderTimeoutMs, 3 * intervalMs);
    this.#reporter = new StandbyReporter(
      wire,
      { intervalMs, livenessMs },
      () => stream.received,
      durable,
      clock,
    );
  }

  get confirmed(): Lsn {
    return this.#reporter.reported;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Streams until the signal aborts (then it resolves) or the connection fails. */
  async run(command: string, signal: AbortSignal): Promise<void> {
    const never = new AbortController().signal;
    const stopped = Promise.withResolvers<void>();
    const stop = (): void => {
      this.#stream.halt();
      stopped.resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
    this.#open = true;
    this.#done = this.#wire.startReplication(command, this.#stream, never);
    this.#done.catch(() => {
      this.#open = false;
    });
    if (signal.aborted) stop();
    try {
      await Promise.race([stopped.promise, this.#endedByServer()]);
    } finally {
      // A replay of a spooled transaction does not read from the connection: nothing else ends it.
      this.#stream.halt();
      signal.removeEventListener('abort', stop);
    }
  }

  async #endedByServer(): Promise<never> {
    await this.#done;
    throw new TidemarkError('PG_CONNECTION_LOST', 'the server ended the stream');
  }

  /** Called when the server has accepted the command. */
  started(): void {
    this.#reporter.start(() => this.#stream.isReading);
  }

  confirm(lsn: Lsn): void {
    this.#reporter.confirm(lsn);
  }

  report(): void {
    this.#reporter.report(false);
  }

  /** A keepalive comes back with the server's position. */
  ask(): void {
    if (this.#open) this.#reporter.report(true);
  }

  /** Resolves when all that is in the WAL now has come in, or after that time. */
  async reaches(querier: Querier, withinMs: number, signal: AbortSignal): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const at = (await querier.query(WRITTEN_QUERY))[0]?.rows[0]?.[0] ?? null;
    const end = at === null ? LSN_ZERO : parseLsn(at);
    while (this.#stream.received < end && !signal.aborted) {
      if (this.#clock.monotonicMs() - startedMs > withinMs) return;
      this.ask();
      await this.#clock.sleep(REACHED_STEP_MS, signal);
    }
  }

  /** The last confirmation, then a clean end: the slot is free when this resolves (P56). */
  async end(): Promise<void> {
    this.#stream.halt();
    await this.#reporter.stop();
    if (!this.#open) return;
    this.#reporter.report(false);
    this.#wire.endReplication();
    const waiting = new AbortController();
    const late = this.#clock.sleep(END_DEADLINE_MS, waiting.signal);
    await Promise.race([this.#done.catch(() => undefined), late]);
    waiting.abort();
    this.#open = false;
  }
}
