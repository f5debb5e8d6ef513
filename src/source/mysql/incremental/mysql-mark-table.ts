import { quoteName, quoteText } from '../../../../dialects/mysql/mysql-identifiers.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MarkTable } from '../../incremental/window-marks.ts';
import type { ResultWire } from '../wire/result-wire.ts';

/** Marks as rows of the signal table of MySQL or MariaDB. */
export class MysqlMarkTable implements MarkTable<ResultWire> {
  readonly #name: string;
  readonly #quoted: string;
  readonly #warn: (text: string) => void;

  private constructor(name: string, quoted: string, warn: (text: string) => void) {
    this.#name = name;
    this.#quoted = quoted;
    this.#warn = warn;
  }

  /** Null: there is none, or it is in no database. */
  static of(signalTable: string | null, warn: (text: string) => void): MysqlMarkTable | null {
    const [database, name, ...more] = signalTable?.split('.') ?? [];
    if (signalTable === null || database === undefined || name === undefined || more.length > 0) {
      return null;
    }
    return new MysqlMarkTable(signalTable, `${quoteName(database)}.${quoteName(name)}`, warn);
  }

  insert(wire: ResultWire, row: readonly string[], signal: AbortSignal): Promise<boolean> {
    const sql = `INSERT INTO ${this.#quoted} VALUES (${row.map(quoteText).join(', ')})`;
    return this.#write(wire, sql, signal);
  }

  remove(wire: ResultWire, id: string, signal: AbortSignal): Promise<boolean> {
    const sql = `DELETE FROM ${this.#quoted} WHERE id = ${quoteText(id)}`;
    return this.#write(wire, sql, signal);
  }

  async #write(wire: ResultWire, sql: string, signal: AbortSignal): Promise<boolean> {
    try {
      await wire.query(sql, signal);
      return true;
    } catch (error) {
      if (signal.aborted || !wire.isOpen || !(error instanceof TidemarkError)) throw error;
      const cure =
        error.code === 'MYSQL_PERMISSION'
          ? error.cure
          : 'The snapshot goes on without; read.only: true asks for none.';
      const what = `${error.code}: no mark could be written to ${this.#name}`;
      this.#warn(`${what}: ${error.message}. ${cure}`);
      return false;
    }
  }
}
