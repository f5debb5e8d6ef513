import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { RecordWriter } from '../../src/runtime/record-writer.ts';
import { SourceHeartbeat } from '../../src/runtime/source-heartbeat.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { TopicOptions, Transport } from '../../src/transport/transport.ts';
import { readBatch, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { renamingWriter } from '../support/renaming-writer.ts';

function setup(transforming?: RecordWriter) {
  const clock = new FakeClock();
  const opened: [string, TopicOptions | undefined][] = [];
  const transport: Pick<Transport, 'openTopic'> = {
    openTopic: (name, options) => {
      opened.push([name, options]);
      return Promise.resolve(4);
    },
  };
  const heartbeat = new SourceHeartbeat({
    intervalMs: 100,
    topicPrefix: 'shop',
    transport: transport as Transport,
    key: new JsonConverter({ schemasEnable: false }),
    value: new JsonConverter({ schemasEnable: false }),
    topicOptions: { partitions: 6, retentionMs: 1000 },
    clock,
    ...(transforming === undefined ? {} : { transforming }),
  });
  return { clock, opened, heartbeat };
}

test("a record is Debezium's, in a topic of one partition that is opened once", async () => {
  const { heartbeat, opened, clock } = setup();
  await heartbeat.prepare();
  await heartbeat.prepare();
  expect(opened).toEqual([['__debezium-heartbeat.shop', { partitions: 1, retentionMs: 1000 }]]);
  const batch = new RecordBatch();
  heartbeat.write(batch);
  expect(readBatch(batch, WIRES[1] as Wire)).toEqual([
    { key: '{"serverName":"shop"}', value: `{"ts_ms":${clock.nowMs()}}`, headers: [] },
  ]);
  expect([batch.topics[0], batch.timestampsMs[0]]).toEqual([4, clock.nowMs()]);
});

test('with transforms the record goes through them, to a topic that was made before', async () => {
  const renamed: string[] = [];
  const { heartbeat, opened, clock } = setup(renamingWriter(renamed));
  await heartbeat.prepare();
  expect([opened, renamed]).toEqual([[], ['x.__debezium-heartbeat.shop']]);
  const batch = new RecordBatch();
  heartbeat.write(batch);
  expect(readBatch(batch, WIRES[1] as Wire)).toEqual([
    { key: '{"serverName":"shop"}', value: `{"ts_ms":${clock.nowMs()}}`, headers: [] },
  ]);
});

test('beats at the interval until it is stopped, and leaves no timer', () => {
  const { heartbeat, clock } = setup();
  let beats = 0;
  const stop = heartbeat.start(() => beats++);
  clock.advance(99);
  expect(beats).toBe(0);
  clock.advance(301);
  expect(beats).toBe(4);
  stop();
  clock.advance(1000);
  expect(beats).toBe(4);
  expect(clock.pendingTimers).toBe(0);
});

test('a record before its topic is a defect of ours, and leaves the batch as it was', () => {
  const { heartbeat } = setup();
  const batch = new RecordBatch();
  expect(() => {
    heartbeat.write(batch);
  }).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  expect([batch.count, batch.byteLength]).toEqual([0, 0]);
});
