import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import type { PipelineStatus, SinkView } from '../../src/runtime/pipeline-status.ts';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { diesWithItsTest } from '../support/dies-with-its-test.ts';
import { LedgerLoad, randomFrom, seedLedger } from '../support/ledger-load.ts';
import { ledgerPipeline, untilEqual } from '../support/ledger-pipeline.ts';
import { expectLinesOfLog, untilAllLines } from '../support/line-oracle.ts';
import { compileDiskShim } from '../transport/embedded/disk-journal.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? (ALL ? 30 : 3));
const MAIN = path.join(import.meta.dirname, '../../src/main.ts');

/** A pipeline whose second sink is a file beside the pipeline file. */
async function linesPipeline(extra = 'file: lines.jsonl'): Promise<[DaemonPipeline, string]> {
  const extraSink = `  - name: lines
    connector.class: file
    errors.retry.delay.initial.ms: 100
    errors.retry.delay.max.ms: 200
    ${extra}`;
  const pipeline = await ledgerPipeline({ extraSink });
  return [pipeline, path.join(path.dirname(pipeline.file), 'lines.jsonl')];
}

function linesOf({ sinks }: PipelineStatus): SinkView | undefined {
  return sinks.find(({ name }) => name === 'lines');
}

// PITFALLS S7, S26.
test(`killed at ${KILLS} random instants (seed ${SEED}): each record is one line`, async () => {
  const [pipeline, file] = await linesPipeline();
  await using _pipeline = pipeline;
  const random = randomFrom(SEED);
  const writer = await pipeline.connect('source');
  await seedLedger(writer, 6_000);
  const load = await LedgerLoad.resume(writer, SEED);
  load.start();
  for (const point of ['sink.polled:2', 'sink.applied:3', 'sink.committed:1']) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint: point });
    expect((await daemon.ended).signal, `it said:\n${daemon.output}`).toBe('SIGKILL');
  }
  let written = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => (linesOf(status)?.applied ?? 0) > 0);
    const untilMs = Date.now() + Math.floor(random() * 500);
    const status = await daemon.until(() => Date.now() >= untilMs);
    written += linesOf(status)?.applied ?? 0;
    daemon.kill('SIGKILL');
  }
  expect(written).toBeGreaterThan(KILLS);
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  await load.stop();
  await untilEqual(pipeline, daemon);
  await untilAllLines([file], pipeline.storePath);
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
  expect(await expectLinesOfLog([file], pipeline.storePath)).toBeGreaterThan(12_000);
});

test.each([
  ['for lines', 'DISK_FAIL_LINES'],
  ['for offsets', 'DISK_FAIL_OFFSETS'],
])('a disk without room %s: no half line is seen, and nothing is lost', async (_, failure) => {
  const [pipeline, file] = await linesPipeline();
  await using _pipeline = pipeline;
  const writer = await pipeline.connect('source');
  await seedLedger(writer, 100);
  const full = `${file}.full`;
  const library = compileDiskShim(path.dirname(file));
  const env = { LD_PRELOAD: library, DISK_LINES: 'lines.jsonl', [failure]: full };
  {
    await using daemon = Daemon.start({ ...pipeline, env });
    await daemon.until((status) => linesOf(status)?.applied === 200);
    await writeFile(full, '');
    const before = await readFile(file, 'utf8');
    const load = await LedgerLoad.resume(writer, SEED);
    for (let i = 0; i < 50; i++) await load.transaction();
    await daemon.until(
      (status) => !status.healthy && linesOf(status)?.error?.code === 'SINK_FILE_FULL',
    );
    // Tried again and again, by tasks that were begun anew.
    const told = (): number => daemon.output.split('"code":"SINK_FILE_FULL"').length;
    await vi.waitFor(() => expect(told()).toBeGreaterThan(6), { timeout: 60_000 });
    for (let look = 0; look < 20; look++) {
      const text = await readFile(file, 'utf8');
      expect(text.startsWith(before)).toBe(true);
      // Between a failing write and its undoing half a line may be seen, but none stays.
      await expect.poll(() => readFile(file, 'utf8')).toMatch(/\n$/);
    }
    await rm(full);
    await untilEqual(pipeline, daemon);
    await untilAllLines([file], pipeline.storePath);
    await daemon.until(({ healthy: isHealthy }) => isHealthy);
    expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
  }
  await expectLinesOfLog([file], pipeline.storePath);
  // A second run on the same state goes on.
  const load = await LedgerLoad.resume(writer, SEED + 1);
  for (let i = 0; i < 20; i++) await load.transaction();
  await using daemon = Daemon.start(pipeline);
  await untilEqual(pipeline, daemon);
  await untilAllLines([file], pipeline.storePath);
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
  await expectLinesOfLog([file], pipeline.storePath);
});

