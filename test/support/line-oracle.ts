import { readFile } from 'node:fs/promises';
import { expect, vi } from 'vitest';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import { EmbeddedRegistry } from '../../src/converter/registry/embedded-registry.ts';
import { decodeSinkRecords } from '../../src/runtime/sink-records.ts';
import { lineFormat } from '../../src/sink/file/record-lines.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';

interface PlacedLine {
  readonly offset: number;
  readonly line: string;
}

/** By `topic/partition`, in the order of reading. */
type PlacedLines = ReadonlyMap<string, readonly PlacedLine[]>;

/** What a file sink has to write of a log, as the log is now. */
async function linesOfLog(storePath: string): Promise<PlacedLines> {
  await using transport = await openEmbeddedTransport({ path: storePath, readOnly: true });
  const registry = new EmbeddedRegistry(transport.documents);
  const key = new AvroConverter(registry, { isKey: true });
  const value = new AvroConverter(registry, { isKey: false });
  await using consumer = await transport.consumer({
    group: 'line-oracle',
    topics: /^copy\..*$/,
    register: false,
  });
  const lineOf = lineFormat('json');
  const lines = new Map<string, PlacedLine[]>();
  const { signal } = new AbortController();
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 50, signal });
    if (fetched.every(({ records }) => records.length === 0)) return lines;
    for (const record of await decodeSinkRecords(fetched, { key, value }, null, true)) {
      const place = `${record.topic}/${record.partition}`;
      const known = lines.get(place) ?? [];
      known.push({ offset: record.offset, line: lineOf(record) });
      lines.set(place, known);
    }
  }
}

/** The lines of files, the oldest first. Fails where one is no whole line. */
async function linesOfFiles(files: readonly string[]): Promise<PlacedLines> {
  const lines = new Map<string, PlacedLine[]>();
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    expect(text === '' || text.endsWith('\n'), `${file} ends with a whole line`).toBe(true);
    for (const line of text.split('\n').slice(0, -1)) {
      const { topic, partition, offset } = JSON.parse(line) as {
        topic: string;
        partition: number;
        offset: number;
      };
      const known = lines.get(`${topic}/${partition}`) ?? [];
      known.push({ offset, line });
      lines.set(`${topic}/${partition}`, known);
    }
  }
  return lines;
}

/**
 * The files have each record of the log once, in the order of its partition, byte for byte. A
 * snapshot that began anew has dropped records of the log whose lines stay in the file.
 */
export async function expectLinesOfLog(
  files: readonly string[],
  storePath: string,
): Promise<number> {
  const wanted = await linesOfLog(storePath);
  const found = await linesOfFiles(files);
  let count = 0;
  for (const [place, lines] of found) {
    const isRising = lines.every(({ offset }, i) => i === 0 || offset > lines[i - 1]!.offset);
    expect(isRising, `${place}: each offset once, in order`).toBe(true);
  }
  for (const [place, log] of wanted) {
    const first = log[0]?.offset ?? 0;
    const lines = (found.get(place) ?? []).filter(({ offset }) => offset >= first);
    const different = log.findIndex(({ line }, i) => lines[i]?.line !== line);
    expect([different, lines.length], `${place} at ${lines[different]?.line}`).toEqual([
      -1,
      log.length,
    ]);
    count += log.length;
  }
  return count;
}

/** As `lineFormat('json')` begins a line. */
const PLACE = /^\{"topic":"([^"]+)","partition":(\d+),"offset":(\d+),/gm;

/** Waits until the files have lines up to the end of the log, which grows no more. */
export async function untilAllLines(files: readonly string[], storePath: string): Promise<void> {
  const ends = await endsOfLog(storePath);
  await vi.waitFor(
    async () => {
      const found = new Map<string, number>();
      for (const file of files) {
        for (const [, topic, partition, offset] of (await readFile(file, 'utf8')).matchAll(PLACE))
          found.set(`${topic}/${partition}`, Number(offset) + 1);
      }
      expect(found).toEqual(ends);
    },
    { timeout: 60_000, interval: 200 },
  );
}

async function endsOfLog(storePath: string): Promise<ReadonlyMap<string, number>> {
  await using transport = await openEmbeddedTransport({ path: storePath, readOnly: true });
  const topics = (await transport.listTopics()).filter(({ name }) => name.startsWith('copy.'));
  return new Map(
    topics.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ endOffset }) => endOffset > 0)
        .map(({ partition, endOffset }) => [`${name}/${partition}`, endOffset] as const),
    ),
  );
}
