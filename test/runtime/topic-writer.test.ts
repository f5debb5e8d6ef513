import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import type { RecordWriter } from '../../src/runtime/record-writer.ts';
import { TopicWriter } from '../../src/runtime/topic-writer.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { readBatch, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { renamingWriter } from '../support/renaming-writer.ts';

const SCHEMA: ConnectSchema = {
  type: 'struct',
  optional: false,
  name: 'note',
  fields: [{ name: 'text', schema: { type: 'string', optional: false } }],
};
const struct = (text: string): Struct => ({ schema: SCHEMA, values: [text] });
const RECORD = { key: struct('k'), value: struct('v') };

function setUp(transforming?: RecordWriter): { writer: TopicWriter; opened: unknown[] } {
  const opened: unknown[] = [];
  const transport: Pick<Transport, 'openTopic'> = {
    openTopic: (name, options) => Promise.resolve(opened.push([name, options])),
  };
  const converter = new JsonConverter({ schemasEnable: false });
  const writer = new TopicWriter(
    {
      transport: transport as Transport,
      key: converter,
      value: converter,
      topicOptions: { partitions: 1 },
      ...(transforming === undefined ? {} : { transforming }),
    },
    { name: 'notes', keySchema: SCHEMA, valueSchema: SCHEMA },
  );
  return { writer, opened };
}

test('the topic is opened once, before the first record', async () => {
  const { writer, opened } = setUp();
  expect(writer.isReady).toBe(false);
  expect(() => {
    writer.write(RECORD, new RecordBatch(), 5);
  }).toThrow('a record before notes was opened');
  await writer.prepare();
  await writer.prepare();
  expect(writer.isReady).toBe(true);
  expect(opened).toEqual([['notes', { partitions: 1 }]]);
  const batch = new RecordBatch();
  writer.write(RECORD, batch, 5);
  expect(readBatch(batch, WIRES[1] as Wire)).toMatchObject([
    { key: '{"text":"k"}', value: '{"text":"v"}' },
  ]);
});

test('with transforms the topic is theirs', async () => {
  const renamed: string[] = [];
  const transforming = renamingWriter(renamed);
  const { writer, opened } = setUp(transforming);
  expect(writer.isReady).toBe(true);
  await writer.prepare();
  const batch = new RecordBatch();
  writer.write(RECORD, batch, 5);
  expect(transforming.isWaiting).toBe(true);
  await transforming.drain(() => batch, new AbortController().signal);
  expect(renamed).toEqual(['x.notes']);
  expect(opened).toEqual([]);
  expect(readBatch(batch, WIRES[1] as Wire)).toHaveLength(1);
});
