import { hash } from 'node:crypto';
import type { TargetDialect, TargetName } from '../../../dialects/dialect.ts';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { writeBulk } from './batch-writer.ts';
import type { WriterOptions } from './batch-writer.ts';
import type { RowPosition } from './row-position.ts';
import { formatRowPosition, parseRowPosition } from './row-position.ts';
import type { Cells } from './row-plan.ts';
import { underDdlLock } from './sink-tables.ts';
import { ensureSchema } from './target-schema.ts';
import { TableModel } from './table-model.ts';
import type { TargetSession } from './target-session.ts';

/** Where a target keeps the positions of what is no longer in its tables. */
export const TOMBSTONES = 'tidemark_tombstones';

/** How often a task looks for tombstones that nobody needs any more, and how many go at once. */
const SWEEP_MS = 60_000;
const SWEEP_ROWS = 1_000;
/** Keys of one question. */
const ASKED_KEYS = 1_000;

const KEY = ['target_schema', 'target_table', 'row_key'] as const;
const POSITION = 'last_position';

/** What is known of a guarded table beside its rows. */
export interface GuardState {
  /** All up to here is gone: the last truncate, or the last change of an older generation. */
  readonly truncatedAt: string;
  /** Columns of some row may be of changes of different age. */
  readonly hasPartialRows: boolean;
}

/** A row that a change of key took away, with values that the change itself does not have. */
export interface MovedAway {
  /** Of the change. */
  readonly position: string;
  /** What the row's own position said. */
  readonly stored: RowPosition;
}

/** What is known of a key under which a row was deleted. */
export interface KeyState {
  readonly position: string;
  readonly moved: MovedAway | null;
}

/** The key of a row that says so of a table; keys of others are digests. */
const PARTIAL_ROWS = 'partial rows';
/** No sweep takes it. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/**
 * Positions of deletes and truncates of guarded tables, one row for a key that was deleted and one
 * for the table itself (an empty key). Whoever writes to a guarded table holds the latter: two
 * tasks that have changes of one key would otherwise not see each other's deletes.
 */
export class PositionGuard {
  readonly #dialect: TargetDialect;
  readonly #schema: string;
  readonly #retentionMs: number;
  readonly #options: WriterOptions;
  #model: TableModel | null = null;
  /** By the target's name: when its tombstones were last swept, ms since 1970. */
  readonly #swept = new Map<string, number>();

  constructor(
    dialect: TargetDialect,
    options: WriterOptions & {
      readonly offsetsSchema: string;
      readonly tombstoneRetentionMs: number;
    },
  ) {
    this.#dialect = dialect;
    this.#schema = options.offsetsSchema;
    this.#retentionMs = options.tombstoneRetentionMs;
    this.#options = options;
  }

