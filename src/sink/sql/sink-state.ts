import type {
  BulkStatement,
  SqlText,
  TargetDialect,
  TargetName,
} from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SinkPosition } from '../../model/sink-record.ts';
import { ensureSchema } from './target-schema.ts';
import type { TargetSession } from './target-session.ts';

/** Where a partition stands, and which table its topic went to. */
export interface StoredPosition extends SinkPosition {
  readonly target: TargetName;
}

const EPOCHS = 'tidemark_sinks';
const OFFSETS = 'tidemark_offsets';
/** Version of the two tables' layout. */
const LAYOUT = 1;

const OFFSET_COLUMNS = [
  { name: 'sink', type: 'text' },
  { name: 'topic', type: 'text' },
  { name: 'partition', type: 'integer' },
  { name: 'generation', type: 'bigint' },
  { name: 'next_offset', type: 'bigint' },
  { name: 'target_schema', type: 'text' },
  { name: 'target_table', type: 'text' },
] as const;

const OFFSET_KEY = ['sink', 'topic', 'partition'];

function offsetsStatement(dialect: TargetDialect, name: TargetName): BulkStatement {
  const columns = OFFSET_COLUMNS.map((column) => ({
    plain: false,
    column: {
      name: column.name,
      type: column.type,
      castType: column.type,
      isArray: false,
      notNull: true,
      hasDefault: false,
      generated: false,
      identityAlways: false,
    },
  }));
  const table = {
    name,
    columns: columns.map(({ column }) => column),
    primaryKey: OFFSET_KEY,
    primaryKeyName: null,
    uniqueKeys: [OFFSET_KEY],
    referenced: false,
  };
  return dialect.upsert({ table, columns, key: OFFSET_KEY });
}

/**
 * Invariant: a transaction that writes rows also writes their offsets, and holds the row of this
 * sink's epoch while it does; the epoch is the one that this task's `start` set (ruling 10).
 * Why: then each log record is applied once, however often it is delivered, and of two tasks of one
 * name the older can commit nothing after the newer has read where to go on.
 * What breaks otherwise: a task that was taken for dead (long pause, split network) commits rows
 * that its successor commits again, and sets the offset back.
 */
export class SinkState {
  readonly #dialect: TargetDialect;
  readonly #sink: string;
  readonly #epochs: string;
  readonly #offsets: string;
  readonly #schema: string;
  readonly #saveStatement: BulkStatement;
  #epoch = '';

  constructor(dialect: TargetDialect, sink: string, schema: string) {
    this.#dialect = dialect;
    this.#sink = sink;
    this.#schema = schema;
    this.#epochs = dialect.qualify({ schema, table: EPOCHS });
    this.#offsets = dialect.qualify({ schema, table: OFFSETS });
    this.#saveStatement = offsetsStatement(dialect, { schema, table: OFFSETS });
  }

  /** Creates the two tables where they are missing, and takes the sink over. */
  async takeOver(session: TargetSession): Promise<void> {
    const sink = this.#dialect.literal(this.#sink);
    await this.#createTables(session);
    // Waits for a transaction of the older task that is on its way, then shuts the door.
    const raise = `UPDATE ${this.#epochs} SET epoch = epoch + 1, started_at = now()
      WHERE sink = ${sink} RETURNING epoch, layout`;
    let { rows } = await session.query(raise);
    if (rows.length === 0) {
      await session.query(
        `INSERT INTO ${this.#epochs} (sink, epoch, layout) VALUES (${sink}, 0, ${LAYOUT})
         ON CONFLICT (sink) DO NOTHING`,
      );
      ({ rows } = await session.query(raise));
    }
    const layout = Number(rows[0]?.['layout']);
    if (layout > LAYOUT) {
      throw new TidemarkError(
        'SINK_SCHEMA',
        `${this.#epochs} was written by a newer version (layout ${layout})`,
        { cure: 'Run that version or a newer one.' },
      );
    }
    this.#epoch = String(rows[0]?.['epoch']);
  }

  /** To be the first statement of every transaction that writes. Throws SINK_FENCED. */
  async hold(session: TargetSession): Promise<void> {
    const sink = this.#dialect.literal(this.#sink);
    const { rowCount } = await session.query(
      `UPDATE ${this.#epochs} SET updated_at = now()
       WHERE sink = ${sink} AND epoch = ${this.#epoch}`,
    );
    if (rowCount === 1) return;
    throw new TidemarkError('SINK_FENCED', `another task has taken over the sink ${this.#sink}`);
  }

  async load(session: TargetSession): Promise<readonly StoredPosition[]> {
    const sink = this.#dialect.literal(this.#sink);
    const { rows } = await session.query(
      `SELECT topic, partition, generation, next_offset, target_schema, target_table
       FROM ${this.#offsets} WHERE sink = ${sink} ORDER BY topic, partition`,
    );
    return rows.map((row) => ({
      topic: String(row['topic']),
      partition: Number(row['partition']),
      generation: Number(row['generation']),
      offset: Number(row['next_offset']),
      target: { schema: String(row['target_schema']), table: String(row['target_table']) },
    }));
  }

  /** The statement that stores positions; in the transaction of their rows. */
  save(positions: readonly StoredPosition[]): SqlText {
    return this.#saveStatement.bind([
      positions.map(() => this.#sink),
      positions.map(({ topic }) => topic),
      positions.map(({ partition }) => String(partition)),
      positions.map(({ generation }) => String(generation)),
      positions.map(({ offset }) => String(offset)),
      positions.map(({ target }) => target.schema),
      positions.map(({ target }) => target.table),
    ]);
  }

  async #createTables(session: TargetSession): Promise<void> {
    const tables = [EPOCHS, OFFSETS].map((table) => ({ schema: this.#schema, table }));
    let present = 0;
    for (const table of tables) {
      const { rows } = await session.query(this.#dialect.tableQuery(table));
      present += rows.length;
    }
    // Asked first, so that a role without CREATE works where an administrator made the tables.
    if (present === tables.length) return;
    const statements = [
      `CREATE TABLE IF NOT EXISTS ${this.#epochs} (
  sink text PRIMARY KEY, epoch bigint NOT NULL, layout integer NOT NULL,
  started_at timestamp with time zone, updated_at timestamp with time zone)`,
      `CREATE TABLE IF NOT EXISTS ${this.#offsets} (
  sink text NOT NULL, topic text NOT NULL, partition integer NOT NULL,
  generation bigint NOT NULL, next_offset bigint NOT NULL,
  target_schema text NOT NULL, target_table text NOT NULL,
  PRIMARY KEY (sink, topic, partition))`,
    ];
    await inTransaction(session, async () => {
      await session.query(this.#dialect.ddlLock);
      await ensureSchema(session, this.#dialect, this.#schema);
      for (const statement of statements) await session.query(statement);
    });
  }
}

/** Runs `work` between BEGIN and COMMIT; any error rolls back and passes on. */
export async function inTransaction<T>(session: TargetSession, work: () => Promise<T>): Promise<T> {
  await session.query('BEGIN');
  try {
    const result = await work();
    await session.query('COMMIT');
    return result;
  } catch (error) {
    if (!session.broken) await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
