import type { TargetDialect } from '../../../dialects/dialect.ts';
import type { SinkPosition } from '../../model/sink-record.ts';
import { SinkState } from './sink-state.ts';
import { inTransaction, prepareSinkTables, SINK_TABLES } from './sink-tables.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import { targetOf } from './target-product.ts';
import type { TargetSession } from './target-session.ts';

/** The offsets that a target keeps of a sink, for whoever moves them while the sink is away. */
export class SqlSinkOffsets implements AsyncDisposable {
  readonly #dialect: TargetDialect;
  readonly #options: SqlSinkOptions;
  /** For reading: what is missing is not made by it. */
  readonly #session: TargetSession;
  readonly #open: () => Promise<TargetSession>;
  readonly #state: SinkState;

  private constructor(
    dialect: TargetDialect,
    options: SqlSinkOptions,
    session: TargetSession,
    open: () => Promise<TargetSession>,
  ) {
    this.#dialect = dialect;
    this.#options = options;
    this.#session = session;
    this.#open = open;
    this.#state = new SinkState(dialect, options.name, options.offsetsSchema);
  }

  /** Throws SINK_CONNECT, SINK_AUTH. */
  static async open(options: SqlSinkOptions, signal: AbortSignal): Promise<SqlSinkOffsets> {
    const { dialect, open, look } = targetOf(options);
    return new SqlSinkOffsets(dialect, options, await look(signal), () => open(signal));
  }

  /** Empty before the sink has ever run. */
  async read(): Promise<readonly SinkPosition[]> {
    const name = { schema: this.#options.offsetsSchema, table: SINK_TABLES.offsets };
    const { rows } = await this.#session.query(this.#dialect.tableQuery(name));
    return rows.length === 0 ? [] : this.#state.positions(this.#session);
  }

  /**
   * Moves partitions that the target has something of; the others begin where the group's offset
   * says. All or none, and no task that still runs can set them back: its claims are void.
   */
  async move(positions: readonly SinkPosition[]): Promise<void> {
    if ((await this.read()).length === 0) return;
    const session = await this.#open();
    try {
      await this.#moveOn(session, positions);
    } finally {
      await session.close();
    }
  }

  async #moveOn(session: TargetSession, positions: readonly SinkPosition[]): Promise<void> {
    const { offsetsSchema, name } = this.#options;
    await prepareSinkTables(session, this.#dialect, offsetsSchema, name);
    await inTransaction(session, async () => {
      const stored = new Map(
        (await this.#state.positions(session)).map((one) => [keyOf(one), one]),
      );
      const moved = positions.flatMap((position) => {
        const target = stored.get(keyOf(position))?.target;
        return target === undefined ? [] : { ...position, target };
      });
      if (moved.length === 0) return;
      await this.#state.claim(session, moved);
      await session.query(this.#state.save(moved));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }
}

function keyOf({ topic, partition }: SinkPosition): string {
  return `${topic}/${partition}`;
}
