import { appendFile, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { FilePlace } from '../../../src/source/file/file-place.ts';
import { FollowedFile } from '../../../src/source/file/followed-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A file, and what is read of it; each `read` looks as often as a quiet file takes. */
async function following() {
  const folder = await temporaryFolder('followed');
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const file = path.join(folder.path, 'lines.txt');
  const warnings: string[] = [];
  const open = (start: FilePlace | null = null) => {
    const followed = new FollowedFile(file, start, (text) => warnings.push(text));
    onTestFinished(() => followed[Symbol.asyncDispose]());
    return followed;
  };
  const read = async (followed: FollowedFile): Promise<string[]> => {
    const lines: string[] = [];
    const take = (bytes: Buffer): void => void lines.push(bytes.toString('utf8'));
    for (let looks = 0; looks < 5; looks++) {
      while (await followed.read(take)) {
        for (let line = followed.next(); line !== null; line = followed.next()) take(line);
      }
    }
    return lines;
  };
  return { file, folder: folder.path, warnings, open, read };
}

test('a missing file is waited for, and what is added is read', async () => {
  const { file, open, read, warnings } = await following();
  const followed = open();
  expect(await read(followed)).toEqual([]);
  expect([followed.isOpen, followed.place, await followed.size()]).toEqual([false, null, null]);
  await writeFile(file, 'one\ntw');
  expect(await read(followed)).toEqual(['one']);
  await appendFile(file, 'o\nthree\n');
  expect(await read(followed)).toEqual(['two', 'three']);
  expect(await read(followed)).toEqual([]);
  expect(await followed.size()).toBe(14);
  expect(warnings).toEqual([]);
});

test('it goes on where it stood, within the file and in one that was renamed', async () => {
  const { file, open, read, warnings } = await following();
  await writeFile(file, 'one\ntwo\n');
  const first = open();
  expect(await read(first)).toEqual(['one', 'two']);
  const { place } = first;
  await appendFile(file, 'three\n');
  expect(await read(open(place))).toEqual(['three']);
  // Rotated while nobody looked: what was added to the old one comes first.
  await rename(file, `${file}.1`);
  await writeFile(file, 'four\n');
  expect(await read(open(place))).toEqual(['three', 'four']);
  expect(warnings).toEqual([]);
});

test('a file that is renamed and replaced is read to its end, half a line too', async () => {
  const { file, open, read, warnings } = await following();
  await writeFile(file, 'one\n');
  const followed = open();
  expect(await read(followed)).toEqual(['one']);
  await rename(file, `${file}.1`);
  await appendFile(`${file}.1`, 'two\nhalf');
  expect(await read(followed)).toEqual(['two']);
  await writeFile(file, 'three\n');
  expect(await read(followed)).toEqual(['half', 'three']);
  expect(warnings).toEqual([]);
});

test.each([
  ['cut', async (file: string) => truncate(file, 0).then(() => appendFile(file, 'x\n'))],
  ['written anew, and longer', (file: string) => writeFile(file, 'x\nother, and so on\n')],
])('a file that is %s is read from its beginning, and that is told', async (_how, change) => {
  const { file, open, read, warnings } = await following();
  await writeFile(file, 'one\ntwo\n');
  const followed = open();
  expect(await read(followed)).toEqual(['one', 'two']);
  const { place } = followed;
  await change(file);
  expect((await read(followed))[0]).toBe('x');
  expect(warnings).toEqual([expect.stringMatching(/cut or written anew at byte 8/)]);
  // The same between two runs.
  expect((await read(open(place)))[0]).toBe('x');
  expect(warnings[1]).toMatch(/cut or written anew since it was read up to byte 8/);
});

test('a file in place of one that is gone is read whole, and that is told', async () => {
  const { file, open, read, warnings } = await following();
  await writeFile(file, 'one\n');
  await writeFile(`${file}.new`, 'one\ntwo\n');
  const first = open();
  await read(first);
  await rename(`${file}.new`, file);
  expect(await read(open(first.place))).toEqual(['one', 'two']);
  expect(warnings).toEqual([expect.stringMatching(/is another file since .* byte 4/)]);
});

test("Connect's own offset has a position alone", async () => {
  const { file, open, read } = await following();
  await writeFile(file, 'one\ntwo\n');
  const place = { position: 4, identity: null, check: null };
  expect(await read(open(place))).toEqual(['two']);
  await rm(file);
  await writeFile(file, 'x\n');
  expect(await read(open(place))).toEqual(['x']);
});

test('what is no regular file is refused', async () => {
  const { file, open, read } = await following();
  await mkdir(file);
  await expect(read(open())).rejects.toMatchObject({ code: 'SOURCE_FILE' });
});
