import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { SignalFile } from '../../src/runtime/signal-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PAUSE = '{"id":"p","type":"pause-snapshot","data":{}}\n';
const LOG = '{"id":"l","type":"log","data":{"message":"m"}}\n';

async function setup() {
  const folder = await temporaryFolder('signals');
  const file = path.join(folder.path, 'signals.txt');
  return {
    folder,
    file,
    signals: new SignalFile(file),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const typesOf = (reading: Awaited<ReturnType<SignalFile['read']>>): unknown[] =>
  (reading?.lines ?? []).map(({ signal }) => signal?.type ?? null);

test('lines are read, and cut off when they are done; what came meanwhile stays', async () => {
  await using setting = await setup();
  const { file, signals } = setting;
  expect(await signals.read(null)).toBeNull();
  await writeFile(file, `${PAUSE}\nnonsense\n${LOG}`);
  const reading = await signals.read(null);
  expect(typesOf(reading)).toEqual(['pause-snapshot', null, 'log']);
  await appendFile(file, PAUSE);
  const { ino } = await stat(file);
  await signals.cut(reading?.mark ?? '');
  expect(await readFile(file, 'utf8')).toBe(PAUSE);
  // In place: rights and owner stay what they were.
  expect((await stat(file)).ino).toBe(ino);
  const next = await signals.read(null);
  expect(typesOf(next)).toEqual(['pause-snapshot']);
  await signals.cut(next?.mark ?? '');
  expect(await readFile(file, 'utf8')).toBe('');
  expect(await signals.read(null)).toBeNull();
});

test('lines that a crash left behind, done but not cut off, are not read again', async () => {
  await using setting = await setup();
  const { file, signals } = setting;
  await writeFile(file, PAUSE);
  const { mark = '' } = (await signals.read(null)) ?? {};
  await appendFile(file, LOG);
  const again = new SignalFile(file);
  expect(await again.read(mark)).toEqual({ lines: [], mark });
  await again.cut(mark);
  expect(typesOf(await again.read(mark))).toEqual(['log']);
  // Somebody has put other lines there: they are not those of the mark.
  await writeFile(file, LOG);
  await again.cut(mark);
  expect(await readFile(file, 'utf8')).toBe(LOG);
});

test('a last line that is half written waits; one that stays so is told', async () => {
  await using setting = await setup();
  const { file, signals } = setting;
  await writeFile(file, `${PAUSE}{"id":"l","ty`);
  const first = await signals.read(null);
  expect(typesOf(first)).toEqual(['pause-snapshot']);
  await signals.cut(first?.mark ?? '');
  await appendFile(file, 'pe":"log"}');
  expect(typesOf(await signals.read(null))).toEqual(['log']);
  await writeFile(file, '{"id":');
  expect(await signals.read(null)).toBeNull();
  expect(typesOf(await signals.read(null))).toEqual([null]);
});

test('a file that cannot be read is an error', async () => {
  await using setting = await setup();
  await expect(new SignalFile(setting.folder.path).read(null)).rejects.toThrow('EISDIR');
});
