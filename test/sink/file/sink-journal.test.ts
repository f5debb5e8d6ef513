import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fulfilled, journalPath, SinkJournal } from '../../../src/sink/file/sink-journal.ts';
import { OWNER, placeAt } from '../../support/line-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const STATE = { owner: OWNER, file: '1:2', end: 10, positions: [placeAt(1), placeAt(7, 1)] };
const LINES = { from: 10, to: 30, crc: 99, positions: [placeAt(3)] };

test('lies hidden beside its file', () => {
  expect(journalPath('/logs/a.jsonl')).toBe('/logs/.a.jsonl.tidemark');
});

test('knows the last lines as pending until they are done', async () => {
  await using folder = await temporaryFolder('journal');
  const file = path.join(folder.path, '.a');
  expect(await SinkJournal.read(file)).toBeNull();
  await using journal = await SinkJournal.create(file, STATE);
  expect(await SinkJournal.read(file)).toEqual({ ...STATE, pending: null });
  await journal.intend(LINES);
  const stored = await SinkJournal.read(file);
  expect(stored).toEqual({ ...STATE, pending: LINES });
  await journal.done();
  const after = { ...STATE, end: 30, positions: [placeAt(3), placeAt(7, 1)], pending: null };
  expect(await SinkJournal.read(file)).toEqual(after);
  expect(stored === null ? null : fulfilled(stored)).toEqual(after);
  expect(fulfilled(after)).toEqual(after);
});

test('lines that were not done before others began had failed', async () => {
  await using folder = await temporaryFolder('journal');
  const file = path.join(folder.path, '.a');
  await using journal = await SinkJournal.create(file, STATE);
  await journal.intend(LINES);
  await journal.intend({ from: 10, to: 12, crc: 1, positions: [placeAt(2)] });
  await journal.done();
  expect(await SinkJournal.read(file)).toMatchObject({
    end: 12,
    positions: [placeAt(2), placeAt(7, 1)],
  });
});

test('an entry that was cut off at any byte is none', async () => {
  await using folder = await temporaryFolder('journal');
  const file = path.join(folder.path, '.a');
  const whole = await (async () => {
    await using journal = await SinkJournal.create(file, STATE);
    const { length } = await readFile(file);
    await journal.intend(LINES);
    return { first: length, bytes: await readFile(file) };
  })();
  for (let length = whole.first; length < whole.bytes.length; length++) {
    await writeFile(file, whole.bytes.subarray(0, length));
    expect(await SinkJournal.read(file), `${length}`).toEqual({ ...STATE, pending: null });
  }
});

test('what fails to be written is written over', async () => {
  await using folder = await temporaryFolder('journal');
  const file = path.join(folder.path, '.a');
  await using journal = await SinkJournal.create(file, STATE);
  // As a longer entry that was cut off by a full disk.
  await appendFile(file, 'x'.repeat(500));
  await journal.intend(LINES);
  await journal.done();
  expect(await SinkJournal.read(file)).toMatchObject({ end: 30, pending: null });
});

test('whoever begins it anew fences the one before', async () => {
  await using folder = await temporaryFolder('journal');
  const file = path.join(folder.path, '.a');
  await using first = await SinkJournal.create(file, STATE);
  expect(await first.isInPlace()).toBe(true);
  await using second = await SinkJournal.create(file, STATE);
  await expect(first.isInPlace()).rejects.toMatchObject({ code: 'SINK_FENCED' });
  expect(await second.isInPlace()).toBe(true);
  await rm(file);
  expect(await second.isInPlace()).toBe(false);
});

test('a file that is no journal is not taken for an empty one', async () => {
  await using folder = await temporaryFolder('journal');
  const file = path.join(folder.path, '.a');
  await using _journal = await SinkJournal.create(file, STATE);
  await truncate(file, 5);
  await expect(SinkJournal.read(file)).rejects.toMatchObject({ code: 'SINK_FILE_STATE' });
});
