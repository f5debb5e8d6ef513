import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { KafkaAppender } from '../../../src/transport/kafka/kafka-appender.ts';
import type {
  KafkaClient,
  KafkaProducer,
  ProducerIdentity,
} from '../../../src/transport/kafka/kafka-client.ts';
import { RecordLimits } from '../../../src/transport/kafka/record-limits.ts';
import { TopicDirectory } from '../../../src/transport/kafka/topic-directory.ts';
import { batchOf } from '../batch-of.ts';
import { transportSettings } from './kafka-conformance.ts';
import { scriptedAdmin } from './scripted-admin.ts';

/** What was asked of the producers, in order; a call of the name in `failing` fails once. */
class Script {
  readonly calls: string[] = [];
  failing: { readonly call: string; readonly error: TidemarkError } | null = null;
  #producers = 0;

  #did(call: string): Promise<void> {
    this.calls.push(call);
    if (this.failing?.call !== call) return Promise.resolve();
    const { error } = this.failing;
    this.failing = null;
    return Promise.reject(error);
  }

  producer(after?: ProducerIdentity): Promise<KafkaProducer> {
    const id = ++this.#producers;
    this.calls.push(after === undefined ? `open ${id}` : `open ${id} after ${after.producerId}`);
    return Promise.resolve({
      identity: { producerId: BigInt(id), producerEpoch: 0 },
      send: (_batch, parts) =>
        this.#did(`send ${parts.map((part) => `${part.topic}*${part.records.length}`).join(' ')}`),
      beginTransaction: () => this.#did('begin'),
      commitTransaction: () => this.#did('commit'),
      abortTransaction: () => this.#did('abort'),
      [Symbol.asyncDispose]: () => this.#did(`close ${id}`),
    });
  }
}

function appenderOf(transactionalId: string | null, maxRequestBytes = 1_000_000) {
  const script = new Script();
  const admin = scriptedAdmin('shop', 'offsets', 'letters');
  const directory = new TopicDirectory(admin, () => null);
  directory.enter('shop', 1);
  directory.enter('offsets', 1);
  const client: Pick<KafkaClient, 'producer'> = {
    producer: ({ after }) => script.producer(after),
  };
  const appender = new KafkaAppender({
    client: client as KafkaClient,
    directory,
    producer: { ...transportSettings('t').producer, transactionalId },
    limits: new RecordLimits(directory, {
      maxRequestBytes,
      deadLetters: { topic: 'letters', connector: 'shop' },
    }),
    nowMs: () => 0,
  });
  return { script, appender };
}

const RECORDS = batchOf([
  { topic: 0, key: 'a', value: '1' },
  { topic: 0, key: 'b', value: '2' },
]);
const OFFSET = [{ topic: 1, key: 'source', value: '{"lsn":1}' }];

test('the offset is sent when the records are acknowledged', async () => {
  const { script, appender } = appenderOf(null);
  await appender.append(RECORDS, OFFSET);
  expect(script.calls).toEqual(['open 1', 'send shop*2', 'send offsets*1']);
});

test('no offset follows what was not acknowledged; the next write has a new producer', async () => {
  const { script, appender } = appenderOf(null);
  const error = new TidemarkError('KAFKA_TIMEOUT', 'no answer');
  script.failing = { call: 'send shop*2', error };
  await expect(appender.append(RECORDS, OFFSET)).rejects.toBe(error);
  await appender.append(RECORDS, OFFSET);
  expect(script.calls).toEqual([
    'open 1',
    'send shop*2',
    'close 1',
    'open 2 after 1',
    'send shop*2',
    'send offsets*1',
  ]);
});

test('with a transactional id both are one transaction', async () => {
  const { script, appender } = appenderOf('id');
  await appender.fence();
  await appender.append(RECORDS, OFFSET);
  expect(script.calls).toEqual(['open 1', 'begin', 'send shop*2', 'send offsets*1', 'commit']);
});

test('a transaction that fails is aborted, unless a newer producer is there', async () => {
  for (const [code, aborts] of [
    ['KAFKA_TIMEOUT', true],
    ['KAFKA_FENCED', false],
  ] as const) {
    const { script, appender } = appenderOf('id');
    script.failing = { call: 'send offsets*1', error: new TidemarkError(code, 'x') };
    await expect(appender.append(RECORDS, OFFSET)).rejects.toMatchObject({ code });
    expect(script.calls.slice(4)).toEqual(aborts ? ['abort', 'close 1'] : ['close 1']);
  }
});

test('who was relieved opens no other producer: that would shut the newer one out', async () => {
  const fenced = new TidemarkError('KAFKA_FENCED', 'a newer producer');
  for (const call of ['send shop*2', 'abort']) {
    const { script, appender } = appenderOf('id');
    await appender.append(RECORDS, [], true);
    // Whether the write says so, or the end of its transaction.
    script.failing = { call, error: fenced };
    if (call === 'abort') await expect(appender.fence()).rejects.toBe(fenced);
    else await expect(appender.append(RECORDS, OFFSET)).rejects.toBe(fenced);
    await expect(appender.fence()).rejects.toBe(fenced);
    await expect(appender.append(RECORDS, OFFSET)).rejects.toBe(fenced);
    expect(script.calls.filter((made) => made.startsWith('open'))).toEqual(['open 1']);
  }
});

test('a transaction may take several writes; what was not ended is undone', async () => {
  const { script, appender } = appenderOf('id');
  await appender.append(RECORDS, [], true);
  await appender.append(RECORDS, OFFSET);
  await appender.append(RECORDS, [], true);
  await appender.fence();
  await appender.append(RECORDS, [], true);
  await appender.close();
  expect(script.calls.slice(1)).toEqual([
    'begin',
    'send shop*2',
    'send shop*2',
    'send offsets*1',
    'commit',
    'begin',
    'send shop*2',
    'abort',
    'begin',
    'send shop*2',
    'abort',
    'close 1',
  ]);
});

test('two writes at a time are one after the other', async () => {
  const { script, appender } = appenderOf('id');
  await Promise.all([appender.append(RECORDS, []), appender.append(batchOf([]), OFFSET)]);
  expect(script.calls.slice(1)).toEqual([
    'begin',
    'send shop*2',
    'commit',
    'begin',
    'send offsets*1',
    'commit',
  ]);
});

test('a record that is too large goes to the dead letters before the offset', async () => {
  const { script, appender } = appenderOf(null, 5000);
  const batch = batchOf([
    { topic: 0, key: 'a', value: '1' },
    { topic: 0, key: 'b', value: 'x'.repeat(6000) },
  ]);
  await appender.append(batch, OFFSET);
  expect(script.calls.slice(1)).toEqual(['send shop*1', 'send letters*2', 'send offsets*1']);
});
