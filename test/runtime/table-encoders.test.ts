import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { TableEncoders } from '../../src/runtime/table-encoders.ts';
import type { RecordWriter } from '../../src/runtime/record-writer.ts';
import { renamingWriter } from '../support/renaming-writer.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { TopicOptions, Transport } from '../../src/transport/transport.ts';
import { OPTIONS, readBatch, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { INTEGER, keyedTable, rowChange } from '../support/keyed-table.ts';

const JSON_PLAIN = WIRES[1] as Wire;

function setup(transforming: RecordWriter | null = null) {
  const clock = new FakeClock();
  const opened: [string, TopicOptions | undefined][] = [];
  const transport: Pick<Transport, 'openTopic'> = {
    openTopic: (name, options) => {
      opened.push([name, options]);
      return Promise.resolve(opened.length);
    },
  };
  const side = {
    format: 'json',
    converter: new JsonConverter({ schemasEnable: false }),
  } as const;
  const encoders = new TableEncoders(
    transport as Transport,
    OPTIONS,
    { key: side, value: side },
    { partitions: 3 },
    clock,
    null,
    null,
    transforming,
  );
  return { clock, opened, encoders };
}

test('a version of a table is prepared once; a new version has an encoder of its own', async () => {
  const { encoders, opened } = setup();
  const table = keyedTable();
  expect(await encoders.openTopics([table, table])).toEqual(['shop.public.orders']);
  expect(opened.splice(0)).toEqual([['shop.public.orders', { partitions: 3 }]]);
  await encoders.prepare(table);
  expect(encoders.prepare(table)).toBeUndefined();
  expect(opened).toEqual([['shop.public.orders', { partitions: 3 }]]);
  const next = { ...table, version: 2 };
  expect(() => encoders.of(next)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  await encoders.prepare(next);
  expect(encoders.of(next)).not.toBe(encoders.of(table));
});

test('under transforms the topics that begin anew are theirs', async () => {
  const renamed: string[] = [];
  const { encoders, opened } = setup(renamingWriter(renamed));
  expect(await encoders.openTopics([keyedTable()])).toEqual(['x.shop.public.orders']);
  expect(opened).toEqual([['x.shop.public.orders', { partitions: 3 }]]);
});

test('the rows of one chunk carry one time, those of the next another', async () => {
  const { encoders, clock } = setup();
  const tables = [keyedTable(), keyedTable(INTEGER, { keyColumns: [] })];
  for (const table of tables) await encoders.prepare(table);
  const batch = new RecordBatch();
  const write = (index: number): void => {
    const table = tables[index] ?? keyedTable();
    encoders.of(table).row(rowChange(table, 'c', null, ['1', 'a']), batch);
  };
  const startMs = clock.nowMs();
  write(0);
  clock.advance(5);
  write(1);
  write(0);
  encoders.nextChunk();
  write(0);
  const times = readBatch(batch, JSON_PLAIN).map(({ value }) => {
    const envelope = JSON.parse(value ?? 'null') as { ts_ms: number };
    return envelope.ts_ms - startMs;
  });
  expect(times).toEqual([0, 0, 0, 5]);
  // A table without key has records without key.
  expect(readBatch(batch, JSON_PLAIN).map(({ key }) => key)).toEqual([
    '{"id":1}',
    null,
    '{"id":1}',
    '{"id":1}',
  ]);
});

test('what one life of a reader prepared is unknown to the next', async () => {
  const { encoders, opened } = setup();
  const table = keyedTable();
  await encoders.prepare(table);
  encoders.of(table);
  encoders.forget();
  expect(() => encoders.of(table)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  await encoders.prepare(table);
  expect(opened).toHaveLength(2);
});
