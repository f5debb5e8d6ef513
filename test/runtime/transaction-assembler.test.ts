import { describe, expect, test } from 'vitest';
import type { SinkPosition } from '../../src/model/sink-record.ts';
import type { AssembledRecords } from '../../src/runtime/assembled-records.ts';
import { AppliedTransactions } from '../../src/runtime/applied-transactions.ts';
import { TransactionAssembler } from '../../src/runtime/transaction-assembler.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { METADATA, ModelLog, readRecord, type ModelEntry } from '../support/transaction-log.ts';

const READ = ['copy.s.a', 'copy.s.b', 'copy.s.c'];

/** A reader of a model's log, with a target that keeps offsets, and lives that end at any time. */
class ModelSink {
  readonly log: ModelLog;
  readonly alerts: string[] = [];
  readonly applied = new Map<string, number>();
  /** Transactions that a reader saw in parts, at the end of a put. */
  readonly broken = new Set<number>();
  readonly #limits: { maxRows: number; bufferBytes: number };
  /** What the target has of each partition. */
  readonly #offsets = new Map<string, number>();
  #group = new Map<string, number>();
  #known: AppliedTransactions;
  #assembler: TransactionAssembler;
  #read = new Map<string, number>();

  constructor(log: ModelLog, limits = { maxRows: 1000, bufferBytes: 1_000_000 }) {
    this.log = log;
    this.#limits = limits;
    this.#known = new AppliedTransactions();
    this.#assembler = this.begin();
  }

  /** A new life: the group's offsets, and what was stored with them. */
  begin(): TransactionAssembler {
    const topicOf = (collection: string): string | null => {
      const topic = `copy.${collection}`;
      return READ.includes(topic) ? topic : null;
    };
    const alert = (text: string, id: string): void => void this.alerts.push(`${id} ${text}`);
    this.#assembler = new TransactionAssembler(
      { topicOf, alert, warn: alert, ...this.#limits },
      // What is known by its position need not be known by itself.
      new AppliedTransactions(
        this.#known.upTo(this.#known.count),
        this.log.below(2) === 0 ? 500 : 3,
      ),
    );
    this.#read = new Map(this.#group);
    for (const key of this.log.partitions.keys()) {
      this.#assembler.begin(positionOf(key, this.#read.get(key) ?? 0), key.startsWith(METADATA));
    }
    return this.#assembler;
  }

  get assembler(): TransactionAssembler {
    return this.#assembler;
  }

  /** Reads up to so many records of a partition; false: it has no more, or none is wanted. */
  poll(key: string, most: number): boolean {
    if (this.#assembler.ahead().has(key)) return false;
    const all = this.log.partitions.get(key) as readonly ModelEntry[];
    const from = this.#read.get(key) ?? 0;
    const to = Math.min(all.length, from + most);
    this.#read.set(key, to);
    const entries = all.slice(from, to);
    if (key.startsWith(METADATA)) {
      for (const [i, entry] of entries.entries()) {
        if (entry.kind === 'mark') this.#assembler.mark(entry.mark, from + i, 0);
      }
      this.#assembler.readMetadata(positionOf(key, to));
    } else {
      const records = entries.map((entry, i) => readRecord(key, entry, from + i));
      this.#assembler.read(positionOf(key, to), records, 0);
    }
    for (let next = this.#assembler.take(); next !== null; next = this.#assembler.take()) {
      this.#put(next, this.log.below(3) === 0);
    }
    return to > from;
  }

  #put({ records, positions, cut, applied }: AssembledRecords, commits: boolean): void {
    for (const { topic, partition, offset, key } of records) {
      if (offset < (this.#offsets.get(`${topic}/${partition}`) ?? 0)) continue;
      const name = key?.schema.name ?? '';
      this.applied.set(name, (this.applied.get(name) ?? 0) + 1);
    }
    for (const { topic, partition, offset } of positions) {
      const key = `${topic}/${partition}`;
      this.#offsets.set(key, Math.max(offset, this.#offsets.get(key) ?? 0));
    }
    for (const [number, events] of this.log.transactions) {
      const here = events.filter(({ name }) => this.applied.has(name)).length;
      if (here > 0 && here < events.length) this.broken.add(number);
    }
    if (cut === null || applied === null || !commits) return;
    this.#group = new Map(cut.map((at) => [`${at.topic}/${at.partition}`, at.offset]));
    this.#known = new AppliedTransactions(this.#assembler.applied.upTo(applied));
  }

  /** Reads everything, a piece of any partition at a time. */
  readAll(dies: () => boolean): void {
    const keys = [...this.log.partitions.keys()];
    for (let idle = 0; idle < 200;) {
      const key = keys[this.log.below(keys.length)] as string;
      idle = this.poll(key, 1 + this.log.below(20)) ? 0 : idle + 1;
      if (!dies()) continue;
      this.begin();
      idle = 0;
    }
  }
}

function positionOf(key: string, offset: number): SinkPosition {
  const [topic = '', partition = '0'] = key.split('/');
  return { topic, partition: Number(partition), generation: 1, offset };
}

const SEEDS = Array.from({ length: 40 }, (_, i) => 4000 + i);

describe('whole transactions (S28)', () => {
  test.each(SEEDS)('whatever comes first, each is seen whole and once (%i)', (seed) => {
    const random = randomFrom(seed);
    const log = new ModelLog(random, { repeats: false });
    const sink = new ModelSink(log);
    let deaths = 5;
    sink.readAll(() => random() < 0.02 && deaths-- > 0);
    expect(sink.alerts).toEqual([]);
    expect([...sink.broken]).toEqual([]);
    const names = log.events.map(({ name }) => name);
    expect([...sink.applied.keys()].filter((name) => !name.startsWith('free')).toSorted()).toEqual(
      names.toSorted(),
    );
    expect(Math.max(...sink.applied.values())).toBe(1);
    expect(sink.assembler.bytes).toBe(0);
  });

  test.each(SEEDS)('a source that writes some again shows nothing older (%i)', (seed) => {
    const random = randomFrom(seed);
    const log = new ModelLog(random);
    const sink = new ModelSink(log);
    let deaths = 3;
    sink.readAll(() => random() < 0.01 && deaths-- > 0);
    expect(log.repeats).toBeGreaterThan(0);
    expect([...sink.broken]).toEqual([]);
    const names = log.events.map(({ name }) => [name, sink.applied.get(name)]);
    expect(names.filter(([, times]) => times !== 1)).toEqual([]);
    expect(sink.alerts).toEqual([]);
  });

  test.each(SEEDS)('a buffer that is too small stops nothing (S33, %i)', (seed) => {
    const random = randomFrom(seed);
    const log = new ModelLog(random, { repeats: false });
    const sink = new ModelSink(log, { maxRows: 20, bufferBytes: 4000 });
    sink.readAll(() => false);
    const names = log.events.map(({ name }) => [name, sink.applied.get(name)]);
    expect(names.filter(([, times]) => times !== 1)).toEqual([]);
    // Those of 30 rows may be too large; no other one.
    for (const number of sink.broken) {
      expect((log.transactions.get(number) ?? []).length).toBeGreaterThan(15);
    }
    for (const alert of sink.alerts) expect(alert).toContain('applied in parts');
  });
});
