import type {
  BulkStatement,
  CatalogRow,
  SqlText,
  TargetColumn,
  TargetDialect,
  TargetName,
  ValueEncoder,
} from '../../../dialects/dialect.ts';
import type { SinkPartition, SinkPosition } from '../../model/sink-record.ts';
import { SINK_TABLES, sinkTableNames, type SinkTableNames } from './sink-tables.ts';
import type { TargetSession } from './target-session.ts';

/** Where a partition stands, and which table its topic went to. */
export interface StoredPosition extends SinkPosition {
  readonly target: TargetName;
}

/** How far the table of a topic is: shared by all tasks of the sink. */
export interface StoredTopic {
  readonly topic: string;
  /** Of the rows in the table; 0: nothing was written yet. */
  readonly generation: number;
  readonly target: TargetName | null;
}

/** Where the rows of a topic go. */
export interface TopicTarget {
  readonly topic: string;
  readonly target: TargetName;
}

/** A partition that a task owns as long as nobody raises its epoch in the target. */
export interface ClaimedPartition extends SinkPartition {
  readonly epoch: string;
}

/** What a transaction found when it had its locks. */
export interface HeldState {
  /** Partitions that another task has taken over. */
  readonly fenced: readonly SinkPartition[];
  /** Of each topic that was asked for. */
  readonly topics: readonly StoredTopic[];
}

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

