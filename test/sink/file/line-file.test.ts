import {
  appendFile,
  copyFile,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { SinkPosition } from '../../../src/model/sink-record.ts';
import { journalPath, SinkJournal } from '../../../src/sink/file/sink-journal.ts';
import { offsetsOf, openLines, OWNER, placeAt, textOf } from '../../support/line-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A file with one line, and a journal that says of more lines that they are about to be there. */
async function crashed(file: string, lines: string, written: string): Promise<void> {
  {
    await using first = await openLines(file);
    await first.append('one\n', [placeAt(1)]);
  }
  const { dev, ino, size } = await stat(file, { bigint: true });
  const from = Number(size);
  const state = { owner: OWNER, file: `${dev}:${ino}`, end: from, positions: [placeAt(1)] };
  await using journal = await SinkJournal.create(journalPath(file), state);
  const to = from + Buffer.byteLength(lines);
  await journal.intend({ from, to, crc: crc32(lines), positions: [placeAt(3)] });
  await appendFile(file, written);
}

describe('after a crash', () => {
  // PITFALLS S7, S26.
  // A power cut may leave the length without the bytes.
  test.each([
    ['nothing', ''],
    ['zeros', '\0'],
  ])('at any byte, %s behind: all lines of the last write are there, or none', async (_, rest) => {
    const lines = 'two €\nthree\n';
    const bytes = Buffer.from(lines);
    for (let cut = 0; cut <= bytes.length; cut++) {
      await using folder = await temporaryFolder('lines');
      const file = path.join(folder.path, 'a.jsonl');
      await crashed(file, lines, '');
      await appendFile(file, bytes.subarray(0, cut));
      await appendFile(file, rest.repeat(bytes.length - cut));
      const isWhole = cut === bytes.length;
      for (let start = 0; start < 2; start++) {
        await using opened = await openLines(file);
        expect(offsetsOf(opened)).toEqual([isWhole ? 3 : 1]);
        expect(await textOf(file)).toBe(isWhole ? `one\n${lines}` : 'one\n');
      }
      await using opened = await openLines(file);
      await opened.append('last\n', [placeAt(9)]);
      expect(await textOf(file)).toBe(isWhole ? `one\n${lines}last\n` : 'one\nlast\n');
    }
  });

  test('text that others added behind the cut is neither taken nor destroyed', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    await crashed(file, 'two\n', 'tw');
    await appendFile(file, 'of others\n');
    await expect(openLines(file)).rejects.toMatchObject({
      code: 'SINK_FILE_STATE',
      cure: expect.stringContaining('truncate -s 4') as string,
    });
    expect(await textOf(file)).toBe('one\ntwof others\n');
    await truncate(file, 4);
    await using opened = await openLines(file);
    expect(offsetsOf(opened)).toEqual([1]);
  });

  test('text that others added behind whole lines stays', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    await crashed(file, 'two\n', 'two\nof others');
    const told: string[] = [];
    await using opened = await openLines(file, told);
    await opened.append('three\n', [placeAt(4)]);
    expect(await textOf(file)).toBe('one\ntwo\nof others\nthree\n');
    expect(told).toEqual(['note: FILE has 9 bytes of others; lines go on behind them']);
  });

  test.each([
    ['whole', 'two\n', [3], 'one\ntwo\n'],
    ['cut off', 'tw', [1], 'one\n'],
  ])('lines that are %s are found under another name', async (_, written, offsets, text) => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    await crashed(file, 'two\n', written);
    await rename(file, `${file}.1`);
    await using opened = await openLines(file);
    expect(offsetsOf(opened)).toEqual(offsets);
    expect([await textOf(`${file}.1`), await textOf(file)]).toEqual([text, '']);
  });

  test('where the file is gone it is said what may repeat', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    await crashed(file, 'two\n', 'two\n');
    await mkdir(path.join(folder.path, 'old'));
    await rename(file, path.join(folder.path, 'old', 'a.jsonl'));
    const told: string[] = [];
    await using opened = await openLines(file, told);
    expect(offsetsOf(opened)).toEqual([1]);
    expect(told).toEqual([
      expect.stringContaining('note: FILE is another file than before'),
      expect.stringContaining('lines of the last write before the crash may stand in both'),
    ]);
  });
});

