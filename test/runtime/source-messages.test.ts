import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { MessageChange } from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';
import type { RecordWriter } from '../../src/runtime/record-writer.ts';
import type { BinaryMode } from '../../src/runtime/source-messages.ts';
import { SourceMessages } from '../../src/runtime/source-messages.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { OPTIONS, readBatch, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { renamingWriter } from '../support/renaming-writer.ts';

function setUp(
  binary: BinaryMode,
  transforming?: RecordWriter,
): { messages: SourceMessages; opened: string[] } {
  const opened: string[] = [];
  const transport: Pick<Transport, 'openTopic'> = {
    openTopic: (name) => {
      opened.push(name);
      return Promise.resolve(opened.length);
    },
  };
  const messages = new SourceMessages({
    transport: transport as Transport,
    envelope: OPTIONS,
    binary,
    key: new JsonConverter({ schemasEnable: false }),
    value: new JsonConverter({ schemasEnable: false }),
    topicOptions: { partitions: 2 },
    clock: new FakeClock(),
    ...(transforming === undefined ? {} : { transforming }),
  });
  return { messages, opened };
}

const CHANGE: MessageChange = {
  prefix: 'audit',
  content: Buffer.from([0, 0xfb, 0xff]),
  transactional: true,
  family: 'postgres',
  lsn: lsn(20n),
  commitLsn: lsn(30n),
  previousCommitLsn: null,
  ordinal: 0,
  transactionId: 7,
  sourceMicros: 1_000_000n,
  snapshot: 'false',
};

function contentAs(messages: SourceMessages): unknown {
  const batch = new RecordBatch();
  messages.write(CHANGE, batch);
  const [record] = readBatch(batch, WIRES[1] as Wire);
  expect(record?.key).toBe('{"prefix":"audit"}');
  return (JSON.parse(record?.value ?? '') as { message: { content: unknown } }).message.content;
}

test.for<readonly [BinaryMode, string]>([
  ['bytes', 'APv/'],
  ['base64', 'APv/'],
  ['base64-url-safe', 'APv_'],
  ['hex', '00fbff'],
])('content follows binary.handling.mode: %s', async ([binary, text]) => {
  const { messages } = setUp(binary);
  await messages.prepare();
  expect(contentAs(messages)).toBe(text);
});

test('the topic is made at the first message only', async () => {
  const { messages, opened } = setUp('bytes');
  expect(opened).toEqual([]);
  await messages.prepare();
  expect(messages.prepare()).toBeUndefined();
  expect(opened).toEqual(['shop.message']);
});

test('with transforms a message goes through them and may wait for its topic', async () => {
  const renamed: string[] = [];
  const writer = renamingWriter(renamed);
  const { messages, opened } = setUp('hex', writer);
  expect(messages.prepare()).toBeUndefined();
  const batch = new RecordBatch();
  messages.write(CHANGE, batch);
  expect([batch.count, writer.isWaiting]).toEqual([0, true]);
  await writer.drain(() => batch, new AbortController().signal);
  expect([batch.count, opened, renamed]).toEqual([1, [], [`x.${OPTIONS.topicPrefix}.message`]]);
});
