import { randomUUID } from 'node:crypto';
import { quoteLiteral } from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import {
  problemText,
  quotedSignalTable,
  signalTableProblem,
  unwritable,
  writesMarks,
} from './signal-table.ts';
import type { SnapshotOptions } from '../snapshot/snapshot-options.ts';
import type { WindowReader } from './window-reader.ts';

/** A lock on the signal table must not hold up a snapshot, nor may a standby that is away. */
const SETTINGS = "SET LOCAL lock_timeout = '5s'; SET LOCAL synchronous_commit = local;";

interface OpenMark {
  readonly id: string;
  readonly openedAt: string;
}

/**
 * Debezium's rows in the signal table at the beginning and end of each window of an incremental
 * snapshot, with a last pair when nothing is left, as the original writes them. They are for those
 * who read the table's topic: which rows are handed over is decided by what a read saw.
 * So a mark that cannot be written is told, and the snapshot goes on.
 */
export class WindowMarks {
  readonly #options: SnapshotOptions;
  readonly #user: string;
  readonly #clock: Clock;
  readonly #warn: (text: string) => void;
  readonly #table: string | null;
  #open: OpenMark | null = null;
  /** An incremental snapshot is under way, and its last pair is still to come. */
  #owed = false;

  constructor(
    { snapshots: options, connection }: Pick<PostgresSourceOptions, 'snapshots' | 'connection'>,
    clock: Clock,
    warn: (text: string) => void,
  ) {
    this.#options = options;
    this.#user = connection.user;
    this.#clock = clock;
    this.#warn = warn;
    const { signalTable } = options;
    this.#table =
      signalTable !== null && writesMarks(options) ? quotedSignalTable(signalTable) : null;
  }

  /** A window's rows are read next. */
  async open(wire: PostgresWire, signal: AbortSignal): Promise<void> {
    this.#open = null;
    if (this.#table === null) return;
    this.#owed = true;
    const openedAt = instant(this.#clock.nowMicros());
    const mark = { id: randomUUID(), openedAt };
    const data = `{"openWindowTimestamp": "${openedAt}"}`;
    if (await this.#insert(wire, `${mark.id}-open`, 'snapshot-window-open', data, signal)) {
      this.#open = mark;
    }
  }

  /** They are read. */
  async close(wire: PostgresWire, signal: AbortSignal): Promise<void> {
    const mark = this.#open;
    if (mark === null) return;
    this.#open = null;
    const { id, openedAt } = mark;
    if (this.#options.watermarking === 'insert_delete') {
      const which = `id = ${quoteLiteral(`${id}-open`)}`;
      await this.#write(wire, `DELETE FROM ${this.#table ?? ''} WHERE ${which}`, 'DELETE', signal);
      return;
    }
    const closedAt = instant(this.#clock.nowMicros());
    const data = `{"openWindowTimestamp": "${openedAt}", "closeWindowTimestamp": "${closedAt}"}`;
    await this.#insert(wire, `${id}-close`, 'snapshot-window-close', data, signal);
  }

  /** Nothing is left to be read: the original sees that in a window without rows. */
  async last(reader: Pick<WindowReader, 'wire'>, signal: AbortSignal): Promise<void> {
    if (!this.#owed) return;
    const connection = await reader.wire(signal);
    await this.open(connection, signal);
    await this.close(connection, signal);
    this.#owed = false;
  }

  async #insert(
    wire: PostgresWire,
    id: string,
    type: string,
    data: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const values = [id, type, data].map(quoteLiteral).join(', ');
    const sql = `INSERT INTO ${this.#table ?? ''} VALUES (${values})`;
    return await this.#write(wire, sql, 'INSERT', signal);
  }

  async #write(
    wire: PostgresWire,
    sql: string,
    right: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await wire.query(`${SETTINGS} ${sql}`, signal);
      return true;
    } catch (error) {
      if (signal.aborted || !wire.isOpen || !(error instanceof TidemarkError)) throw error;
      const { signalTable } = this.#options;
      const name = signalTable ?? '';
      const problem =
        error.code === 'PG_PERMISSION'
          ? unwritable(name, this.#user, [right])
          : signalTableProblem(
              `no mark could be written to ${name}: ${error.message}`,
              'The snapshot goes on without; read.only: true asks for none.',
            );
      this.#warn(problemText(problem));
      return false;
    }
  }
}

/** As Java's Instant, to the microsecond. */
function instant(micros: bigint): string {
  const [seconds = ''] = new Date(Number(micros / 1000n)).toISOString().split('.');
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}
