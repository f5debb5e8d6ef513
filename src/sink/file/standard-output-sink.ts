import { write } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type {
  SinkPartition,
  SinkPosition,
  SinkRecord,
  SinkStatus,
  SinkTask,
} from '../../model/sink-record.ts';
import { errnoOf } from './file-errors.ts';
import { planLines } from './file-sink.ts';
import type { LineOf } from './record-lines.ts';
import { positionKey } from './sink-journal.ts';

/** Writes some of the bytes from `at` on, and says how many. */
export type WriteSome = (bytes: Buffer, at: number) => Promise<number>;

const writeTo = promisify(write);
const STANDARD_OUTPUT = 1;

const toStandardOutput: WriteSome = async (bytes, at) => {
  const { bytesWritten } = await writeTo(STANDARD_OUTPUT, bytes, at, bytes.length - at, null);
  return bytesWritten;
};

/** How long a pipe that is full is left alone. */
const FULL_PIPE_MS = 10;

/**
 * Prints records as lines. Nobody can ask standard output what it has, so after a crash the group's
 * offset decides, and lines since then come twice.
 */
export class StandardOutputSink implements SinkTask {
  readonly #lineOf: LineOf;
  readonly #clock: Clock;
  readonly #write: WriteSome;
  readonly #assigned = new Set<string>();
  readonly #printed = new Map<string, SinkPosition>();
  #turn: Promise<unknown> = Promise.resolve();
  #applied = 0;
  #connected = false;

  constructor(lineOf: LineOf, clock: Clock, writeSome: WriteSome = toStandardOutput) {
    this.#lineOf = lineOf;
    this.#clock = clock;
    this.#write = writeSome;
  }

  async start(): Promise<void> {
    this.#connected = true;
    await Promise.resolve();
  }

  async assign(partitions: readonly SinkPartition[]): Promise<readonly SinkPosition[]> {
    for (const partition of partitions) this.#assigned.add(positionKey(partition));
    return Promise.resolve([]);
  }

  release(partitions: readonly SinkPartition[]): void {
    for (const partition of partitions) {
      this.#assigned.delete(positionKey(partition));
      this.#printed.delete(positionKey(partition));
    }
  }

  put(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPartition[]> {
    const turn = this.#turn.then(() => this.#print(records, positions, signal));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  status(): SinkStatus {
    return { applied: this.#applied, parked: [], connected: this.#connected };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connected = false;
    await Promise.resolve();
  }

  async #print(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPartition[]> {
    const work = planLines(this.#printed, this.#assigned, records, positions);
    const lines = work.records.map((record) => `${this.#lineOf(record)}\n`).join('');
    const bytes = Buffer.from(lines);
    for (let at = 0; at < bytes.length;) {
      signal.throwIfAborted();
      at += await this.#some(bytes, at, signal);
    }
    for (const position of work.positions) this.#printed.set(positionKey(position), position);
    this.#applied += work.records.length;
    return positions
      .filter((position) => !this.#assigned.has(positionKey(position)))
      .map(({ topic, partition }) => ({ topic, partition }));
  }

  async #some(bytes: Buffer, at: number, signal: AbortSignal): Promise<number> {
    try {
      return await this.#write(bytes, at);
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') {
        await this.#clock.sleep(FULL_PIPE_MS, signal);
        return 0;
      }
      this.#connected = false;
      const isGone = errnoOf(error) === 'EPIPE';
      const what = isGone ? 'nobody reads it any more' : (error as Error).message;
      throw new TidemarkError('SINK_FILE', `standard output: ${what}`, {
        cause: error,
        cure: isGone
          ? 'Restart the daemon with a reader of its output, or give the sink a file.'
          : 'Give the sink a file.',
      });
    }
  }
}