test('rotated by renaming under load, the files together have each record once', async () => {
  const [pipeline, file] = await linesPipeline();
  await using _pipeline = pipeline;
  const writer = await pipeline.connect('source');
  await seedLedger(writer, 1000);
  const load = await LedgerLoad.resume(writer, SEED);
  load.start();
  await using daemon = Daemon.start(pipeline);
  const files: string[] = [];
  for (let rotation = 0; rotation < 8; rotation++) {
    const applied = linesOf(await daemon.until(() => true))?.applied ?? 0;
    await daemon.until((status) => (linesOf(status)?.applied ?? 0) > applied + 20);
    await vi.waitFor(() => rename(file, `${file}.${rotation}`), { timeout: 60_000 });
    files.push(`${file}.${rotation}`);
  }
  const applied = linesOf(await daemon.until(() => true))?.applied ?? 0;
  await daemon.until((status) => (linesOf(status)?.applied ?? 0) > applied + 20);
  await load.stop();
  await untilEqual(pipeline, daemon);
  await untilAllLines([...files, file], pipeline.storePath);
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
  await expectLinesOfLog([...files, file], pipeline.storePath);
  // What others copy and cut goes on at the beginning of the file.
  await copyFile(file, `${file}.8`);
  await truncate(file);
  const later = await LedgerLoad.resume(writer, SEED + 1);
  for (let i = 0; i < 20; i++) await later.transaction();
  await using second = Daemon.start(pipeline);
  const all = [...files, `${file}.8`, file];
  await untilEqual(pipeline, second);
  await untilAllLines(all, pipeline.storePath);
  expect(await second.stop(), `it said:\n${second.output}`).toBe(0);
  expect(second.output).toContain('bytes by others');
  await expectLinesOfLog(all, pipeline.storePath);
});

test('offsets set has all lines written again', async () => {
  const [pipeline, file] = await linesPipeline('file: lines.jsonl\n    format: value');
  await using _pipeline = pipeline;
  const writer = await pipeline.connect('source');
  await seedLedger(writer, 300);
  const run = async (lines: number): Promise<string[]> => {
    await using daemon = Daemon.start(pipeline);
    await vi.waitFor(
      async () => expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(lines + 1),
      { timeout: 60_000, interval: 50 },
    );
    expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
    return (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  };
  const first = await run(600);
  expect(JSON.parse(first[0] ?? '')).toMatchObject({ op: 'r', after: {} });
  const args = ['offsets', 'set', pipeline.file, '--sink', 'lines', '--to-earliest', '--json'];
  const moved = await runProgram(args);
  expect(moved, `it said:\n${moved.stderr}`).toMatchObject({ code: 0 });
  expect(moved.stdout).toContain('twice');
  const second = await run(1200);
  expect(second.slice(0, 600)).toEqual(first);
  expect(second.slice(600).toSorted()).toEqual(first.toSorted());
});

test('lines go to standard output, whose reader may stand still at a stop', async () => {
  const [pipeline] = await linesPipeline('format: value');
  await using _pipeline = pipeline;
  const writer = await pipeline.connect('source');
  await seedLedger(writer, 20_000);
  const child = spawn(process.execPath, [MAIN, 'run', pipeline.file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  diesWithItsTest(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  let printed = '';
  const more = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (printed.length < 100_000) return;
      // The pipe fills up: the sink waits, the source does not.
      child.stdout.pause();
      resolve();
    });
  });
  await more;
  const lines = printed.split('\n').slice(0, -1);
  expect(lines.length).toBeGreaterThan(100);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ op: 'r' });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGTERM');
  const [code] = await ended;
  child.stdout.destroy();
  expect(code, `it said:\n${log}`).toBe(0);
});
