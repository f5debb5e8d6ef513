import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { Daemon } from '../support/daemon.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { runProgram } from '../support/cli-process.ts';
import { eventually } from '../support/eventually.ts';

const SCHEMA = `
  CREATE TABLE orders (id int PRIMARY KEY, v text);
  INSERT INTO orders SELECT g, 'v' FROM generate_series(1, 50) g;`;
const CHANNELS = `
  key.converter: json
  value.converter: json
  signal.enabled.channels: kafka,file
  signal.file: signals.txt
  signal.poll.interval.ms: 20
  incremental.snapshot.chunk.size: 20
  notification.enabled.channels: sink,log
  notification.sink.topic.name: notices`;

interface Told {
  readonly id: string;
  readonly type: string;
  readonly aggregate_type: string;
}

/** What stands in the topic of notifications, in its order. */
async function notices(storePath: string): Promise<readonly Told[]> {
  await using transport = await openEmbeddedTransport({ path: storePath, readOnly: true });
  await using consumer = await transport.consumer({
    group: 'test',
    topics: ['notices'],
    register: false,
  });
  const { signal } = new AbortController();
  const told: Told[] = [];
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 0, signal });
    const records = fetched.flatMap((batch) => batch.records);
    if (records.length === 0) return told;
    for (const { value } of records) {
      const document = JSON.parse(value?.toString() ?? '') as { payload?: Told } & Told;
      told.push(document.payload ?? document);
    }
  }
}

const shown = (told: readonly Told[]): string[] =>
  told.map(({ id, aggregate_type, type }) =>
    aggregate_type === 'Initial Snapshot' ? `first ${type}` : `${id} ${type}`,
  );

async function untilTold(pipeline: DaemonPipeline, line: string): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(shown(await notices(pipeline.storePath))).toContain(line);
    },
    { timeout: 60_000, interval: 50 },
  );
}

test('by topic and by file, each signal once over kills, and what is told is durable', async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA, extraSource: CHANNELS });
  const file = path.join(path.dirname(pipeline.file), 'signals.txt');
  const snapshot = { 'data-collections': ['public.orders'] };
  const line = (id: string): string =>
    `${JSON.stringify({ id, type: 'execute-snapshot', data: snapshot })}\n`;
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    const sent = await runProgram([
      'snapshot',
      pipeline.file,
      '--tables',
      'public.orders',
      '--channel',
      'kafka',
      '--json',
    ]);
    expect([sent.code, sent.stderr]).toEqual([0, '']);
    const { id } = JSON.parse(sent.stdout) as { id: string };
    await untilTold(pipeline, `${id} COMPLETED`);
    await appendFile(file, `${line('f1')}nonsense\n`);
    await untilTold(pipeline, 'f1 COMPLETED');
    await eventually(async () => expect(await readFile(file, 'utf8')).toBe(''));
    expect(daemon.output).toContain('[Notification Service] Incremental Snapshot COMPLETED');
    const response = await fetch(`http://127.0.0.1:${pipeline.port}/notifications`);
    const newest = (await response.json()) as Told[];
    expect(newest.at(-1)).toMatchObject({ id: 'f1', type: 'COMPLETED' });
    daemon.kill();
    await daemon.ended;
  }
  // While it is away a line comes; the next life is killed when the line's effect is durable.
  await appendFile(file, line('f2'));
  {
    await using daemon = Daemon.start(pipeline);
    await untilTold(pipeline, 'f2 STARTED');
    const byTopic = ['--tables', 'public.orders', '--channel', 'kafka'];
    expect((await runProgram(['snapshot', pipeline.file, ...byTopic])).code).toBe(0);
    daemon.kill();
    await daemon.ended;
  }
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    await untilTold(pipeline, 'f2 COMPLETED');
    // The first one, by topic, f1, f2, and the one that was sent just before the kill.
    await vi.waitFor(
      async () => {
        const told = shown(await notices(pipeline.storePath));
        expect(told.filter((line) => line.endsWith(' COMPLETED'))).toHaveLength(5);
      },
      { timeout: 60_000, interval: 50 },
    );
    await eventually(async () => expect(await readFile(file, 'utf8')).toBe(''));
    expect(await daemon.stop()).toBe(0);
  }
  const all = shown(await notices(pipeline.storePath));
  const count = (text: string): number => all.filter((one) => one.endsWith(text)).length;
  expect([count(' STARTED'), count('f2 STARTED'), count(' REJECTED')]).toEqual([5, 1, 1]);
  expect([count('f2 COMPLETED'), count('first COMPLETED')]).toEqual([1, 1]);
  expect(all[0]).toBe('first STARTED');
});
