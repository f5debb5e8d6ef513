import { expect, test } from 'vitest';
import { CompactedTopic } from '../../../src/transport/kafka/compacted-topic.ts';
import type { KafkaClient, KafkaConsumer } from '../../../src/transport/kafka/kafka-client.ts';
import type { LogRecord } from '../../../src/transport/transport.ts';
import { scriptedAdmin } from './scripted-admin.ts';

/** A topic of one partition, of which each poll hands over one record. */
class ScriptedTopic {
  readonly log: (readonly [key: string, value: string | null])[] = [];
  #position = 0;
  /** Called at each poll, before its record is handed over. */
  polled: () => void = () => undefined;

  consumer(): KafkaConsumer {
    const refuse = (): never => {
      throw new Error('not part of this test');
    };
    return {
      subscribe: () => Promise.resolve(),
      assignment: () => [{ topic: 't', partition: 0, position: this.#position }],
      poll: () => {
        this.polled();
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
        return Promise.resolve([
          { ...at, ...range, records: [record], nextOffset: ++this.#position },
        ]);
      },
      seek: refuse,
      committed: refuse,
      commit: refuse,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  open(): CompactedTopic {
    const admin = scriptedAdmin('t');
    admin.offsets = () => Promise.resolve([{ topic: 't', partition: 0, offset: this.log.length }]);
    const client: Pick<KafkaClient, 'admin'> = { admin };
    return new CompactedTopic({
      topic: 't',
      partitions: 1,
      client: client as KafkaClient,
      openConsumer: () => Promise.resolve(this.consumer()),
      signal: new AbortController().signal,
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
