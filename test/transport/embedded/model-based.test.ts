import fc from 'fast-check';
import { assert, test } from 'vitest';
import {
  type EmbeddedTransport,
  openEmbeddedTransport,
} from '../../../src/transport/embedded/embedded-transport.ts';
import type { Consumer } from '../../../src/transport/transport.ts';
import { batchOf } from '../batch-of.ts';
import { readAll } from '../log-reading.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Key 0 to 4, or -1 for none; a null value is a tombstone. */
interface ModelRecord {
  readonly topic: 'log' | 'table';
  readonly key: number;
  readonly value: string | null;
  readonly sequence: number;
  readonly offset: number;
}

type Step =
  | {
      readonly what: 'append';
      readonly records: readonly {
        readonly topic: 'log' | 'table';
        readonly key: number;
        readonly value: string | null;
        readonly large: boolean;
      }[];
    }
  | { readonly what: 'poll'; readonly maxBytes: number }
  | { readonly what: 'commit' | 'maintain' | 'restart' | 'generation' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('append' as const),
      records: fc.array(
        fc.record({
          topic: fc.constantFrom('log' as const, 'table' as const),
          key: fc.integer({ min: -1, max: 4 }),
          value: fc.option(fc.string(), { nil: null }),
          large: fc.boolean(),
        }),
        { maxLength: 12 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('poll' as const),
      maxBytes: fc.constantFrom(1, 50_000, 10_000_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constantFrom<'commit' | 'maintain' | 'restart' | 'generation'>(
        'commit',
        'maintain',
        'restart',
        'generation',
      ),
    }),
  },
);

/** What the log must hold, in the simplest terms. */
class Model {
  records: ModelRecord[] = [];
  readonly ends = { log: 0, table: 0 };
  sequence = 0;
  generations = 0;
  /** Next sequence of the group: what it has, and what it has committed. */
  position = 0;
  committed = 0;

  append(topic: 'log' | 'table', key: number, value: string | null): void {
    const record = { topic, key, value, sequence: this.sequence++, offset: this.ends[topic]++ };
    this.records.push(record);
  }

  beginGeneration(): void {
    this.records = this.records.filter(({ topic }) => topic === 'log');
    this.generations++;
  }

  /** Whether the log may have dropped it: read by the group, and replaced by a newer one. */
  mayBeGone(record: ModelRecord): boolean {
    if (record.sequence >= this.committed) return false;
    if (record.topic === 'log') return true;
    return this.records.some(
      (other) =>
        record.key >= 0 &&
        other.topic === 'table' &&
        other.key === record.key &&
        other.offset > record.offset,
    );
  }
}

class Run {
  readonly #path: string;
  readonly #model = new Model();
  #transport!: EmbeddedTransport;
  #consumer!: Consumer;
  readonly #offsets = { log: 0, table: 0 };

  constructor(path: string) {
    this.#path = path;
  }

  async open(): Promise<void> {
    this.#transport = await openEmbeddedTransport({
      path: this.#path,
      // Of two large records a segment: they are closed, emptied and deleted all the while.
      segmentBytes: 70_000,
      compactionMinDirtyRatio: 0,
      maintenanceIntervalMs: 1e9,
      tombstoneRetentionMs: Number.MAX_SAFE_INTEGER,
    });
    await this.#transport.openTopic('log', { retentionBytes: 0 });
    await this.#transport.openTopic('table', { cleanup: 'compact' });
    this.#consumer = await this.#transport.consumer({ group: 'g', topics: /log|table/ });
  }

  async close(): Promise<void> {
    await this.#consumer[Symbol.asyncDispose]();
    await this.#transport[Symbol.asyncDispose]();
  }

  async take(step: Step): Promise<void> {
    const model = this.#model;
    switch (step.what) {
      case 'append': {
        const handles = {
          log: await this.#transport.openTopic('log'),
          table: await this.#transport.openTopic('table'),
        };
        const records = step.records.map(({ topic, key, value, large }) => ({
          topic: handles[topic],
          key: key < 0 ? null : `${key}`,
          value: value === null ? null : large ? value + 'x'.repeat(30_000) : value,
        }));
        await this.#transport.append(batchOf(records), { key: 's', value: `${model.sequence}` });
        for (const [i, { topic, key }] of step.records.entries()) {
          model.append(topic, key, records[i]?.value ?? null);
        }
        break;
      }
      case 'poll':
        await this.#poll(step.maxBytes);
        break;
      case 'commit':
        model.committed = model.position;
        await this.#consumer.commit(
          (['log', 'table'] as const).map((topic) => ({
            topic,
            partition: 0,
            offset: this.#offsets[topic],
          })),
        );
        break;
      case 'maintain':
        await this.#transport.runMaintenance();
        break;
      case 'generation':
        await this.#transport.beginGeneration(['table'], { key: 's', value: 'new' });
        model.beginGeneration();
        break;
      case 'restart':
        await this.close();
        await this.open();
        model.position = model.committed;
        for (const { topic, position } of this.#consumer.assignment()) {
          this.#offsets[topic as 'log' | 'table'] = position;
        }
        break;
    }
    await this.check();
  }

  async #poll(maxBytes: number): Promise<void> {
    const signal = new AbortController().signal;
    for (const batch of await this.#consumer.poll({ maxBytes, maxWaitMs: 0, signal })) {
      this.#offsets[batch.topic as 'log' | 'table'] = batch.nextOffset;
      for (const { sequence } of batch.records) {
        const model = this.#model;
        // Nothing that the group has not read was skipped.
        const skipped = model.records.filter(
          (record) => record.sequence >= model.position && record.sequence < sequence,
        );
        assert.deepEqual(
          skipped.filter((record) => !model.mayBeGone(record)),
          [],
        );
        model.position = sequence + 1;
      }
    }
  }

  /** A reader from the beginning finds what the model has, less what may be gone. */
  async check(): Promise<void> {
    const model = this.#model;
    await using reader = await this.#transport.consumer({
      group: 'all',
      topics: /.*/,
      register: false,
    });
    const found = (await readAll(reader)).flatMap(({ topic, records }) =>
      records.map(({ key, value, sequence, offset }) => ({
        topic,
        key: key === null ? -1 : Number(key.toString()),
        value: value?.toString() ?? null,
        sequence,
        offset,
      })),
    );
    const sequences = new Set(found.map(({ sequence }) => sequence));
    const wanted = model.records.filter(
      (record) => sequences.has(record.sequence) || !model.mayBeGone(record),
    );
    assert.deepEqual(found, wanted);
    assert.strictEqual(this.#transport.statistics().records, found.length);
    for (const topic of ['log', 'table'] as const) {
      const described = await this.#transport.describeTopic(topic);
      const partition = described?.partitions[0];
      const first = found.find((record) => record.topic === topic);
      assert.strictEqual(partition?.endOffset, model.ends[topic]);
      assert.isAtMost(partition?.startOffset ?? -1, first?.offset ?? model.ends[topic]);
      const isFirst = topic === 'log' || model.generations === 0;
      assert.strictEqual(described?.generation === 1, isFirst);
    }
  }
}

test('any sequence of operations leaves what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      using folder = temporaryFolder();
      const run = new Run(folder.path);
      await run.open();
      try {
        for (const next of steps) await run.take(next);
      } finally {
        await run.close();
      }
    }),
    { numRuns: 150 },
  );
}, 120_000);
