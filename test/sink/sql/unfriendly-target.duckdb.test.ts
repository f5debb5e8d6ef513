import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { diesWithItsTest } from '../../support/dies-with-its-test.ts';
import { randomFrom } from '../../support/ledger-load.ts';
import type { ChildOrder, ChildWord } from '../../support/sqlite-sink-child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { compileDiskShim } from '../../transport/embedded/disk-journal.ts';

/*
 * A DuckDB file as life has it: the process that writes is killed, the disk is full, another
 * process has the file, the file is damaged. The sink runs in a process of its own.
 */

const CHILD = new URL('../../support/sqlite-sink-child.ts', import.meta.url);
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const KILLS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 30 : 5;
/** Each kill is two starts of a program. */
const TIMEOUT_MS = 60_000 + KILLS * 5_000;

class Sink {
  readonly process: ChildProcess;

  constructor(file: string, env: Readonly<Record<string, string>> = {}) {
    const { PATH, HOME } = process.env;
    this.process = fork(CHILD, [file, '1000', 'duckdb'], {
      env: { PATH, HOME, ...env },
      execArgv: [],
    });
    diesWithItsTest(this.process);
  }

  async word(): Promise<ChildWord> {
    return (await once(this.process, 'message'))[0] as ChildWord;
  }

  apply(records: number, batch = records): Promise<ChildWord> {
    this.tell(records, batch);
    return this.word();
  }

  tell(records: number, batch: number): void {
    this.process.send({ records, batch } satisfies ChildOrder);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await once(this.process, 'close');
  }
}

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
      const sink = new Sink(file);
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
    const sink = new Sink(file);
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
  const sink = new Sink(file, { LD_PRELOAD: compileDiskShim(folder.path), DISK_FAIL_WRITE: full });
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

test('another process has the file: told by whom, and used once it is free', async () => {
  await using folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'a.db');
  const sink = new Sink(file);
  expect(await sink.word()).toBe('started');
  const second = new Sink(file);
  expect(await second.word()).toMatch(
    new RegExp(`^SINK_CONNECT: another process \\(PID ${sink.process.pid}\\) has ${file} open`),
  );
  await Promise.all([sink.kill(), second.kill()]);
  const third = new Sink(file);
  expect(await third.word()).toBe('started');
  expect(await third.apply(10)).toBe('done');
});

test('a file that is damaged, or no database, is told and left as it is', async () => {
  await using folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'a.db');
  writeFileSync(file, 'some text '.repeat(2_000));
  expect(await new Sink(file).word()).toMatch(/^SINK_SCHEMA: .* is no DuckDB file/);
  rmSync(file);
  const sink = new Sink(file);
  await sink.word();
  expect(await sink.apply(5_000)).toBe('done');
  await sink.kill();
  await stateOf(file);
  truncateSync(file, 8_192);
  expect(await new Sink(file).word()).toMatch(/^SINK_(?:SCHEMA|SERVER|CONNECT): /);
  expect(sizeOf(file)).toBe(8_192);
});

test('a folder that is missing is named', async () => {
  await using folder = await temporaryFolder('duckdb');
  const sink = new Sink(path.join(folder.path, 'missing', 'a.db'));
  expect(await sink.word()).toMatch(/^SINK_CONNECT: the folder .*\/missing does not exist/);
});
