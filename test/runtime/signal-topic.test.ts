import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { SignalTopic } from '../../src/runtime/signal-topic.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { signal } = new AbortController();

test('what is sent is read in its order, from a position that the caller keeps', async () => {
  await using folder = await temporaryFolder('signal-topic');
  await using transport = await openEmbeddedTransport({ path: folder.path });
  const topic = new SignalTopic(transport, 'shop-signal', 'shop', systemClock);
  await topic.prepare();
  expect(await topic.read(0, signal)).toEqual([]);
  const pause = { id: 'a', type: 'pause-snapshot', data: null };
  const log = { id: 'b', type: 'log', data: '{"message":"m"}' };
  await topic.send(pause);
  await topic.send(log);
  const found = await topic.read(0, signal);
  expect(found).toEqual([
    { signal: { ...pause, data: '{}' }, reason: null, next: 1 },
    { signal: log, reason: null, next: 2 },
  ]);
  expect(await topic.read(1, signal)).toEqual(found.slice(1));
  expect(await topic.read(2, signal)).toEqual([]);
  // Another process with a position that is further back.
  const other = new SignalTopic(transport, 'shop-signal', 'shop', systemClock);
  await other.prepare();
  expect(await other.read(0, signal)).toEqual(found);
});

test('records of other sources and records that are no signals are passed over', async () => {
  await using folder = await temporaryFolder('signal-topic');
  await using transport = await openEmbeddedTransport({ path: folder.path });
  const topic = new SignalTopic(transport, 'signals', 'shop', systemClock);
  await topic.prepare();
  const handle = await transport.openTopic('signals');
  const batch = new RecordBatch();
  for (const [key, value] of [
    ['else', '{"type":"log"}'],
    ['shop', 'nonsense'],
    ['shop', '{"id":"c","type":"log"}'],
  ] as const) {
    batch.start(handle, 0);
    batch.writer.raw(Buffer.from(key));
    batch.endKey(true);
    batch.writer.raw(Buffer.from(value));
    batch.endValue(true);
    batch.end();
  }
  await transport.append(batch, null);
  expect(await topic.read(0, signal)).toEqual([
    { signal: null, reason: null, next: 1 },
    { signal: null, reason: expect.stringContaining('no JSON object') as string, next: 2 },
    { signal: { id: 'c', type: 'log', data: null }, reason: null, next: 3 },
  ]);
});
