import { expect, test } from 'vitest';
import { addHistoryRecord, historyRecords } from '../../src/runtime/history-topic.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function append(transport: Transport, texts: readonly string[]): Promise<void> {
  const handle = await transport.openTopic('history', { partitions: 1 });
  const batch = new RecordBatch();
  for (const text of texts) addHistoryRecord(batch, handle, text, 1000);
  await transport.append(batch, null);
}

async function read(
  transport: Transport,
  from: number,
  signal = new AbortController().signal,
): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const record of historyRecords(transport, 'history', from, signal)) {
    texts.push(record.toString());
  }
  return texts;
}

test('records come as they were added, from any offset to the end', async () => {
  await using folder = await temporaryFolder('history-topic');
  await using transport = await openEmbeddedTransport({ path: folder.path });
  expect(await read(transport, 0)).toEqual([]);
  await append(transport, ['a', 'b']);
  await append(transport, ['ç']);
  expect(await read(transport, 0)).toEqual(['a', 'b', 'ç']);
  expect(await read(transport, 2)).toEqual(['ç']);
  expect(await read(transport, 3)).toEqual([]);
});

test('the reading ends, although more comes meanwhile', async () => {
  await using folder = await temporaryFolder('history-topic');
  await using transport = await openEmbeddedTransport({ path: folder.path });
  await append(transport, ['a', 'b']);
  const { signal } = new AbortController();
  const texts: string[] = [];
  for await (const record of historyRecords(transport, 'history', 0, signal)) {
    texts.push(record.toString());
    await append(transport, ['later']);
  }
  expect(texts).toEqual(['a', 'b']);
});

test('who is told to stop while reading does not take a part for the whole', async () => {
  await using folder = await temporaryFolder('history-topic');
  await using transport = await openEmbeddedTransport({ path: folder.path });
  await append(transport, ['a']);
  await expect(read(transport, 0, AbortSignal.abort())).rejects.toThrow('abort');
});
