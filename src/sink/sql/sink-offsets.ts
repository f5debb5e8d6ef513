import type { SinkPosition } from '../../model/sink-record.ts';
import { SinkState } from './sink-state.ts';
import { inTransaction, prepareSinkTables, SINK_TABLES } from './sink-tables.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TargetProduct } from './target-product.ts';
import { targetOf } from './target-product.ts';
import type { OpenSession, TargetSession } from './target-session.ts';

/** The offsets that a target keeps of a sink, for whoever moves them while the sink is away. */
export class SqlSinkOffsets {
  readonly #product: TargetProduct;
  readonly #options: SqlSinkOptions;
  readonly #signal: AbortSignal;
  readonly #state: SinkState;

  private constructor(product: TargetProduct, options: SqlSinkOptions, signal: AbortSignal) {
    this.#product = product;
    this.#options = options;
    this.#signal = signal;
    this.#state = new SinkState(product.dialect, options.name, options.offsetsSchema);
  }

  /** Throws SINK_CONNECT, SINK_AUTH. */
  static async open(options: SqlSinkOptions, signal: AbortSignal): Promise<SqlSinkOffsets> {
    const product = targetOf(options);
    await (await product.look(signal)).close();
    return new SqlSinkOffsets(product, options, signal);
  }

  /** Empty before the sink has ever run. */
  async read(): Promise<readonly SinkPosition[]> {
    const { dialect, look } = this.#product;
    const name = { schema: this.#options.offsetsSchema, table: SINK_TABLES.offsets };
    return this.#within(look, async (session) => {
      const { rows } = await session.query(dialect.tableQuery(name));
      return rows.length === 0 ? [] : this.#state.positions(session);
    });
  }

  /**
   * Moves partitions that the target has something of; the others begin where the group's offset
   * says. All or none, and no task that still runs can set them back: its claims are void.
   */
  async move(positions: readonly SinkPosition[]): Promise<void> {
    // A file that is missing is not made for nothing.
    if ((await this.read()).length === 0) return;
    await this.#within(this.#product.open, (session) => this.#moveOn(session, positions));
  }

  async #moveOn(session: TargetSession, positions: readonly SinkPosition[]): Promise<void> {
    const { offsetsSchema, name } = this.#options;
    await prepareSinkTables(session, this.#product.dialect, offsetsSchema, name);
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
      await this.#state.save(session, moved);
    });
  }

  async #within<T>(open: OpenSession, work: (session: TargetSession) => Promise<T>): Promise<T> {
    const session = await open(this.#signal);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }
}

function keyOf({ topic, partition }: SinkPosition): string {
  return `${topic}/${partition}`;
}
