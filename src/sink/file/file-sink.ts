import type {
  SinkPartition,
  SinkPosition,
  SinkRecord,
  SinkStatus,
  SinkTask,
} from '../../model/sink-record.ts';
import { toFileError } from './file-errors.ts';
import { LineFile, type LineFileParts } from './line-file.ts';
import { type LineOf } from './record-lines.ts';
import { positionKey } from './sink-journal.ts';

/**
 * Adds records as lines to a file, each log record once (LineFile says how). A `put` is as much as
 * comes into the file at once: all of its lines, or none.
 *
 * A new generation of a topic (its snapshot began anew) goes on behind the lines of the older one:
 * what a file has told, nobody takes back.
 */
export class FileSink implements SinkTask {
  readonly #parts: LineFileParts;
  readonly #lineOf: LineOf;
  readonly #assigned = new Set<string>();
  /** The end of the call before: there is one file. */
  #turn: Promise<unknown> = Promise.resolve();
  #file: LineFile | null = null;
  #applied = 0;

  constructor(parts: LineFileParts, lineOf: LineOf) {
    this.#parts = parts;
    this.#lineOf = lineOf;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#withFile(signal, () => Promise.resolve());
  }

  assign(
    partitions: readonly SinkPartition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPosition[]> {
    return this.#withFile(signal, (file) => {
      for (const partition of partitions) this.#assigned.add(positionKey(partition));
      return Promise.resolve(
        partitions.flatMap((partition) => file.positions.get(positionKey(partition)) ?? []),
      );
    });
  }

  release(partitions: readonly SinkPartition[]): void {
    for (const partition of partitions) this.#assigned.delete(positionKey(partition));
  }

  put(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPartition[]> {
    return this.#withFile(signal, async (file) => {
      const work = planLines(file.positions, this.#assigned, records, positions);
      if (work.positions.length > 0) {
        const lines = work.records.map((record) => `${this.#lineOf(record)}\n`).join('');
        await file.append(lines, work.positions);
        this.#applied += work.records.length;
      }
      return positions
        .filter((position) => !this.#assigned.has(positionKey(position)))
        .map(({ topic, partition }) => ({ topic, partition }));
    });
  }

  status(): SinkStatus {
    return { applied: this.#applied, parked: [], connected: this.#file !== null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#close();
  }

  /** Runs `work` on the file, after what runs there already. */
  #withFile<T>(signal: AbortSignal, work: (file: LineFile) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#runOnFile(signal, work));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #runOnFile<T>(signal: AbortSignal, work: (file: LineFile) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      this.#file ??= await LineFile.open(this.#parts);
      return await work(this.#file);
    } catch (thrown) {
      // Opened anew it shows what of the lines it has.
      await this.#close();
      throw toFileError(thrown, this.#parts.file);
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.[Symbol.asyncDispose]();
  }
}

/** What of a `put` is not in the file yet, in the order of the log. */
export function planLines(
  stored: ReadonlyMap<string, SinkPosition>,
  assigned: ReadonlySet<string>,
  records: readonly SinkRecord[],
  positions: readonly SinkPosition[],
): { readonly records: readonly SinkRecord[]; readonly positions: readonly SinkPosition[] } {
  const after = new Map<string, SinkPosition>();
  const kept: SinkRecord[] = [];
  for (const record of records) {
    const { topic, partition, generation, offset } = record;
    const key = positionKey(record);
    const known = after.get(key) ?? stored.get(key);
    if (!assigned.has(key) || (known !== undefined && isBehind(record, known))) continue;
    after.set(key, { topic, partition, generation, offset: offset + 1 });
    kept.push(record);
  }
  for (const position of positions) {
    const key = positionKey(position);
    const known = after.get(key) ?? stored.get(key);
    if (!assigned.has(key)) continue;
    if (known === undefined || isBehind(known, position)) after.set(key, position);
  }
  kept.sort((left, right) => left.sequence - right.sequence);
  return { records: kept, positions: [...after.values()] };
}

type Place = Pick<SinkPosition, 'generation' | 'offset'>;

/** Of an older generation, or below the offset. */
function isBehind(place: Place, other: Place): boolean {
  if (place.generation !== other.generation) return place.generation < other.generation;
  return place.offset < other.offset;
}
