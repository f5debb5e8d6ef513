import { quoteLiteral } from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MarkTable } from '../../incremental/window-marks.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import { problemText, quotedSignalTable, signalTableProblem, unwritable } from './signal-table.ts';

/** A lock on the signal table must not hold up a snapshot, nor may a standby that is away. */
const SETTINGS = "SET LOCAL lock_timeout = '5s'; SET LOCAL synchronous_commit = local;";

/** Marks as rows of the signal table of PostgreSQL. */
export class PostgresMarkTable implements MarkTable<PostgresWire> {
  readonly #name: string;
  readonly #quoted: string;
  readonly #user: string;
  readonly #warn: (text: string) => void;

  private constructor(name: string, quoted: string, user: string, warn: (text: string) => void) {
    this.#name = name;
    this.#quoted = quoted;
    this.#user = user;
    this.#warn = warn;
  }

  /** Null: there is none. */
  static of(
    { snapshots, connection }: Pick<PostgresSourceOptions, 'snapshots' | 'connection'>,
    warn: (text: string) => void,
  ): PostgresMarkTable | null {
    const name = snapshots.signalTable ?? '';
    const quoted = quotedSignalTable(name);
    return quoted === null ? null : new PostgresMarkTable(name, quoted, connection.user, warn);
  }

  insert(wire: PostgresWire, row: readonly string[], signal: AbortSignal): Promise<boolean> {
    const sql = `INSERT INTO ${this.#quoted} VALUES (${row.map(quoteLiteral).join(', ')})`;
    return this.#write(wire, sql, 'INSERT', signal);
  }

  remove(wire: PostgresWire, id: string, signal: AbortSignal): Promise<boolean> {
    const sql = `DELETE FROM ${this.#quoted} WHERE id = ${quoteLiteral(id)}`;
    return this.#write(wire, sql, 'DELETE', signal);
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
      const problem =
        error.code === 'PG_PERMISSION'
          ? unwritable(this.#name, this.#user, [right])
          : signalTableProblem(
              `no mark could be written to ${this.#name}: ${error.message}`,
              'The snapshot goes on without; read.only: true asks for none.',
            );
      this.#warn(problemText(problem));
      return false;
    }
  }
}
