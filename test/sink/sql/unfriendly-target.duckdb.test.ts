import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { randomFrom } from '../../support/ledger-load.ts';
import { SinkChild } from '../../support/sink-child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { compileDiskShim } from '../../transport/embedded/disk-journal.ts';

/*
 * A DuckDB file as life has it: the process that writes is killed, the disk is full, another
 * process has the file, the file is damaged. The sink runs in a process of its own.
 */

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const KILLS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 30 : 3;
/** Each kill is two starts of a program. */
const TIMEOUT_MS = 60_000 + KILLS * 5_000;

/** How many rows there are, of how many different records, and how many the offsets say. */
async function stateOf(file: string): Promise<readonly number[]> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  const ask = async (sql: string): Promise<readonly unknown[]> =>
    (await connection.runAndReadAll(sql)).getRowsJson()[0] ?? [];
  const [has] = await ask("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'log'");
  const state =
    Number(has) === 0
      ? [0, 0, 0]
      : await ask(`SELECT (SELECT count(*) FROM log), (SELECT count(DISTINCT n) FROM log),
          coalesce((SELECT next_offset FROM tidemark_offsets), 0)`);
  connection.disconnectSync();
  instance.closeSync();
  return state.map(Number);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Until its log has changed so often: somewhere within or behind a commit. */
async function untilWritten(file: string, times: number): Promise<void> {
  let last = sizeOf(`${file}.wal`);
  for (let seen = 0; seen < times;) {
    await setImmediate();
    const size = sizeOf(`${file}.wal`);
    if (size !== last) seen++;
    last = size;
  }
}

test(
  `killed ${KILLS} times (seed ${SEED}), each record is applied once (S6, S7)`,
  { timeout: TIMEOUT_MS },
  async () => {
    await using folder = await temporaryFolder('duckdb');
    const file = path.join(folder.path, 'a.db');
    const random = randomFrom(SEED);
    let last = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const sink = new SinkChild(`duckdb:${file}`);
      expect(await sink.word()).toBe('started');
      sink.tell(400_000, 1_000);
      await untilWritten(file, 1 + Math.floor(random() * 12));
      await sink.kill();
      const [rows = -1, different, offset] = await stateOf(file);
      expect([different, offset]).toEqual([rows, rows]);
      expect(rows % 1_000).toBe(0);
      expect(rows).toBeGreaterThanOrEqual(last);
      last = rows;
    }
    expect(last).toBeGreaterThan(0);
    expect(last).toBeLessThan(400_000);
    const sink = new SinkChild(`duckdb:${file}`);
    expect(await sink.word()).toBe('started');
    expect(await sink.apply(last + 3_000, 2_000)).toBe('done');
    await sink.kill();
    const all = last + 3_000;
    expect(await stateOf(file)).toEqual([all, all, all]);
  },
);

test('a disk that is full makes the sink try again, with what was there whole', async () => {
  await using folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'a.db');
  const full = path.join(folder.path, 'full');
  const sink = new SinkChild(`duckdb:${file}`, {
    LD_PRELOAD: compileDiskShim(folder.path),
    DISK_FAIL_WRITE: full,
  });
  expect(await sink.word()).toBe('started');
  expect(await sink.apply(10)).toBe('done');
  writeFileSync(full, '');
  expect(await sink.apply(5_000)).toMatch(/^SINK_SERVER: .*full/);
  rmSync(full);
  // The same process goes on as soon as there is room.
  expect(await sink.apply(5_000)).toBe('done');
  await sink.kill();
  expect(await stateOf(file)).toEqual([5_000, 5_000, 5_000]);
});

/** Rows of a transaction stay in memory, and here nothing may be put beside it. */
test('memory_limit is reached: told, with what was there whole, and done with more', async () => {
  await using folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'a.db');
  const limited = `duckdb:${file}?memory_limit=4MiB&max_temp_directory_size=0KiB&threads=1`;
  const sink = new SinkChild(limited);
  expect(await sink.word()).toBe('started');
  expect(await sink.apply(10)).toBe('done');
  expect(await sink.apply(100_000)).toMatch(/^SINK_SERVER: DuckDB has reached its memory_limit/);
  // Smaller batches have room.
  expect(await sink.apply(2_000, 500)).toBe('done');
  await sink.kill();
  expect(await stateOf(file)).toEqual([2_000, 2_000, 2_000]);
  const second = new SinkChild(`duckdb:${file}?memory_limit=1GiB`);
  expect(await second.word()).toBe('started');
  expect(await second.apply(100_000)).toBe('done');
  await second.kill();
  expect(await stateOf(file)).toEqual([100_000, 100_000, 100_000]);
});

test('another process has the file: told by whom, and used once it is free', async () => {
  await using folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'a.db');
  const sink = new SinkChild(`duckdb:${file}`);
  expect(await sink.word()).toBe('started');
  const second = new SinkChild(`duckdb:${file}`);
  expect(await second.word()).toMatch(
    new RegExp(`^SINK_CONNECT: another process \\(PID ${sink.process.pid}\\) has ${file} open`),
  );
  await Promise.all([sink.kill(), second.kill()]);
  const third = new SinkChild(`duckdb:${file}`);
  expect(await third.word()).toBe('started');
  expect(await third.apply(10)).toBe('done');
});

test('a file that is damaged, or no database, is told and left as it is', async () => {
  await using folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'a.db');
  writeFileSync(file, 'some text '.repeat(2_000));
  expect(await new SinkChild(`duckdb:${file}`).word()).toMatch(
    /^SINK_SCHEMA: .* is no DuckDB file/,
  );
  rmSync(file);
  const sink = new SinkChild(`duckdb:${file}`);
  await sink.word();
  expect(await sink.apply(5_000)).toBe('done');
  await sink.kill();
  await stateOf(file);
  truncateSync(file, 8_192);
  expect(await new SinkChild(`duckdb:${file}`).word()).toMatch(/^SINK_(?:SCHEMA|SERVER|CONNECT): /);
  expect(sizeOf(file)).toBe(8_192);
});

test('a folder that is missing is named', async () => {
  await using folder = await temporaryFolder('duckdb');
  const sink = new SinkChild(`duckdb:${folder.path}/missing/a.db`);
  expect(await sink.word()).toMatch(/^SINK_CONNECT: the folder .*\/missing does not exist/);
});
