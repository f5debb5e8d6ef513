import { existsSync, readdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SegmentFiles } from '../../../src/transport/embedded/segment-files.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const write = (segment: number, position: number, text: string) => ({
  segment,
  position,
  bytes: Buffer.from(text),
});

/** The files of a new log, in a folder that is there. */
async function newFiles(folder: string): Promise<SegmentFiles> {
  const files = new SegmentFiles(folder);
  await files.deleteAllBut(new Set());
  return files;
}

describe('segment files', () => {
  test('are written at a position, and read as far as they reach', async () => {
    using folder = temporaryFolder();
    const files = await newFiles(folder.path);
    await files.write(write(1, 0, 'abc'));
    await files.write(write(1, 3, 'def'));
    await files.write(write(2, 0, 'x'));
    await files.write(write(1, 6, 'g'));
    expect(files.read(1, 2, 3)?.toString()).toBe('cde');
    expect(files.read(1, 5, 10)?.toString()).toBe('fg');
    expect(files.read(2, 0, 1)?.toString()).toBe('x');
    expect(files.read(3, 0, 1)).toBeNull();
    await files.close();
  });

  test('begin anew at position 0, also where a process ended before it told of one', async () => {
    using folder = temporaryFolder();
    const files = await newFiles(folder.path);
    await files.write(write(1, 0, 'left over'));
    await files.close();
    await files.write(write(1, 0, 'new'));
    expect(files.read(1, 0, 10)?.toString()).toBe('new');
    await files.close();
  });

  test('go when nobody knows of them; other files stay', async () => {
    using folder = temporaryFolder();
    const files = await newFiles(folder.path);
    for (const segment of [1, 2, 3]) await files.write(write(segment, 0, 'x'));
    writeFileSync(path.join(folder.path, 'log', 'notes.txt'), 'mine');
    await files.deleteAllBut(new Set([2]));
    expect(readdirSync(path.join(folder.path, 'log'))).toEqual(['0000000002.log', 'notes.txt']);
    await files.delete(2);
    await files.delete(2);
    expect(files.read(2, 0, 1)).toBeNull();
    expect(existsSync(path.join(folder.path, 'log', '0000000002.log'))).toBe(false);
    await files.close();
  });

  test('are opened by few descriptors', async () => {
    using folder = temporaryFolder();
    const files = await newFiles(folder.path);
    const segments = Array.from({ length: 100 }, (_, n) => n + 1);
    for (const segment of segments) await files.write(write(segment, 0, `${segment}`));
    const before = readdirSync('/proc/self/fd').length;
    for (const segment of segments) {
      expect(files.read(segment, 0, 9)?.toString()).toBe(`${segment}`);
    }
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThanOrEqual(32);
    await files.close();
  });

  test('that others have deleted give their space back', async () => {
    using folder = temporaryFolder();
    const files = await newFiles(folder.path);
    for (const segment of [1, 2]) await files.write(write(segment, 0, `${segment}`));
    for (const segment of [1, 2]) files.read(segment, 0, 1);
    for (const segment of [1, 2]) unlinkSync(files.fileOf(segment));
    files.keepOpen(new Set([2]));
    expect(files.read(1, 0, 1)).toBeNull();
    expect(files.read(2, 0, 1)?.toString()).toBe('2');
    await files.close();
  });

  test('say that there is no room, and take the write when there is', async () => {
    using folder = temporaryFolder();
    const files = await newFiles(folder.path);
    symlinkSync('/dev/full', files.fileOf(1));
    await expect(files.write(write(1, 0, 'abc'))).rejects.toMatchObject({
      code: 'STORE_FULL',
      message: expect.stringMatching(/0000000001\.log \(ENOSPC\)/) as string,
    });
    unlinkSync(files.fileOf(1));
    await files.write(write(1, 0, 'abc'));
    expect(files.read(1, 0, 3)?.toString()).toBe('abc');
    await files.close();
  });
});
