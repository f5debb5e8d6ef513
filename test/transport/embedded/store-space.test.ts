import { statfsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type FileUse, StoreSpace } from '../../../src/transport/embedded/store-space.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const MIB = 1024 * 1024;

describe('the quota', () => {
  test('leaves a reserve, counts free pages, and is measured again when it is near', () => {
    using folder = temporaryFolder();
    let use: FileUse = { fileBytes: 10 * MIB, reusableBytes: 0 };
    const space = new StoreSpace(folder.path, 64 * MIB, () => use);
    expect(space.reserveBytes).toBe(8 * MIB);
    space.admit(MIB);
    use = { fileBytes: 60 * MIB, reusableBytes: 0 };
    space.forget();
    expect(() => {
      space.admit(MIB);
    }).toThrow(expect.objectContaining({ code: 'STORE_FULL' }));
    // What is free by the numbers, and yet not to be had, is explained.
    expect(() => {
      space.admit(MIB);
    }).toThrow('uses 60.0 of 64.0 MiB; 1.0 MiB more do not fit: 8.0 MiB have to stay free');
    use = { fileBytes: 64 * MIB, reusableBytes: 10 * MIB };
    space.admit(MIB);
  });

  test('admits no more without measuring than a part of what was free', () => {
    using folder = temporaryFolder();
    let measured = 0;
    const space = new StoreSpace(folder.path, 64 * MIB, () => {
      measured++;
      return { fileBytes: 0, reusableBytes: 0 };
    });
    // What is admitted is not in the file yet: the measurements in between must be enough.
    for (let n = 0; n < 50; n++) space.admit(MIB);
    expect(measured).toBeGreaterThanOrEqual(4);
  });

  test('does not let the file grow without end behind an old snapshot', () => {
    using folder = temporaryFolder();
    let pinned = true;
    const use = { fileBytes: 85 * MIB, reusableBytes: 60 * MIB };
    const space = new StoreSpace(
      folder.path,
      64 * MIB,
      () => use,
      () => pinned,
    );
    expect(() => {
      space.admit(MIB);
    }).toThrow('holds an old snapshot');
    pinned = false;
    space.admit(MIB);
  });

  test('is not what the disk has', () => {
    using folder = temporaryFolder();
    const space = new StoreSpace(folder.path, 2 ** 60, () => ({ fileBytes: 0, reusableBytes: 0 }));
    const disk = statfsSync(folder.path);
    expect(() => {
      space.admit(disk.bavail * disk.bsize);
    }).toThrow(/the disk of the store .* has only .* MiB left; 128\.0 MiB have to stay free/);
    expect(() => {
      space.checkDisk(disk.bavail * disk.bsize);
    }).toThrow(expect.objectContaining({ code: 'STORE_FULL' }));
    space.checkDisk(1000);
  });
});
