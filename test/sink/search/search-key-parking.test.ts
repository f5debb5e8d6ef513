import { expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { noFaults } from '../../../src/foundation/fault-points.ts';
import type { JsonNode } from '../../../src/foundation/lossless-json.ts';
import type { DeadLetter } from '../../../src/model/dead-letter.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { keyTextOf } from '../../../src/sink/parked-key.ts';
import { SearchParkedReplay } from '../../../src/sink/search/search-parked-replay.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { randomFrom } from '../../support/ledger-load.ts';
import { MemorySearch } from '../../support/memory-search.ts';
import { placed, TestedSearchSink } from '../../support/search-sink.ts';
import { named, namedTopic } from '../../support/search-topics.ts';
import type { SinkTopic } from '../../support/sink-records.ts';

const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const RUNS = ALL ? 400 : 40;
const KEYS = 5;
const OPTIONS = { ...SEARCH_SINK_DEFAULTS, name: 'search', park: 'key' } as const;
const RUNNING = new AbortController().signal;

type Row = ReturnType<typeof named>;

/** What SQL would say after each record, and the records that led there. */
interface History {
  readonly records: SinkRecord[];
  readonly rows: ReadonlyMap<number, Row>[];
}

/** Changes of rows as a database would make them; every fourth value is one that does not fit. */
function history(topic: SinkTopic, random: () => number, changes: number): History {
  const now = new Map<number, Row>();
  const records: SinkRecord[] = [];
  const rows: ReadonlyMap<number, Row>[] = [];
  const below = (end: number): number => Math.floor(random() * end);
  const add = (record: SinkRecord): void => {
    records.push(record.value === null ? record : placed(record));
    rows.push(new Map(now));
  };
  for (let i = 0; i < changes; i++) {
    const id = below(KEYS);
    const before = now.get(id);
    const name = random() < 0.25 ? `bad${i}` : `n${i}`;
    // The note is left out where it did not change, as of TOAST.
    const isLeftOut = before !== undefined && random() < 0.5;
    const row = named(id, name, isLeftOut ? before.note : `t${i}`);
    const told = isLeftOut ? { ...row, note: null } : row;
    const absent = isLeftOut ? ['note'] : [];
    const kind = random();
    if (before === undefined) {
      now.set(id, row);
      add(topic.insert(row));
    } else if (kind < 0.2) {
      now.delete(id);
      add(topic.delete(before));
    } else if (kind < 0.4) {
      const to = below(KEYS);
      if (now.has(to)) continue;
      now.delete(id);
      const [away, stone, here] = topic.move(before, { ...told, id: to }, absent);
      add(away as SinkRecord);
      add(stone as SinkRecord);
      now.set(to, { ...row, id: to });
      add({ ...(here as SinkRecord), movedFrom: (away as SinkRecord).key as never });
    } else {
      now.set(id, row);
      add(topic.update(told, null, absent));
    }
  }
  return { records, rows };
}

const documentsOf = (rows: ReadonlyMap<number, Row>): Record<string, JsonNode> =>
  Object.fromEntries([...rows].map(([id, row]) => [id, { ...row }]));

/** A sink that is cut off now and then, and its dead letters. */
class CutOffSink {
  readonly letters: DeadLetter[] = [];
  readonly #server: MemorySearch;
  readonly #random: () => number;
  #faults = 4;
  #tested: TestedSearchSink | null = null;

  constructor(server: MemorySearch, random: () => number) {
    this.#server = server;
    this.#random = random;
  }

  client = (): ReturnType<MemorySearch['client']> =>
    this.#server.client(() => {
      const isNow = this.#faults > 0 && this.#random() < 0.03;
      if (isNow) this.#faults--;
      return isNow ? (this.#random() < 0.5 ? 'before' : 'after') : null;
    });

  /** Until it is through; a new task goes on at the committed offset. */
  async put(records: readonly SinkRecord[]): Promise<TestedSearchSink> {
    for (;;) {
      const open = () => Promise.resolve(this.client());
      const tested = this.#tested ?? new TestedSearchSink(open, OPTIONS);
      try {
        if (this.#tested === null) await tested.sink.start(RUNNING);
        this.#tested = tested;
        await tested.put(...records);
        return tested;
      } catch {
        this.#tested = null;
      } finally {
        this.letters.push(...tested.letters.splice(0));
      }
    }
  }

  /** Until nothing more of it can be applied. */
  async replay(topic: string): Promise<void> {
    for (;;) {
      try {
        await using replay = await SearchParkedReplay.open(OPTIONS, this.#surroundings(), RUNNING);
        const told = this.letters.map(({ record }) => record);
        while ((await replay.replay(topic, told)).applied > 0) {
          // Once more: it may have been stopped by a key that is free now.
        }
        return;
      } catch {
        // Cut off.
      }
    }
  }

  async waiting(): Promise<ReadonlySet<string>> {
    this.#faults = 0;
    await using replay = await SearchParkedReplay.open(OPTIONS, this.#surroundings(), RUNNING);
    return new Set((await replay.list()).map(({ key }) => key));
  }

  #surroundings() {
    const quiet = (): void => undefined;
    const open = () => Promise.resolve(this.client());
    return { open, clock: systemClock, warn: quiet, tell: quiet, fault: noFaults, reread: null };
  }
}

test(`cut off, beside replays: nothing lost or out of order (seed ${SEED}; S9, S11)`, async () => {
  let parked = 0;
  for (let run = 0; run < RUNS; run++) {
    const random = randomFrom(SEED + run);
    const { topic, index } = namedTopic('parked');
    const { records, rows } = history(topic, random, 30);
    const server = new MemorySearch();
    const isBad = ({ name }: Readonly<Record<string, unknown>>): boolean =>
      String(name).startsWith('bad');
    server.refuses = (source) => (isBad(source) ? 'it does not fit' : null);
    const sink = new CutOffSink(server, random);
    const mendedAt = Math.floor(records.length * random());
    let waited = new Set<string>();
    for (let at = 0; at < records.length;) {
      const end = Math.min(records.length, at + 1 + Math.floor(random() * 6));
      if (at >= mendedAt) server.refuses = () => null;
      const put = sink.put(records.slice(at, end));
      // As somebody would who does not ask whether the daemon runs.
      const beside = random() < 0.3 ? sink.replay(topic.topic) : Promise.resolve();
      const [tested] = await Promise.all([put, beside]);
      expect(tested.sink.status().parked, `seed ${SEED + run}`).toEqual([]);
      waited = new Set([...waited, ...sink.letters.map(({ record }) => keyTextOf(record) ?? '')]);
      at = end;
      // Rows of keys that never waited are what they are in the database.
      const next = records[at];
      // A row that moves may stand in both places for a moment.
      if (next?.value === null || next?.movedFrom !== undefined) continue;
      for (let id = 0; id < KEYS; id++) {
        if (waited.has(JSON.stringify({ id }))) continue;
        const expected = rows[at - 1]?.get(id);
        const found = server.documents(index)[String(id)];
        expect(found, `key ${id}, seed ${SEED + run}`).toEqual(expected);
      }
    }
    parked += waited.size;
    server.refuses = () => null;
    await sink.replay(topic.topic);
    expect(await sink.waiting(), `seed ${SEED + run}`).toEqual(new Set());
    const expected = documentsOf(rows.at(-1) ?? new Map());
    expect(server.documents(index), `seed ${SEED + run}`).toEqual(expected);
  }
  expect(parked).toBeGreaterThan(RUNS);
});
