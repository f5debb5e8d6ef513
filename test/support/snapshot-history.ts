import type { PostgresSourceOptions } from '../../src/source/postgres/postgres-source-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../src/source/snapshot/snapshot-options.ts';
import type { RunningSource } from './postgres-source.ts';
import { startSource } from './postgres-source.ts';
import type { RecordingReceiver } from './recording-receiver.ts';

type Random = (below: number) => number;

/** A table without a key, whose rows repeat. */
export const BAG = `CREATE TABLE bag (n int, v text); ALTER TABLE bag REPLICA IDENTITY FULL;
  INSERT INTO bag SELECT g % 20, 'v' FROM generate_series(1, 100) g`;

/** What random histories do with snapshots: chunks so small that every history cuts into some. */
export class SnapshotHistory {
  readonly #random: Random;
  readonly #options: PostgresSourceOptions;
  #names: readonly string[] | null = null;
  #count = 0;
  /** The table `two` is captured from some restart on. */
  #added = false;

  constructor(options: PostgresSourceOptions, random: Random) {
    this.#random = random;
    this.#options = {
      ...options,
      publicationAutocreateMode: 'filtered',
      snapshotMaxThreads: 1 + random(2),
      snapshots: {
        ...DEFAULT_SNAPSHOT_OPTIONS,
        chunkRows: 30,
        chunkSize: 1 + random(60),
        walBudget: random(3) === 0 ? 1 : 0,
      },
    };
  }

  options(): PostgresSourceOptions {
    const two = this.#added ? '|two' : '';
    return { ...this.#options, tableInclude: [new RegExp(`^public\\.(?:one|bag${two})$`)] };
  }

  /** Those with a key that are captured by now. */
  tables(): readonly string[] {
    return this.#added ? ['one', 'two'] : ['one'];
  }

  /** What is kept of the tables that were captured before. */
  readonly knownTables = {
    load: (): readonly string[] | null => this.#names,
    store: async (names: readonly string[]): Promise<void> => {
      this.#names = names;
      await Promise.resolve();
    },
  };

  /** The first snapshot, killed a few times before its end. */
  async begin(receiver: RecordingReceiver): Promise<void> {
    for (let kills = this.#random(4); kills > 0; kills--) {
      const before = receiver.events.length;
      const enough = before + 1 + this.#random(120);
      const source = startSource(this.options(), receiver, { knownTables: this.knownTables });
      const isOver = (): boolean => this.#isOver(receiver);
      await receiver.until((events) => events.length >= enough || isOver());
      receiver.autoFlush = false;
      await source.stop();
      receiver.autoFlush = true;
    }
  }

  /** Other options are taken only between two transactions: else the start is refused. */
  mayAdd({ stored }: RecordingReceiver): boolean {
    const wanted = this.#random(2) === 0;
    if (!wanted || this.#added || stored === null || this.#names === null) return false;
    if ((stored.offset['tidemark.commit_lsn'] ?? null) !== null) return false;
    this.#added = true;
    return true;
  }

  /** Statements on the table without a key, each a transaction of its own. */
  bag(): string {
    const n = this.#random(20);
    switch (this.#random(4)) {
      case 0:
        return `DELETE FROM bag WHERE n = ${n}`;
      case 1:
        return `UPDATE bag SET v = v || '${n}' WHERE n = ${n}`;
      default:
        return `INSERT INTO bag SELECT g, 'w' FROM generate_series(${n}, ${n + 3}) g`;
    }
  }

  /** Now and then a signal. */
  signal({ reader }: RunningSource): void {
    const table = ['one', 'two', 'bag'][this.#random(3)] ?? '';
    const data = { 'data-collections': [`public.${table}`] };
    const turn = this.#random(40);
    if (turn < 6) this.#send(reader, 'execute-snapshot', data);
    else if (turn === 6) this.#send(reader, 'execute-snapshot', { ...data, type: 'blocking' });
    else if (turn === 7) this.#send(reader, 'stop-snapshot', data);
    else if (turn === 8) this.#send(reader, 'pause-snapshot', {});
    else if (turn === 9) this.#send(reader, 'resume-snapshot', {});
  }

  /** Nothing is left to be read, and nothing is held back. */
  async finish({ reader, receiver }: RunningSource): Promise<void> {
    this.#send(reader, 'resume-snapshot', {});
    await receiver.until(() => this.#isOver(receiver));
  }

  #isOver({ stored }: RecordingReceiver): boolean {
    const offset = stored?.offset;
    return (
      offset?.['tidemark.snapshot'] === 'completed' && offset['tidemark.snapshots'] === undefined
    );
  }

  #send(reader: RunningSource['reader'], type: string, data: object): void {
    reader.signal({ id: `s${++this.#count}`, type, data: JSON.stringify(data) });
  }
}
