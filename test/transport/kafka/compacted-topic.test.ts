import { expect, test } from 'vitest';
import { CompactedTopic } from '../../../src/transport/kafka/compacted-topic.ts';
import type { KafkaClient, KafkaConsumer } from '../../../src/transport/kafka/kafka-client.ts';
import type { LogRecord } from '../../../src/transport/transport.ts';
import { scriptedAdmin } from './scripted-admin.ts';

/** A topic of one partition, of which each poll hands over one record. */
class ScriptedTopic {
  readonly log: (readonly [key: string, value: string | null])[] = [];
  readonly abort = new AbortController();
  /** Records that are committed; others stand behind a transaction that is open. */
  stable = Infinity;
  /** Looks at the cluster that a broker answers which does not know the topic yet. */
  unknownFor = 0;
  disposed = 0;
  nowMs = 0;
  #isAssigned = false;
  #position = 0;
  /** Called at each poll, before its record is handed over. */
  polled: () => void = () => undefined;
  subscribed: () => void = () => undefined;

  consumer(): KafkaConsumer {
    const refuse = (): never => {
      throw new Error('not part of this test');
    };
    return {
      subscribe: () => {
        this.subscribed();
        this.#isAssigned = --this.unknownFor < 0;
        return Promise.resolve();
      },
      assignment: () =>
        this.#isAssigned ? [{ topic: 't', partition: 0, position: this.#position }] : [],
      poll: async () => {
        await Promise.resolve();
        this.polled();
        if (!this.#isAssigned || this.#position >= this.stable) return [];
        const [key, value] = this.log[this.#position] ?? refuse();
        const record: LogRecord = {
          offset: this.#position,
          sequence: 0,
          timestampMs: 0,
          key: Buffer.from(key),
          value: value === null ? null : Buffer.from(value),
          headers: [],
        };
        const at = { topic: 't', partition: 0 };
        const range = { startOffset: 0, endOffset: this.log.length };
        return [{ ...at, ...range, records: [record], nextOffset: ++this.#position }];
      },
      seek: refuse,
      committed: refuse,
      commit: refuse,
      [Symbol.asyncDispose]: () => {
        this.disposed++;
        return Promise.resolve();
      },
    };
  }

  open(): CompactedTopic {
    const admin = scriptedAdmin('t');
    admin.offsets = (_, at, isolation) => {
      const stable = isolation === 'read_committed' ? this.stable : Infinity;
      const offset = at === 'earliest' ? 0 : Math.min(this.log.length, stable);
      return Promise.resolve([{ topic: 't', partition: 0, offset }]);
    };
    const client: Pick<KafkaClient, 'admin'> = { admin };
    return new CompactedTopic({
      topic: 't',
      partitions: 1,
      client: client as KafkaClient,
      openConsumer: () => Promise.resolve(this.consumer()),
      signal: this.abort.signal,
      clock: { monotonicMs: () => this.nowMs },
    });
  }
}

test('the last value of a key counts; a tombstone removes it', async () => {
  const script = new ScriptedTopic();
  script.log.push(['a', '1'], ['b', '1'], ['a', '2'], ['b', null]);
  const topic = script.open();
  expect(topic.get('a')).toBeNull();
  await topic.refresh();
  expect([...topic.entries()]).toEqual([['a', '2']]);
  script.log.push(['b', '3']);
  await topic.refresh();
  expect(topic.get('b')).toBe('3');
});

test('what this process wrote meanwhile is not replaced by what is older', async () => {
  const script = new ScriptedTopic();
  script.log.push(['a', '1'], ['a', '2']);
  const topic = script.open();
  const seen: (string | null)[] = [];
  script.polled = () => {
    seen.push(topic.get('a'));
    topic.written('a', '3');
  };
  await topic.refresh();
  expect(topic.get('a')).toBe('3');
  expect(seen).toEqual([null, '3']);
  // Another process wrote behind it: the next look takes that.
  script.polled = () => undefined;
  script.log.push(['a', '3'], ['a', '4']);
  await topic.refresh();
  expect(topic.get('a')).toBe('4');
});

// Pipelines share the offsets topic: what another one has open hides what we have committed, and an
// older offset would have its records written once more.
test('what stands behind an open transaction of somebody else is waited for', async () => {
  const script = new ScriptedTopic();
  script.log.push(['a', '1'], ['theirs', '1'], ['a', '2']);
  script.stable = 1;
  let polls = 0;
  script.polled = () => {
    if (++polls === 3) script.stable = Infinity;
  };
  const topic = script.open();
  await topic.refresh();
  expect(topic.get('a')).toBe('2');
});

test('a transaction that does not end is told, and not waited for without end', async () => {
  const script = new ScriptedTopic();
  script.log.push(['a', '1'], ['theirs', '1'], ['a', '2']);
  script.stable = 1;
  script.polled = () => {
    script.nowMs += 30_000;
  };
  await expect(script.open().refresh()).rejects.toMatchObject({
    code: 'KAFKA_TIMEOUT',
    message: expect.stringContaining('a transaction open') as string,
  });
  expect(script.nowMs).toBe(150_000);
});

test('what was read before a failure counts when the next look succeeds', async () => {
  const script = new ScriptedTopic();
  script.log.push(['a', '1'], ['b', '1']);
  let polls = 0;
  script.polled = () => {
    if (++polls === 2) throw new Error('the broker is away');
  };
  const topic = script.open();
  await expect(topic.refresh()).rejects.toThrow('the broker is away');
  expect(topic.get('a')).toBeNull();
  await topic.refresh();
  expect([...topic.entries()]).toEqual([
    ['a', '1'],
    ['b', '1'],
  ]);
});

// A source whose offset is taken for missing begins anew.
test('a topic that a broker does not know yet is not taken for an empty one', async () => {
  const script = new ScriptedTopic();
  script.log.push(['a', '1']);
  script.unknownFor = 2;
  const topic = script.open();
  await topic.refresh();
  expect(topic.get('a')).toBe('1');
});

test('a consumer that could not subscribe is closed, and the next look opens another', async () => {
  const script = new ScriptedTopic();
  script.log.push(['a', '1']);
  script.subscribed = () => {
    script.subscribed = () => undefined;
    throw new Error('the broker is away');
  };
  const topic = script.open();
  await expect(topic.refresh()).rejects.toThrow('the broker is away');
  expect(script.disposed).toBe(1);
  await topic.refresh();
  expect(topic.get('a')).toBe('1');
});

test('a look that is broken off is no answer', async () => {
  const script = new ScriptedTopic();
  script.log.push(['a', '1'], ['a', '2']);
  script.polled = () => {
    script.abort.abort();
  };
  const topic = script.open();
  await expect(topic.refresh()).rejects.toMatchObject({ code: 'KAFKA_CONNECT' });
  expect(topic.get('a')).toBeNull();
});
