import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { SchemaStatement } from '../../src/model/change-event.ts';
import type { RecordWriter } from '../../src/runtime/record-writer.ts';
import { SourceSchemaChanges } from '../../src/runtime/source-schema-changes.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { BINLOG_OPTIONS, binlogOrigin, readBatch, WIRES } from '../rowpath/encoder-harness.ts';
import type { Wire } from '../rowpath/encoder-harness.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { renamingWriter } from '../support/renaming-writer.ts';

const STATEMENT: SchemaStatement = {
  origin: binlogOrigin(),
  database: 'shop',
  tables: null,
  ddl: 'CREATE DATABASE shop',
  changes: [],
};

function setUp(transforming?: RecordWriter): { changes: SourceSchemaChanges; opened: unknown[] } {
  const opened: unknown[] = [];
  const transport: Pick<Transport, 'openTopic'> = {
    openTopic: (name, options) => Promise.resolve(opened.push([name, options])),
  };
  const converter = new JsonConverter({ schemasEnable: false });
  const changes = new SourceSchemaChanges({
    transport: transport as Transport,
    connector: 'mysql',
    envelope: BINLOG_OPTIONS,
    key: converter,
    value: converter,
    topicOptions: { partitions: 4 },
    clock: new FakeClock(),
    ...(transforming === undefined ? {} : { transforming }),
  });
  return { changes, opened };
}

test('one partition, whatever the tables have, so that the order stays', async () => {
  const { changes, opened } = setUp();
  await changes.prepare();
  expect(changes.prepare()).toBeUndefined();
  expect(opened).toEqual([['shop', { partitions: 1 }]]);
});

test('the record has the headers of a change', async () => {
  const { changes } = setUp();
  await changes.prepare();
  const batch = new RecordBatch();
  changes.write(STATEMENT, batch);
  const [record] = readBatch(batch, WIRES[1] as Wire);
  expect(record?.key).toBe('{"databaseName":"shop"}');
  expect(JSON.parse(record?.value ?? '')).toMatchObject({ ddl: STATEMENT.ddl, tableChanges: [] });
  expect(record?.headers).toEqual([['__debezium.context.taskId', '0']]);
});

test('with transforms they see it, headers and all', async () => {
  const topics: string[] = [];
  const writer = renamingWriter(topics);
  const { changes } = setUp(writer);
  expect(changes.prepare()).toBeUndefined();
  changes.write(STATEMENT, new RecordBatch());
  const batch = new RecordBatch();
  await writer.drain(() => batch, new AbortController().signal);
  expect(topics).toEqual(['x.shop']);
  const [record] = readBatch(batch, WIRES[1] as Wire);
  expect(record?.headers).toEqual([['__debezium.context.taskId', '0']]);
});
