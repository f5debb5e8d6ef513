import { Writable } from 'node:stream';
import pino from 'pino';
import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { SourceNotification } from '../../src/model/source-notification.ts';
import { SourceNotifications } from '../../src/runtime/source-notifications.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { TopicOptions, Transport } from '../../src/transport/transport.ts';
import { readBatch, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { FakeClock } from '../support/fake-clock.ts';

const STARTED: SourceNotification = { aggregate: 'Initial Snapshot', type: 'STARTED', data: {} };
const COMPLETED: SourceNotification = { ...STARTED, type: 'COMPLETED' };
const PROGRESS: SourceNotification = {
  id: 's1',
  aggregate: 'Incremental Snapshot',
  type: 'IN_PROGRESS',
  data: { current_collection_in_progress: 'public.a', last_processed_key: '17' },
};

function setup(channels: { logs?: boolean; topic?: string } = {}) {
  const clock = new FakeClock();
  const opened: [string, TopicOptions | undefined][] = [];
  const appended: unknown[] = [];
  const logged: Record<string, unknown>[] = [];
  let failure: Error | null = null;
  const transport: Pick<Transport, 'openTopic' | 'append'> = {
    openTopic: (name, options) => {
      opened.push([name, options]);
      return Promise.resolve(4);
    },
    append: (batch, offset) => {
      if (failure !== null) return Promise.reject(failure);
      appended.push([readBatch(batch, WIRES[1] as Wire), offset]);
      return Promise.resolve();
    },
  };
  const notifications = new SourceNotifications({
    connectorName: 'shop',
    logs: channels.logs ?? false,
    topic: channels.topic ?? null,
    transport: transport as Transport,
    key: new JsonConverter({ schemasEnable: false }),
    value: new JsonConverter({ schemasEnable: false }),
    topicOptions: { partitions: 6 },
    clock,
    logger: pino(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          logged.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
          done();
        },
      }),
    ),
  });
  const batch = new RecordBatch();
  const fail = (error: Error): void => {
    failure = error;
  };
  return { notifications, opened, appended, logged, batch, clock, fail };
}

test('the channel sink: a record in a topic of one partition, behind its rows', async () => {
  const { notifications, opened, batch, clock } = setup({ topic: 'notices' });
  await notifications.prepare();
  await notifications.prepare();
  expect(opened).toEqual([['notices', { partitions: 1 }]]);
  notifications.begun((write) => {
    write(batch);
  });
  notifications.tell(PROGRESS);
  expect(readBatch(batch, WIRES[1] as Wire)).toEqual([
    {
      key: '{"id":"s1"}',
      value:
        '{"id":"s1","type":"IN_PROGRESS","aggregate_type":"Incremental Snapshot",' +
        '"additional_data":{"current_collection_in_progress":"public.a","connector_name":"shop",' +
        `"last_processed_key":"17"},"timestamp":${clock.nowMs()}}`,
      headers: [],
    },
  ]);
});

test('the channel log names no keys of rows; without a channel nothing is written', async () => {
  const { notifications, logged, opened, batch } = setup({ logs: true });
  await notifications.prepare();
  notifications.begun((write) => {
    write(batch);
  });
  notifications.tell(PROGRESS);
  expect(logged).toEqual([
    expect.objectContaining({
      msg: '[Notification Service] Incremental Snapshot IN_PROGRESS',
      id: 's1',
      additionalData: { connector_name: 'shop', current_collection_in_progress: 'public.a' },
    }),
  ]);
  expect([opened, batch.count]).toEqual([[], 0]);
});

test('the newest hundred are kept, each with an id of its own where no signal gave one', () => {
  const { notifications } = setup();
  for (let i = 0; i < 101; i++) notifications.tell({ ...STARTED, data: { n: String(i) } });
  const newest = notifications.newest();
  expect(newest).toHaveLength(100);
  expect(newest.at(-1)?.additionalData).toEqual({ connector_name: 'shop', n: '100' });
  expect(new Set(newest.map(({ id }) => id)).size).toBe(100);
});

test('of the chunks of a snapshot the last is kept', () => {
  const { notifications } = setup();
  notifications.tell({ ...PROGRESS, type: 'STARTED', data: {} });
  for (const key of ['1', '2']) {
    notifications.tell({ ...PROGRESS, data: { last_processed_key: key } });
    notifications.tell({ ...PROGRESS, id: 's2', data: { last_processed_key: key } });
  }
  const kept = notifications
    .newest()
    .map((one) => [one.id, one.additionalData['last_processed_key']]);
  expect(kept).toEqual([
    ['s1', undefined],
    ['s1', '2'],
    ['s2', '2'],
  ]);
});

test('a snapshot that is cut short is aborted, in an append of its own', async () => {
  const { notifications, appended } = setup({ topic: 'notices' });
  await notifications.prepare();
  notifications.begun(() => undefined);
  notifications.tell(STARTED);
  await notifications.ended();
  await notifications.ended();
  expect(appended).toEqual([
    [[expect.objectContaining({ value: expect.stringContaining('"ABORTED"') as string })], null],
  ]);
  notifications.tell(STARTED);
  notifications.tell(COMPLETED);
  await notifications.ended();
  expect(appended).toHaveLength(1);
});

test('a store that takes nothing more is a warning, not a failure', async () => {
  const { notifications, logged, fail } = setup({ topic: 'notices' });
  await notifications.prepare();
  notifications.tell(STARTED);
  fail(new TidemarkError('STORE_FULL', 'the store is full'));
  await notifications.ended();
  expect(logged).toEqual([expect.objectContaining({ level: 40, code: 'STORE_FULL' })]);
  expect(notifications.newest().at(-1)?.type).toBe('ABORTED');
});
