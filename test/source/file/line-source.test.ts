import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { LineSource, type LineSourceOptions } from '../../../src/source/file/line-source.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const OPTIONS: LineSourceOptions = {
  name: null,
  path: '',
  batchLines: 2,
  pollIntervalMs: 10,
  invalidText: 'fail',
};

function sourceOf(change: Partial<LineSourceOptions>, input = Readable.from([])) {
  const notes: string[] = [];
  const source = new LineSource({
    options: { ...OPTIONS, ...change },
    input,
    clock: systemClock,
    note: (text) => notes.push(text),
    warn: (text) => notes.push(text),
  });
  onTestFinished(() => source[Symbol.asyncDispose]());
  return { source, notes };
}

/** What a batch had, and where the source stood behind it. */
function collector(source: LineSource) {
  const lines: string[] = [];
  const settled: (readonly [number, unknown])[] = [];
  return {
    lines,
    settled,
    line: (text: string) => void lines.push(text),
    settle: (): undefined => {
      settled.push([lines.length, source.offset()?.offset['position']]);
    },
  };
}

const never = new AbortController().signal;

test('standard input is read to its end, whose last line may have none', async () => {
  const chunks = ['on', 'e\ntwo\r', '\nthree\nfo', 'ur'].map((text) => Buffer.from(text));
  const { source } = sourceOf({}, Readable.from(chunks));
  const receiver = collector(source);
  await source.run(receiver, null, never);
  expect(receiver.lines).toEqual(['one', 'two', 'three', 'four']);
  expect(receiver.settled.at(-1)).toEqual([4, 19]);
  expect(source.status()).toMatchObject({ phase: 'stopped', received: '19' });
});

test('a file is followed, in batches, and each is settled where it stands', async () => {
  await using folder = await temporaryFolder('lines');
  const file = path.join(folder.path, 'lines.txt');
  const { source, notes } = sourceOf({ name: 'lines.txt', path: file });
  const receiver = collector(source);
  const stop = new AbortController();
  const running = source.run(receiver, null, stop.signal);
  await eventually(() => expect(notes).toEqual([expect.stringMatching(/is waited for/)]));
  expect(source.status().connected).toBe(false);
  await writeFile(file, 'a\nb\nc\n');
  await eventually(() => expect(receiver.lines).toEqual(['a', 'b', 'c']));
  await appendFile(file, 'dd\n');
  await eventually(() => expect(receiver.lines).toHaveLength(4));
  await eventually(() => expect(source.status()).toMatchObject({ connected: true, lagBytes: 0n }));
  stop.abort();
  await running;
  expect(receiver.settled).toContainEqual([2, 4]);
  expect(receiver.settled).toContainEqual([4, 9]);
  const { source: next } = sourceOf({ name: 'lines.txt', path: file });
  const rest = collector(next);
  const again = new AbortController();
  const offset = { partition: { filename: 'lines.txt' }, offset: { position: 4 } };
  const rerun = next.run(rest, offset, again.signal);
  await eventually(() => expect(rest.lines).toEqual(['c', 'dd']));
  again.abort();
  await rerun;
});

test('text that is no UTF-8 stops the source, or is replaced as Java does', async () => {
  const bytes = [Buffer.from('ok\n'), Buffer.from([0x61, 0xff, 0x0a])];
  const { source } = sourceOf({}, Readable.from(bytes));
  await expect(source.run(collector(source), null, never)).rejects.toMatchObject({
    code: 'VALUE_CONVERSION',
    message: expect.stringContaining('before byte 6 is not UTF-8') as string,
  });
  const { source: lenient } = sourceOf({ invalidText: 'replace' }, Readable.from(bytes));
  const receiver = collector(lenient);
  await lenient.run(receiver, null, never);
  expect(receiver.lines).toEqual(['ok', 'a\ufffd']);
});