function offsetColumn({ name, type }: (typeof OFFSET_COLUMNS)[number]): TargetColumn {
  return {
    name,
    type,
    castType: type,
    isArray: false,
    notNull: true,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
}

const EPOCH_COLUMN: TargetColumn = { ...offsetColumn(OFFSET_COLUMNS[3]), name: 'epoch' };

function offsetsStatement(dialect: TargetDialect, name: TargetName): BulkStatement {
  const columns = OFFSET_COLUMNS.map((one) => ({ plain: false, column: offsetColumn(one) }));
  const table = {
    name,
    // It is there beside those that are written, and stays as it is.
    columns: [...columns.map(({ column }) => column), EPOCH_COLUMN],
    primaryKey: OFFSET_KEY,
    primaryKeyName: null,
    uniqueKeys: [OFFSET_KEY],
    referenced: false,
  };
  return dialect.upsert({ table, columns, key: OFFSET_KEY });
}

/**
 * Invariant: a transaction that writes rows also writes their offsets, and holds the offset rows of
 * its partitions while it does; each has the epoch that this task's claim gave it (ruling 10). It
 * holds the rows of its topics too: shared to write rows of the generation that stands there, alone
 * to empty the table and write the next one.
 * Why: then each log record is applied once, however often and by whomever it is delivered, and a
 * table is emptied once for a generation, with no row of the old one behind it, although several
 * tasks write to it.
 * What breaks otherwise: a task that was taken for dead (long pause, split network) commits rows
 * that its successor commits again, and sets the offset back; or rows of a dropped log live on.
 *
 * Locks go with their transaction: when the task dies that was about to empty a table, the target
 * rolls back, and the next one that waits does it.
 */
export class SinkState {
  readonly #dialect: TargetDialect;
  readonly #name: string;
  /** The same as SQL writes it. */
  readonly #sink: string;
  readonly #names: SinkTableNames;
  readonly #text: ValueEncoder;
  readonly #offsetsName: TargetName;
  readonly #topicsName: TargetName;
  readonly #saveStatement: BulkStatement;
  /** The column's name, which is a word of some products. */
  readonly #partition: string;
  readonly #byKey: string;

  constructor(dialect: TargetDialect, sink: string, schema: string) {
    this.#dialect = dialect;
    this.#sink = dialect.literal(sink);
    this.#names = sinkTableNames(dialect, schema);
    this.#offsetsName = { schema, table: SINK_TABLES.offsets };
    this.#topicsName = { schema, table: SINK_TABLES.topics };
    this.#saveStatement = offsetsStatement(dialect, this.#offsetsName);
    const schemaOfText = { type: 'string', optional: false } as const;
    this.#text = dialect.encoder(schemaOfText, offsetColumn(OFFSET_COLUMNS[0]));
    this.#name = sink;
    this.#partition = dialect.quote('partition');
    this.#byKey = dialect.state.byKey;
  }

  /**
   * Takes partitions over: waits for a transaction of the older task that is on its way, then shuts
   * the door. In a transaction of the caller's.
   */
  async claim(
    session: TargetSession,
    partitions: readonly SinkPartition[],
  ): Promise<readonly ClaimedPartition[]> {
    if (partitions.length === 0) return [];
    // In one order everywhere: two tasks that claim the same must not wait for each other.
    const values = partitions
      .toSorted(comparePartitions)
      .map(
        ({ topic, partition }) =>
          `(${this.#sink}, ${this.#dialect.literal(topic)}, ${partition}, 0, 0, '', '', 1)`,
      );
    await session.query(
      this.#dialect.state.insert({
        table: this.#offsetsName,
        columns: [...OFFSET_COLUMNS.map(({ name }) => name), 'epoch'],
        rows: values,
        key: OFFSET_KEY,
        count: 'epoch',
      }),
    );
    return this.#lockedOffsets(session, partitions);
  }

  /**
   * To be the first of every transaction that writes: takes the locks, and says what stands there.
   * `alone`: one of the topics is to be emptied.
   */
  async hold(
    session: TargetSession,
    claims: readonly ClaimedPartition[],
    topics: readonly string[],
    alone: boolean,
  ): Promise<HeldState> {
    const fenced = await this.#holdPartitions(session, claims);
    if (alone) await this.#addTopics(session, topics);
    return { fenced, topics: await this.#topics(session, topics, alone) };
  }

  /** Waits for the transactions of tasks that have them, and holds off the next ones. */
  async lock(session: TargetSession, partitions: readonly SinkPartition[]): Promise<void> {
    if (partitions.length > 0) await this.#lockedOffsets(session, partitions);
  }

  async #holdPartitions(
    session: TargetSession,
    claims: readonly ClaimedPartition[],
  ): Promise<readonly SinkPartition[]> {
    if (claims.length === 0) return [];
    const stored = await this.#lockedOffsets(session, claims);
    const epochs = new Map(
      stored.map(({ topic, partition, epoch }) => [`${topic}/${partition}`, epoch]),
    );
    return claims.filter(
      ({ topic, partition, epoch }) => epochs.get(`${topic}/${partition}`) !== epoch,
    );
  }

  async #lockedOffsets(
    session: TargetSession,
    partitions: readonly SinkPartition[],
  ): Promise<readonly ClaimedPartition[]> {
    const { state } = this.#dialect;
    const wanted = partitions.map(
      ({ topic, partition }) => `(${this.#dialect.literal(topic)}, ${partition})`,
    );
    const { rows } = await session.query(
      `SELECT topic, ${this.#partition}, epoch FROM ${this.#names.offsets} ${this.#byKey}
       WHERE sink = ${this.#sink}
         AND (topic, ${this.#partition}) IN (${state.rowsOfList}${wanted.join(', ')})
       ORDER BY topic, ${this.#partition} ${state.forUpdate}`,
    );
    return rows.map((row) => ({
      topic: String(row['topic']),
      partition: Number(row['partition']),
      epoch: String(row['epoch']),
    }));
  }

  async #addTopics(session: TargetSession, topics: readonly string[]): Promise<void> {
    const values = topics
      .toSorted()
      .map((topic) => `(${this.#sink}, ${this.#dialect.literal(topic)}, 0, '', '')`);
    await session.query(
      this.#dialect.state.insert({
        table: this.#topicsName,
        columns: ['sink', 'topic', 'generation', 'target_schema', 'target_table'],
        rows: values,
        key: ['sink', 'topic'],
        count: null,
      }),
    );
  }

  /** Tables that topics of the sink went to, of all its tasks. */
  async targets(session: TargetSession): Promise<readonly TopicTarget[]> {
    const { rows } = await session.query(
      `SELECT topic, generation, target_schema, target_table FROM ${this.#names.topics}
       WHERE sink = ${this.#sink} AND target_table <> ''`,
    );
    return rows.map(storedTopic).flatMap(({ topic, target }) => (target ? { topic, target } : []));
  }

  async #topics(
    session: TargetSession,
    topics: readonly string[],
    alone: boolean,
  ): Promise<readonly StoredTopic[]> {
    if (topics.length === 0) return [];
    const list = topics.map((topic) => this.#dialect.literal(topic)).join(', ');
    const { rows } = await session.query(
      `SELECT topic, generation, target_schema, target_table
       FROM ${this.#names.topics} ${this.#byKey}
       WHERE sink = ${this.#sink} AND topic IN (${list}) ORDER BY topic
       ${alone ? this.#dialect.state.forUpdate : this.#dialect.state.forShare}`,
    );
    return rows.map(storedTopic);
  }

  /** The same, and how far its topics are. */
  async load(
    session: TargetSession,
  ): Promise<{ positions: readonly StoredPosition[]; topics: readonly StoredTopic[] }> {
    const positions = await this.positions(session);
    const topics = await session.query(
      `SELECT topic, generation, target_schema, target_table FROM ${this.#names.topics}
       WHERE sink = ${this.#sink}`,
    );
    return { positions, topics: topics.rows.map(storedTopic) };
  }

  /** All positions of the sink, of all its tasks. */
  async positions(session: TargetSession): Promise<readonly StoredPosition[]> {
    const { rows } = await session.query(
      `SELECT topic, ${this.#partition}, generation, next_offset, target_schema, target_table
       FROM ${this.#names.offsets} WHERE sink = ${this.#sink} AND generation > 0
       ORDER BY topic, ${this.#partition}`,
    );
    return rows.map((row) => ({
      topic: String(row['topic']),
      partition: Number(row['partition']),
      generation: Number(row['generation']),
      offset: Number(row['next_offset']),
      target: { schema: String(row['target_schema']), table: String(row['target_table']) },
    }));
  }

  /** How many partitions of each topic tasks have taken, those too that nothing came of yet. */
  async partitionsOf(session: TargetSession): Promise<ReadonlyMap<string, number>> {
    const { rows } = await session.query(
      `SELECT topic, count(*) AS partitions FROM ${this.#names.offsets}
       WHERE sink = ${this.#sink} GROUP BY topic`,
    );
    return new Map(rows.map((row) => [String(row['topic']), Number(row['partitions'])]));
  }

  /** Stores positions of claimed partitions; in the transaction of their rows. */
  async save(session: TargetSession, positions: readonly StoredPosition[]): Promise<void> {
    if (positions.length === 0) return;
    if (this.#dialect.state.savesByUpdate !== true) {
      await session.query(this.#upsert(positions));
      return;
    }
    const { rowCount } = await session.query(this.#update(positions));
    // A claim is a row that is there: without it the rows would be applied twice.
    if (rowCount !== positions.length) throw new Error('offsets of partitions are not there');
  }

  #upsert(positions: readonly StoredPosition[]): SqlText {
    const text = (values: readonly string[]) => values.map((value) => this.#text.encode(value));
    return this.#saveStatement.bind([
      text(positions.map(() => this.#name)),
      text(positions.map(({ topic }) => topic)),
      positions.map(({ partition }) => String(partition)),
      positions.map(({ generation }) => String(generation)),
      positions.map(({ offset }) => String(offset)),
      text(positions.map(({ target }) => target.schema)),
      text(positions.map(({ target }) => target.table)),
    ]);
  }

  #update(positions: readonly StoredPosition[]): string {
    const literal = (value: string): string => this.#dialect.literal(value);
    const rows = positions.map(({ topic, partition, generation, offset, target }) =>
      [
        literal(topic),
        partition,
        generation,
        offset,
        literal(target.schema),
        literal(target.table),
      ].join(', '),
    );
    return `UPDATE ${this.#names.offsets} AS t SET generation = v.generation,
        next_offset = v.next_offset, target_schema = v.target_schema, target_table = v.target_table
      FROM (VALUES (${rows.join('), (')}))
        AS v(topic, part, generation, next_offset, target_schema, target_table)
      WHERE t.sink = ${this.#sink} AND t.topic = v.topic AND t.${this.#partition} = v.part`;
  }

  /** The statement that stores a topic's generation; the transaction holds the topic alone. */
  enter({ topic, generation, target }: StoredTopic & { readonly target: TargetName }): string {
    const schema = this.#dialect.literal(target.schema);
    const table = this.#dialect.literal(target.table);
    return `UPDATE ${this.#names.topics} SET generation = ${generation},
        target_schema = ${schema}, target_table = ${table}
      WHERE sink = ${this.#sink} AND topic = ${this.#dialect.literal(topic)}`;
  }
}

function storedTopic(row: CatalogRow): StoredTopic {
  const table = String(row['target_table']);
  return {
    topic: String(row['topic']),
    generation: Number(row['generation']),
    target: table === '' ? null : { schema: String(row['target_schema']), table },
  };
}

function comparePartitions(left: SinkPartition, right: SinkPartition): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition;
}
