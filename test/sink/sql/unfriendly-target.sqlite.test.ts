import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { randomFrom } from '../../support/ledger-load.ts';
import { SinkChild } from '../../support/sink-child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { compileDiskShim } from '../../transport/embedded/disk-journal.ts';

/*
 * A SQLite file as life has it: the process that writes is killed, the disk is full or read-only,
 * another process has the file. The sink runs in a process of its own.
 */

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const KILLS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 40 : 5;
/** Each kill is two starts of a program. */
const TIMEOUT_MS = 60_000 + KILLS * 5_000;

/** How many rows there are, of how many different records, and how many the offsets say. */
function stateOf(file: string): readonly [rows: number, different: number, offset: number] {
  using database = new DatabaseSync(file, { timeout: 5_000 });
  const has = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log'").get();
  if (has === undefined) return [0, 0, 0];
  const row = database
    .prepare(
      `SELECT (SELECT count(*) FROM log) AS n, (SELECT count(DISTINCT n) FROM log) AS d,
         coalesce((SELECT next_offset FROM tidemark_offsets), 0) AS o`,
    )
    .get();
  return [Number(row?.['n']), Number(row?.['d']), Number(row?.['o'])];
}

/** Until the sink has the file to itself: it is within a transaction. */
async function untilLocked(file: string): Promise<void> {
  using database = new DatabaseSync(file, { timeout: 0 });
  for (;;) {
    try {
      database.exec('BEGIN IMMEDIATE');
    } catch {
      return;
    }
    database.exec('ROLLBACK');
    await setImmediate();
  }
}

test(
  `killed ${KILLS} times (seed ${SEED}), each record is applied once (S6, S7)`,
  { timeout: TIMEOUT_MS },
  async () => {
    await using folder = await temporaryFolder('sqlite');
    const file = path.join(folder.path, 'a.db');
    const random = randomFrom(SEED);
    let withinBatch = 0;
    let last = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const sink = new SinkChild(`sqlite:${file}`, {}, 30_000);
      expect(await sink.word()).toBe('started');
      sink.tell(40_000, 2_000);
      // Somewhere within one of the next batches.
      for (let times = 1 + Math.floor(random() * 12); times > 0; times--) await untilLocked(file);
      await sink.kill();
      const [rows, different, offset] = stateOf(file);
      expect(different).toBe(rows);
      expect(offset).toBe(rows);
      expect(rows % 2_000).toBe(0);
      expect(rows).toBeGreaterThanOrEqual(last);
      if (rows < 40_000) withinBatch++;
      last = rows;
    }
    expect(withinBatch).toBeGreaterThan(0);
    const sink = new SinkChild(`sqlite:${file}`);
    expect(await sink.word()).toBe('started');
    expect(await sink.apply(40_000, 2_000)).toBe('done');
    expect(stateOf(file)).toEqual([40_000, 40_000, 40_000]);
  },
);

test('a disk that is full makes the sink try again, with what was there whole', async () => {
  await using folder = await temporaryFolder('sqlite');
  const file = path.join(folder.path, 'a.db');
  const full = path.join(folder.path, 'full');
  const sink = new SinkChild(`sqlite:${file}`, {
    LD_PRELOAD: compileDiskShim(folder.path),
    DISK_FAIL_WRITE: full,
  });
  expect(await sink.word()).toBe('started');
  expect(await sink.apply(10)).toBe('done');
  writeFileSync(full, '');
  expect(await sink.apply(5_000)).toMatch(/^SINK_SERVER: .*full \(SQLITE_FULL 13\)/);
  expect(stateOf(file)).toEqual([10, 10, 10]);
  rmSync(full);
  // The same process goes on as soon as there is room.
  expect(await sink.apply(5_000)).toBe('done');
  expect(stateOf(file)).toEqual([5_000, 5_000, 5_000]);
});

test('a disk that fails to sync: nothing is done, or all of it, and never twice', async () => {
  await using folder = await temporaryFolder('sqlite');
  const file = path.join(folder.path, 'a.db');
  const broken = path.join(folder.path, 'broken');
  const sink = new SinkChild(`sqlite:${file}`, {
    LD_PRELOAD: compileDiskShim(folder.path),
    DISK_FAIL_SYNC: broken,
  });
  expect(await sink.word()).toBe('started');
  expect(await sink.apply(10)).toBe('done');
  writeFileSync(broken, '');
  expect(await sink.apply(20)).toMatch(/^SINK_SERVER: .*SQLITE_IOERR/);
  rmSync(broken);
  expect(await sink.apply(5_000)).toBe('done');
  expect(stateOf(file)).toEqual([5_000, 5_000, 5_000]);
});

test('a file that is read-only is told, and used once it is not', async () => {
  await using folder = await temporaryFolder('sqlite');
  const file = path.join(folder.path, 'a.db');
  const readOnly = path.join(folder.path, 'read-only');
  const env = { LD_PRELOAD: compileDiskShim(folder.path), DISK_READ_ONLY: readOnly };
  expect(await new SinkChild(`sqlite:${file}`, env).word()).toBe('started');
  writeFileSync(readOnly, '');
  expect(await new SinkChild(`sqlite:${file}`, env).word()).toMatch(
    /^SINK_(?:SERVER|CONNECT): .*SQLITE_(?:READONLY|CANTOPEN)/,
  );
  rmSync(readOnly);
  const sink = new SinkChild(`sqlite:${file}`, env);
  expect(await sink.word()).toBe('started');
  expect(await sink.apply(10)).toBe('done');
});

test.each(['IMMEDIATE', 'EXCLUSIVE'])(
  'another process has locked the file (%s): tried again, and then done',
  async (lock) => {
    await using folder = await temporaryFolder('sqlite');
    const file = path.join(folder.path, 'a.db');
    const sink = new SinkChild(`sqlite:${file}`, {}, 200);
    expect(await sink.word()).toBe('started');
    expect(await sink.apply(10)).toBe('done');
    using other = new DatabaseSync(file);
    other.exec(`BEGIN ${lock}`);
    expect(await sink.apply(20)).toMatch(/^SINK_SERVER: another process has locked the file/);
    const second = new SinkChild(`sqlite:${file}`, {}, 200);
    expect(await second.word()).toMatch(/^SINK_SERVER: another process has locked the file/);
    other.exec('ROLLBACK');
    expect(await sink.apply(20)).toBe('done');
    expect(stateOf(file)).toEqual([20, 20, 20]);
  },
);

test('a folder that is missing is named', async () => {
  await using folder = await temporaryFolder('sqlite');
  const sink = new SinkChild(`sqlite:${folder.path}/missing/a.db`);
  expect(await sink.word()).toMatch(/^SINK_CONNECT: the folder .*\/missing does not exist/);
});
