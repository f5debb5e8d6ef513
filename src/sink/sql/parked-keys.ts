import { createHash } from 'node:crypto';
import type { CatalogRow, TargetDialect } from '../../../dialects/dialect.ts';
import type { ErrorCode } from '../../foundation/error-table.ts';
import type { ParkedSet, StoredParkedKey } from '../parked-key.ts';
import { printable } from '../parked-key.ts';
import { underDdlLock } from './sink-tables.ts';
import { ensureSchema } from './target-schema.ts';
import type { TargetSession } from './target-session.ts';

const TABLE = 'tidemark_parked';

/** Rows of one statement. */
const ROWS_AT_ONCE = 200;

/**
 * Invariant: which keys wait stands in the target, and changes in the transaction that stores the
 * offsets behind the records that wait (ruling 10).
 * Why: then a record is either applied, or counted here, and its dead letter is durable.
 * What breaks otherwise: a crash between the two applies a later record of a key whose earlier one
 * lies among the dead letters, and the replay writes the older row over the newer (PITFALLS S11).
 */
export class ParkedKeys {
  readonly #dialect: TargetDialect;
  readonly #sink: string;
  readonly #schema: string;
  readonly #table: string;

  constructor(dialect: TargetDialect, sink: string, schema: string) {
    this.#dialect = dialect;
    this.#sink = dialect.literal(sink);
    this.#schema = schema;
    this.#table = dialect.qualify({ schema, table: TABLE });
  }

  /** Makes the table where it is missing. */
  async prepare(session: TargetSession): Promise<void> {
    if (await this.exists(session)) return;
    const { nameType: name, tableOptions: options } = this.#dialect.state;
    await underDdlLock(session, this.#dialect, async () => {
      await ensureSchema(session, this.#dialect, this.#schema);
      await session.query(`CREATE TABLE IF NOT EXISTS ${this.#table} (
  sink ${name} NOT NULL, topic ${name} NOT NULL, id varchar(64) NOT NULL, part integer NOT NULL,
  generation bigint NOT NULL, first_offset bigint NOT NULL, next_offset bigint NOT NULL,
  letters bigint NOT NULL, since_ms bigint NOT NULL, code varchar(64) NOT NULL,
  message text NOT NULL, key_text text NOT NULL, PRIMARY KEY (sink, topic, id, part))${options}`);
    });
  }

  async exists(session: TargetSession): Promise<boolean> {
    const name = { schema: this.#schema, table: TABLE };
    const { rows } = await session.query(this.#dialect.tableQuery(name));
    return this.#dialect.readTable(name, rows) !== null;
  }

  /** By topic, the oldest first; without topics those of the whole sink. */
  async load(
    session: TargetSession,
    topics: readonly string[] | null,
    lock = false,
  ): Promise<ReadonlyMap<string, ParkedSet>> {
    const list = topics?.map((topic) => this.#dialect.literal(topic)).join(', ');
    const { rows } = await session.query(
      `SELECT topic, part, generation, first_offset, next_offset, letters, since_ms, code,
         message, key_text
       FROM ${this.#table} WHERE sink = ${this.#sink}
       ${list === undefined ? '' : `AND topic IN (${list})`}
       ORDER BY topic, since_ms, first_offset ${lock ? this.#dialect.state.forUpdate : ''}`,
    );
    const byTopic = new Map<string, Map<string, StoredParkedKey[]>>();
    for (const row of rows) {
      const entry = storedKey(row);
      const keys = byTopic.get(entry.topic) ?? new Map<string, StoredParkedKey[]>();
      byTopic.set(entry.topic, keys);
      keys.set(entry.key, [...(keys.get(entry.key) ?? []), entry]);
    }
    return byTopic;
  }

  /** Stores the difference between two sets of a topic; in the transaction of the offsets. */
  async store(
    session: TargetSession,
    topic: string,
    before: ParkedSet,
    after: ParkedSet,
  ): Promise<void> {
    const kept = new Set([...after.values()].flat());
    const known = new Set([...before.values()].flat());
    const gone = [...known].filter((entry) => !kept.has(entry));
    const fresh = [...kept].filter((entry) => !known.has(entry));
    if (after.size === 0 && known.size > 0) {
      const where = `sink = ${this.#sink} AND topic = ${this.#dialect.literal(topic)}`;
      await session.query(`DELETE FROM ${this.#table} WHERE ${where}`);
      return;
    }
    for (const rows of chunks(gone)) await this.#delete(session, topic, rows);
    for (const rows of chunks(fresh)) await this.#insert(session, topic, rows);
  }

  async #delete(
    session: TargetSession,
    topic: string,
    entries: readonly StoredParkedKey[],
  ): Promise<void> {
    const { state } = this.#dialect;
    const keys = entries.map(({ key, partition }) => `('${idOf(key)}', ${partition})`);
    await session.query(
      `DELETE FROM ${this.#table} WHERE sink = ${this.#sink}
       AND topic = ${this.#dialect.literal(topic)}
       AND (id, part) IN (${state.rowsOfList}${keys.join(', ')})`,
    );
  }

  async #insert(
    session: TargetSession,
    topic: string,
    entries: readonly StoredParkedKey[],
  ): Promise<void> {
    const text = (value: string): string => this.#dialect.literal(value);
    const rows = entries.map((one) => {
      const numbers = [one.generation, one.offset, one.nextOffset, one.letters, one.sinceMs];
      const texts = [text(one.code), text(printable(one.message)), text(one.key)];
      return `(${this.#sink}, ${text(topic)}, '${idOf(one.key)}', ${one.partition},
        ${numbers.join(', ')}, ${texts.join(', ')})`;
    });
    await session.query(
      `INSERT INTO ${this.#table} (sink, topic, id, part, generation, first_offset, next_offset,
         letters, since_ms, code, message, key_text) VALUES ${rows.join(', ')}`,
    );
  }
}

/** Keys may be longer than any index takes, and differ by case alone. */
function idOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function storedKey(row: CatalogRow): StoredParkedKey {
  return {
    topic: String(row['topic']),
    partition: Number(row['part']),
    generation: Number(row['generation']),
    offset: Number(row['first_offset']),
    nextOffset: Number(row['next_offset']),
    letters: Number(row['letters']),
    sinceMs: Number(row['since_ms']),
    code: String(row['code']) as ErrorCode,
    message: String(row['message']),
    key: String(row['key_text']),
  };
}

function chunks<T>(all: readonly T[]): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let i = 0; i < all.length; i += ROWS_AT_ONCE) parts.push(all.slice(i, i + ROWS_AT_ONCE));
  return parts;
}
