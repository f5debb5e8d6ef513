import { expect } from 'vitest';
import { formatPosition } from '../../src/model/change-position.ts';
import { parseLsn } from '../../src/model/lsn.ts';
import { fileNumber } from '../../src/source/mysql/stream/binlog-position.ts';
import type { FamilyDatabase } from './family-pipeline.ts';
import { randomFrom } from './ledger-load.ts';

type Row = Readonly<Record<string, string | null>>;

/** What the source held behind a place of its log. */
export interface HistoryCheckpoint {
  readonly position: string;
  /** Columns that the table had then. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** A large value, which an update leaves out that does not change it. */
const LARGE = 3000;
const KEYS = 12;

/** The table whose history is told. */
export function itemTable({ family }: FamilyDatabase): string {
  const table = 'CREATE TABLE item (id int PRIMARY KEY, a text, big text)';
  return family === 'postgres'
    ? `${table}; ALTER TABLE item ALTER big SET STORAGE EXTERNAL`
    : table;
}

/**
 * One writer of random transactions: rows that come, change, move to another key and go, truncates,
 * and columns that are added. Behind each it can say what the table holds, and where the log is.
 */
export class HistoryPlay {
  readonly #source: FamilyDatabase;
  readonly #random: () => number;
  readonly #columns = ['id', 'a', 'big'];
  readonly checkpoints: HistoryCheckpoint[] = [];

  constructor(source: FamilyDatabase, seed: number) {
    this.#source = source;
    this.#random = randomFrom(seed);
  }

  /** A transaction, and a checkpoint behind every third of them. */
  async step(): Promise<void> {
    const kind = this.#below(40);
    if (kind === 0 && this.#columns.length < 6) await this.#addColumn();
    else if (kind === 1) await this.#source.run('TRUNCATE TABLE item');
    else {
      const changes = Array.from({ length: 1 + this.#below(4) }, () => this.#change());
      const end = this.#below(8) === 0 ? 'ROLLBACK' : 'COMMIT';
      await this.#source.run(`BEGIN; ${changes.join('; ')}; ${end}`);
    }
    if (this.#below(3) === 0) await this.checkpoint();
  }

  async checkpoint(): Promise<void> {
    const columns = [...this.#columns];
    const found = await this.#source.rows(`SELECT ${columns.join(', ')} FROM item ORDER BY id`);
    const rows = found.map((row) => rowOf(columns, row));
    this.checkpoints.push({ position: await this.#place(), columns, rows });
  }

  /** Before all that commits from now on, and behind all that has. */
  async #place(): Promise<string> {
    if (this.#source.family === 'postgres') {
      const [row] = await this.#source.rows('SELECT pg_current_wal_insert_lsn()');
      return formatPosition({ epoch: 1, commit: parseLsn(String(row?.[0])), ordinal: 0 });
    }
    const isNew = this.#source.family === 'mysql';
    const [row] = await this.#source.rows(isNew ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
    const commit = (BigInt(fileNumber(String(row?.[0]))) << 32n) | BigInt(String(row?.[1]));
    return formatPosition({ epoch: 1, commit, ordinal: 0 });
  }

  #change(): string {
    const id = this.#below(KEYS);
    const text = this.#below(5) === 0 ? 'NULL' : `'${this.#below(1000)} ä'`;
    switch (this.#below(6)) {
      case 0:
        return `DELETE FROM item WHERE id = ${id}`;
      case 1: {
        const free = `(SELECT id FROM (SELECT max(id) + 1 AS id FROM item) t)`;
        return `UPDATE item SET id = ${free} WHERE id = ${id}`;
      }
      case 2:
        return `UPDATE item SET a = ${text} WHERE id <= ${id}`;
      default: {
        const large = `repeat('${this.#below(10)}', ${LARGE})`;
        return (
          `DELETE FROM item WHERE id = ${id}; ` +
          `INSERT INTO item (id, a, big) VALUES (${id}, ${text}, ${large})`
        );
      }
    }
  }

  async #addColumn(): Promise<void> {
    const name = `added_${this.#columns.length}`;
    await this.#source.run(`ALTER TABLE item ADD COLUMN ${name} int NOT NULL DEFAULT 7`);
    this.#columns.push(name);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** What the history says of each of them; `rows` asks the target. */
export async function expectRebuilt(
  checkpoints: readonly HistoryCheckpoint[],
  target: Pick<FamilyDatabase, 'rows'>,
): Promise<void> {
  for (const { position, columns, rows: wanted } of checkpoints) {
    const found = await target.rows(
      `SELECT ${columns.join(', ')} FROM item__versions WHERE _valid_from_pos <= '${position}'
       AND (_valid_to_pos IS NULL OR _valid_to_pos > '${position}') ORDER BY id`,
    );
    const rebuilt = found.map((row) => rowOf(columns, row));
    expect({ position, rows: rebuilt }).toEqual({ position, rows: wanted });
  }
}

/** Drivers give numbers, too. */
function rowOf(columns: readonly string[], values: readonly unknown[]): Row {
  return Object.fromEntries(
    columns.map((name, i) => {
      const value = values[i] as string | number | null | undefined;
      return [name, value?.toString() ?? null];
    }),
  );
}
