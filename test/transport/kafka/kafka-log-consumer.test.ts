import { expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import type { CompactedTopic } from '../../../src/transport/kafka/compacted-topic.ts';
import type {
  KafkaClient,
  KafkaConsumer,
  KafkaConsumerOptions,
  KafkaFetch,
  PartitionOffset,
} from '../../../src/transport/kafka/kafka-client.ts';
import { KafkaLogConsumer } from '../../../src/transport/kafka/kafka-log-consumer.ts';
import { generationKey, TopicGenerations } from '../../../src/transport/kafka/topic-generations.ts';
import { TopicWatch } from '../../../src/transport/kafka/topic-watch.ts';
import type {
  ConsumerOptions,
  LogRecord,
  TopicPartition,
} from '../../../src/transport/transport.ts';
import { transportSettings } from './kafka-conformance.ts';
import { scriptedAdmin } from './scripted-admin.ts';

const record = (offset: number): LogRecord => ({
  offset,
  sequence: 0,
  timestampMs: offset,
  key: null,
  value: Buffer.from(`${offset}`),
  headers: [],
});

/** A group of which the test says who has what; each poll hands over the next of `fetches`. */
class ScriptedGroup {
  readonly log: string[] = [];
  readonly fetches: KafkaFetch[][] = [];
  readonly state = new Map<string, string>();
  committed: PartitionOffset[] = [];
  end = 100;
  /** With what transactions have not committed yet. */
  reached = 100;
  #isAssigning = false;
  refresh: () => Promise<void> = () => Promise.resolve();
  /** Called while a fetch is under way: what other processes do meanwhile. */
  meanwhile: () => void = () => undefined;
  options: KafkaConsumerOptions | undefined;

  fetch(partition: number, offsets: readonly number[]): void {
    const nextOffset = (offsets.at(-1) ?? -1) + 1;
    const range = { startOffset: 0, endOffset: this.end };
    this.fetches.push([
      { topic: 't', partition, records: offsets.map(record), nextOffset, ...range },
    ]);
  }

  #consumer(options: KafkaConsumerOptions): KafkaConsumer {
    this.options = options;
    return {
      subscribe: async (topics) => {
        this.log.push(`subscribe ${topics.join(' ')}`);
        this.#isAssigning = true;
        await options.onAssigned([{ topic: 't', partition: 0 }]);
        this.#isAssigning = false;
      },
      assignment: () => [],
      poll: () => {
        this.meanwhile();
        return Promise.resolve(this.fetches.shift() ?? []);
      },
      seek: ({ partition }, offset) => {
        this.log.push(`seek ${partition} ${offset}`);
      },
      committed: () => Promise.resolve(this.committed),
      commit: (offsets) => {
        if (this.#isAssigning) throw new Error('a round of the group is under way');
        this.log.push(`commit ${offsets.map(({ offset }) => offset).join(' ')}`);
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async open(more: Partial<ConsumerOptions> = {}): Promise<KafkaLogConsumer> {
    const admin = scriptedAdmin('t');
    const offsetsOf = (at: readonly TopicPartition[], offset: number): PartitionOffset[] =>
      at.map(({ topic, partition }) => ({ topic, partition, offset }));
    admin.offsets = (partitions, at, isolation) => {
      const end = isolation === 'read_committed' ? this.end : this.reached;
      return Promise.resolve(offsetsOf(partitions, at === 'earliest' ? 0 : end));
    };
    const state: Pick<CompactedTopic, 'get' | 'refresh'> = {
      get: (key) => this.state.get(key) ?? null,
      refresh: () => this.refresh(),
    };
    const client: Pick<KafkaClient, 'consumer'> = {
      consumer: (options) => Promise.resolve(this.#consumer(options)),
    };
    const consumer = new KafkaLogConsumer(
      {
        client: client as KafkaClient,
        admin,
        defaults: transportSettings('t').consumer(null),
        state,
        generations: new TopicGenerations(state as CompactedTopic),
        topics: new TopicWatch(admin, [], () => undefined),
        clock: systemClock,
        closed: () => undefined,
      },
      { group: 'g', topics: ['t'], ...more },
    );
    await consumer.open();
    return consumer;
  }
}

const POLL = { maxBytes: 1000, maxWaitMs: 50, signal: new AbortController().signal };
const offsetsOf = (fetched: readonly { readonly records: readonly LogRecord[] }[]): number[] =>
  fetched.flatMap(({ records }) => records.map(({ offset }) => offset));

test('it goes on where the group committed, not beyond the end of a topic made anew', async () => {
  const group = new ScriptedGroup();
  group.committed = [{ topic: 't', partition: 0, offset: 7 }];
  expect((await group.open()).assignment()).toMatchObject([{ position: 7 }]);
  group.end = 3;
  expect((await group.open()).assignment()).toMatchObject([{ position: 0 }]);
});

test('latest is stored when the group is new, and only then', async () => {
  const group = new ScriptedGroup();
  const consumer = await group.open({ startAt: 'latest' });
  expect(consumer.assignment()).toMatchObject([{ position: 100 }]);
  expect(group.log).toEqual(['subscribe t', 'commit 100']);
  // A partition that comes with a later rebalance belongs to a topic that is read whole.
  await group.options?.onAssigned([{ topic: 't', partition: 1 }]);
  expect(consumer.assignment()).toMatchObject([{ position: 100 }, { position: 0 }]);
});

test('what is revoked is handed over no more, and may be committed before it goes', async () => {
  const group = new ScriptedGroup();
  const revoked: string[] = [];
  const consumer: KafkaLogConsumer = await group.open({
    onRevoked: async (partitions) => {
      expect(consumer.assignment()).toEqual([]);
      await consumer.commit([{ topic: 't', partition: 0, offset: 2 }]);
      revoked.push(...partitions.map(({ topic, partition }) => `${topic}/${partition}`));
    },
  });
  group.fetch(0, [0, 1, 2, 3]);
  expect(offsetsOf(await consumer.poll({ ...POLL, maxBytes: 2 }))).toEqual([0, 1]);
  await group.options?.onRevoked([{ topic: 't', partition: 0 }]);
  expect(revoked).toEqual(['t/0']);
  expect(group.log.at(-1)).toBe('commit 2');
  expect(await consumer.poll(POLL)).toEqual([]);
});

test('what was polled may still be committed while the consumer is closed', async () => {
  const group = new ScriptedGroup();
  const consumer: KafkaLogConsumer = await group.open({
    onRevoked: () => consumer.commit([{ topic: 't', partition: 0, offset: 4 }]),
  });
  group.fetch(0, [0, 1, 2, 3]);
  await consumer.poll(POLL);
  await consumer[Symbol.asyncDispose]();
  expect(group.log.at(-1)).toBe('commit 4');
  expect(await consumer.poll(POLL)).toEqual([]);
});

// `describeTopic` tells the end with what is not committed, and `tail --follow` begins there.
test('an offset inside an open transaction can be sought, one beyond the end cannot', async () => {
  const group = new ScriptedGroup();
  group.reached = 120;
  const consumer = await group.open();
  const at = { topic: 't', partition: 0 };
  consumer.seek(at, 120);
  expect(group.log.at(-1)).toBe('seek 0 120');
  expect(() => {
    consumer.seek(at, 121);
  }).toThrow('offset 121 of t/0 is outside 0 to 120');
});

test('what is lost is dropped without asking anybody', async () => {
  const group = new ScriptedGroup();
  const lost: number[] = [];
  const consumer = await group.open({
    onLost: (partitions) => lost.push(...partitions.map(({ partition }) => partition)),
  });
  group.fetch(0, [0, 1]);
  await consumer.poll({ ...POLL, maxBytes: 1 });
  group.options?.onLost([{ topic: 't', partition: 0 }]);
  expect(lost).toEqual([0]);
  expect(await consumer.poll(POLL)).toEqual([]);
});

// Another process of the pipeline began it: the first records of the new generation arrived with
// the last ones of the old, and none of either may be taken for the other.
test('a generation that began during a fetch is told before its first record', async () => {
  const group = new ScriptedGroup();
  const consumer = await group.open();
  group.fetch(0, [0, 1, 2, 3, 4]);
  group.meanwhile = () => {
    group.state.set(generationKey('t'), '{"generation":7,"starts":[3]}');
  };
  const told = await consumer.poll(POLL);
  expect(told).toMatchObject([{ topic: 't', generation: 7, records: [], nextOffset: 3 }]);
  expect(group.log.at(-1)).toBe('seek 0 3');
  group.fetch(0, [3, 4]);
  const next = await consumer.poll(POLL);
  expect(offsetsOf(next)).toEqual([3, 4]);
  expect(next).toMatchObject([{ generation: 7 }]);
});

test('what was fetched when the state could not be read is read again', async () => {
  const group = new ScriptedGroup();
  const consumer = await group.open();
  group.fetch(0, [0, 1, 2]);
  group.refresh = () => Promise.reject(new Error('no broker'));
  await expect(consumer.poll(POLL)).rejects.toThrow('no broker');
  expect(group.log.at(-1)).toBe('seek 0 0');
  group.refresh = () => Promise.resolve();
  group.fetch(0, [0, 1, 2]);
  expect(offsetsOf(await consumer.poll(POLL))).toEqual([0, 1, 2]);
});
