/**
 * What an append and a read of the embedded log cost: `node test/transport/embedded/log-bench.ts`.
 * Run by hand on a quiet machine; the figures stand in src/ARCHITECTURE.md.
 */
import { writeSync } from 'node:fs';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import { RecordBatch } from '../../../src/transport/record-batch.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { temporaryFolder } from '../temporary-folder.ts';

interface Figures {
  readonly what: string;
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** Values of 300 to 900 bytes, dealt out to the topics in turn. */
function fill(batch: RecordBatch, count: number, topics: readonly number[]): void {
  batch.clear();
  for (let i = 0; i < count; i++) {
    batch.start(topics[i % topics.length] ?? 0, Date.now());
    batch.writer.ascii(`{"id":${i}}`);
    batch.endKey(true);
    const bytes = 300 + ((i * 7919) % 600);
    batch.writer.reserve(bytes);
    batch.writer.position += bytes;
    batch.endValue(true);
    batch.end();
  }
}

async function measure(
  what: string,
  repeats: number,
  body: () => Promise<number>,
): Promise<Figures> {
  const latencies: number[] = [];
  let records = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  for (let n = 0; n < repeats; n++) {
    const beganMs = performance.now();
    records += await body();
    latencies.push(performance.now() - beganMs);
  }
  const tookMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2));
  return {
    what,
    recordsPerSecond: Math.round((records / tookMs) * 1000),
    cpuMicrosPerRecord: Number(((cpu.user + cpu.system) / records).toFixed(2)),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

async function readWhole(transport: Transport): Promise<number> {
  await using consumer = await transport.consumer({ group: 'b', topics: /.*/, register: false });
  const signal = new AbortController().signal;
  let records = 0;
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 4_000_000, maxWaitMs: 0, signal });
    if (fetched.length === 0) return records;
    for (const batch of fetched) records += batch.records.length;
  }
}

using folder = temporaryFolder();
await using transport = await openEmbeddedTransport({ path: folder.path });
const topics = [
  await transport.openTopic('a'),
  await transport.openTopic('b'),
  await transport.openTopic('c', { partitions: 3 }),
];
const batch = new RecordBatch();
for (const [count, repeats, topicCount] of [
  [1, 3000, 1],
  [1000, 1000, 1],
  [1000, 1000, 2],
  [1000, 500, 3],
] as const) {
  fill(batch, count, topics.slice(0, topicCount));
  const figures = await measure(`append ${count}, ${topicCount} topics`, repeats, async () => {
    await transport.append(batch, { key: 'bench', value: '{"lsn":1}' });
    return batch.count;
  });
  writeSync(1, `${JSON.stringify(figures)}\n`);
}
const read = await measure('read all', 1, () => readWhole(transport));
writeSync(1, `${JSON.stringify(read)}\n`);