describe('others', () => {
  test('rename the file: a new one is begun, and no line is lost between', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    const told: string[] = [];
    await using opened = await openLines(file, told);
    await opened.append('one\n', [placeAt(1)]);
    await rename(file, `${file}.1`);
    await opened.append('two\n', [placeAt(2)]);
    await opened.append('three\n', [placeAt(3)]);
    expect([await textOf(`${file}.1`), await textOf(file)]).toEqual(['one\n', 'two\nthree\n']);
    expect(told).toEqual(['note: FILE was renamed or deleted: lines go on in a new file']);
  });

  test('rename it and make a new one while the sink is away', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    {
      await using opened = await openLines(file);
      await opened.append('one\n', [placeAt(1)]);
    }
    await rename(file, `${file}.1`);
    await writeFile(file, '');
    const told: string[] = [];
    await using opened = await openLines(file, told);
    expect(offsetsOf(opened)).toEqual([1]);
    await opened.append('two\n', [placeAt(2)]);
    expect([await textOf(`${file}.1`), await textOf(file)]).toEqual(['one\n', 'two\n']);
    expect(told).toEqual([expect.stringContaining('note: FILE is another file than before')]);
  });

  test('copy the file and cut it: lines go on at its beginning, without a hole', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    const told: string[] = [];
    {
      await using opened = await openLines(file, told);
      await opened.append('one\n', [placeAt(1)]);
      await copyFile(file, `${file}.1`);
      await truncate(file);
      await opened.append('two\n', [placeAt(2)]);
      expect(await textOf(file)).toBe('two\n');
    }
    await truncate(file);
    await using opened = await openLines(file, told);
    expect(offsetsOf(opened)).toEqual([2]);
    await opened.append('three\n', [placeAt(3)]);
    expect(await textOf(file)).toBe('three\n');
    const cut = 'warn: FILE was cut from 4 to 0 bytes by others';
    expect(told).toEqual([cut, cut]);
  });

  test('add to the file: their text stays, and no line begins in one of theirs', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    await writeFile(file, 'before');
    const told: string[] = [];
    await using opened = await openLines(file, told);
    await opened.append('one\n', [placeAt(1)]);
    await appendFile(file, 'between\n');
    await opened.append('two\n', [placeAt(2)]);
    expect(await textOf(file)).toBe('before\none\nbetween\ntwo\n');
    expect(told).toEqual([
      'note: FILE has 6 bytes already; lines are added behind them',
      'note: FILE has 8 bytes of others; lines go on behind them',
    ]);
  });
});

describe('the offsets', () => {
  test('of several partitions come with the lines, or without any', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    {
      await using opened = await openLines(file);
      await opened.append('one\n', [placeAt(1)]);
      await opened.append('', [placeAt(5), placeAt(2, 1)]);
    }
    await using opened = await openLines(file);
    expect(offsetsOf(opened)).toEqual([5, 2]);
    expect(await textOf(file)).toBe('one\n');
  });

  test('are begun anew before they take much room', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    const many = (offset: number): SinkPosition[] =>
      Array.from({ length: 2000 }, (_, partition) => placeAt(offset, partition));
    {
      await using opened = await openLines(file);
      for (let offset = 1; offset <= 40; offset++) await opened.append('line\n', many(offset));
    }
    const { length } = await readFile(journalPath(file));
    expect(length).toBeLessThan(1_300_000);
    await using opened = await openLines(file);
    expect(new Set(offsetsOf(opened))).toEqual(new Set([40]));
  });

  test('are written anew when somebody deletes them', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    const told: string[] = [];
    {
      await using opened = await openLines(file, told);
      await opened.append('one\n', [placeAt(1)]);
      await rm(journalPath(file));
      await opened.append('two\n', [placeAt(2, 1)]);
    }
    await using opened = await openLines(file, told);
    expect(offsetsOf(opened)).toEqual([1, 2]);
    expect(told).toEqual([expect.stringContaining('.a.jsonl.tidemark was deleted')]);
  });

  test('are those of one sink', async () => {
    await using folder = await temporaryFolder('lines');
    const file = path.join(folder.path, 'a.jsonl');
    await using older = await openLines(file);
    await expect(openLines(file, [], 'shop/other')).rejects.toMatchObject({
      code: 'SINK_FILE_STATE',
      message: expect.stringContaining('kept by the sink shop/lines') as string,
    });
    await using newer = await openLines(file);
    await expect(older.append('old\n', [placeAt(1)])).rejects.toMatchObject({
      code: 'SINK_FENCED',
    });
    await newer.append('new\n', [placeAt(1)]);
    expect(await textOf(file)).toBe('new\n');
  });
});