  /** Makes the table of tombstones where it is missing. Not inside a transaction. */
  async prepare(session: TargetSession): Promise<void> {
    const { nameType, tableOptions } = this.#dialect.state;
    const read = async (): Promise<TableModel | null> => {
      const { rows } = await session.query(this.#dialect.tableQuery(this.#name));
      const table = this.#dialect.readTable(this.#name, rows);
      return table === null ? null : new TableModel(this.#dialect, table, KEY);
    };
    this.#model = await read();
    if (this.#model !== null) return;
    const columns = KEY.map((name) => `${name} ${nameType} NOT NULL`).join(', ');
    const statement = `CREATE TABLE IF NOT EXISTS ${this.#dialect.qualify(this.#name)} (${columns},
  ${POSITION} text NOT NULL, source_name ${nameType} NOT NULL, deleted_ms bigint NOT NULL,
  PRIMARY KEY (${KEY.join(', ')}))${tableOptions}`;
    await underDdlLock(session, this.#dialect, async () => {
      await ensureSchema(session, this.#dialect, this.#schema);
      await session.query(statement);
    });
    this.#model = await read();
  }

  /** Takes the table for this transaction. Throws SINK_SCHEMA for changes of another source. */
  async hold(session: TargetSession, target: TargetName, source: string): Promise<GuardState> {
    const { state, literal } = this.#parts;
    await this.#insert(session, target, { key: '', source, deletedMs: 0 });
    const { rows } = await session.query(
      `SELECT row_key, ${POSITION} AS truncated_at, source_name
       FROM ${this.#dialect.qualify(this.#name)} ${state.byKey} WHERE ${this.#of(target)}
       AND row_key IN ('', ${literal(PARTIAL_ROWS)}) ${state.forUpdate}`,
    );
    const row = rows.find((found) => found['row_key'] === '');
    const stored = row === undefined ? source : String(row['source_name']);
    if (stored !== source) throw otherSource(this.#dialect.qualify(target), stored, source);
    return {
      truncatedAt: row === undefined ? '' : String(row['truncated_at']),
      hasPartialRows: rows.some((found) => found['row_key'] === PARTIAL_ROWS),
    };
  }

  /** From now on `hold` says that the table has rows which are of several changes. */
  async notePartialRows(session: TargetSession, target: TargetName): Promise<void> {
    await this.#insert(session, target, { key: PARTIAL_ROWS, source: '', deletedMs: NEVER_MS });
  }

  async #insert(
    session: TargetSession,
    target: TargetName,
    { key, source, deletedMs }: { key: string; source: string; deletedMs: number },
  ): Promise<void> {
    const { state, literal } = this.#parts;
    const own = [target.schema, target.table, key, '', source].map(literal).join(', ');
    await session.query(
      state.insert({
        table: this.#name,
        columns: [...KEY, POSITION, 'source_name', 'deleted_ms'],
        rows: [`(${own}, ${deletedMs})`],
        key: KEY,
        count: null,
      }),
    );
  }

  /** Remembers that all rows up to a position are gone. */
  async truncate(session: TargetSession, target: TargetName, position: string): Promise<void> {
    const { literal } = this.#parts;
    await session.query(
      `UPDATE ${this.#dialect.qualify(this.#name)} SET ${POSITION} = ${literal(position)}
       WHERE ${this.#of(target)} AND row_key = ''`,
    );
  }

  /** The positions of deletes that are known of these keys, by their texts. */
  async deletedAt(
    session: TargetSession,
    target: TargetName,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, KeyState>> {
    const { literal } = this.#parts;
    const texts = new Map(keys.map((key) => [digest(key), key]));
    const found = new Map<string, KeyState>();
    const all = [...texts.keys()];
    for (let from = 0; from < all.length; from += ASKED_KEYS) {
      const list = all
        .slice(from, from + ASKED_KEYS)
        .map(literal)
        .join(', ');
      const { rows } = await session.query(
        `SELECT row_key, ${POSITION} AS deleted_at FROM ${this.#dialect.qualify(this.#name)}
         WHERE ${this.#of(target)} AND row_key IN (${list})`,
      );
      for (const row of rows) {
        const key = texts.get(String(row['row_key']));
        if (key !== undefined) found.set(key, keyState(String(row['deleted_at'])));
      }
    }
    return found;
  }

  /** Remembers that a change of key took a row, with what its own position said. */
  async rememberMove(
    session: TargetSession,
    target: TargetName,
    key: string,
    { position, stored }: MovedAway,
  ): Promise<void> {
    await this.remember(session, target, [[key, `${position} ${formatRowPosition(stored)}`]]);
  }

  /** Remembers deletes; of one key the last. */
  async remember(
    session: TargetSession,
    target: TargetName,
    deletes: readonly (readonly [key: string, position: string])[],
  ): Promise<void> {
    const model = this.#model;
    if (model === null || deletes.length === 0) return;
    const now = systemClock.nowMs();
    const texts = [...KEY, POSITION, 'source_name'].map((name) => this.#textColumn(model, name));
    const time = model.number('deleted_ms');
    const timeEncoder = model.encoder({ type: 'int64', optional: false }, time);
    const rows = deletes.map(([key, position]): Cells => {
      const cells: (string | null)[] = model.table.columns.map(() => null);
      const values = [target.schema, target.table, digest(key), position, ''];
      texts.forEach((set, i) => set(cells, values[i] ?? ''));
      cells[time] = timeEncoder.encode(BigInt(now));
      return cells;
    });
    const columns = model.columnSet(model.table.columns.map((_, i) => i));
    await writeBulk(session, model, 'upsert', columns, rows, this.#options, POSITION);
    await this.#sweep(session, target, now);
  }

  #textColumn(model: TableModel, name: string): (cells: (string | null)[], text: string) => void {
    const number = model.number(name);
    const encoder = model.encoder({ type: 'string', optional: false }, number);
    return (cells, text) => {
      cells[number] = encoder.encode(text);
    };
  }

  /** In portions, now and then: nobody waits long for it. */
  async #sweep(session: TargetSession, target: TargetName, now: number): Promise<void> {
    const name = this.#dialect.qualify(target);
    if (now - (this.#swept.get(name) ?? 0) < SWEEP_MS) return;
    this.#swept.set(name, now);
    const { literal } = this.#parts;
    const table = this.#dialect.qualify(this.#name);
    const { rows } = await session.query(
      `SELECT row_key FROM ${table} WHERE ${this.#of(target)} AND row_key <> ''
       AND deleted_ms < ${now - this.#retentionMs} LIMIT ${SWEEP_ROWS}`,
    );
    if (rows.length === 0) return;
    const list = rows.map((row) => literal(String(row['row_key']))).join(', ');
    await session.query(`DELETE FROM ${table} WHERE ${this.#of(target)} AND row_key IN (${list})`);
  }

  get #name(): TargetName {
    return { schema: this.#schema, table: TOMBSTONES };
  }

  get #parts(): { state: TargetDialect['state']; literal: (text: string) => string } {
    const dialect = this.#dialect;
    return { state: dialect.state, literal: (text) => dialect.literal(text) };
  }

  #of({ schema, table }: TargetName): string {
    const { literal } = this.#parts;
    return `target_schema = ${literal(schema)} AND target_table = ${literal(table)}`;
  }
}

/** Reads what was remembered of a key: behind the position, what was moved there. */
function keyState(text: string): KeyState {
  const end = text.indexOf(' ');
  if (end < 0) return { position: text, moved: null };
  const position = text.slice(0, end);
  return { position, moved: { position, stored: parseRowPosition(text.slice(end + 1)) } };
}

function digest(key: string): string {
  return hash('sha256', key, 'hex').slice(0, 32);
}

function otherSource(table: string, stored: string, source: string): TidemarkError {
  return new TidemarkError(
    'SINK_SCHEMA',
    `position.guard: ${table} has the changes of the source ${JSON.stringify(stored)}, these are ` +
      `of ${JSON.stringify(source)}: their positions cannot be compared`,
    {
      cure: 'Give each source a table of its own (table.name.format), or set position.guard false.',
    },
  );
}
