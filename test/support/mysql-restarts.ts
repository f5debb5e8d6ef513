import { expect } from 'vitest';
import type { MysqlSourceOptions } from '../../src/source/mysql/mysql-source-options.ts';
import type { ReaderState } from './mysql-reader-run.ts';
import { copyOf, startReader } from './mysql-reader-run.ts';

/** Behind how many rows a first life is cut off: few, unless all tests are to be run. */
function cutsOf(rows: number): readonly number[] {
  const all = Array.from({ length: rows - 1 }, (_, i) => i + 1);
  if (process.env['TIDEMARK_TEST_ALL'] === '1') return all;
  return all.filter((cut) => cut % 3 === 1);
}

/** Snapshots what is there, and stops in the stream: what changes later is to be read by others. */
export async function begun(
  options: MysqlSourceOptions,
  state: ReaderState,
  rows: number,
): Promise<void> {
  await using run = startReader(options, state);
  await run.until(rows);
  await expect.poll(() => run.reader.status().phase).toBe('streaming');
  await run.stop();
}

/** The same is told by one life, and by two of which the first was cut off behind some row. */
export async function expectTold(
  options: MysqlSourceOptions,
  state: ReaderState,
  wanted: readonly string[],
): Promise<void> {
  const rows = wanted.filter((one) => !one.startsWith('t ')).length;
  for (const cut of [null, ...cutsOf(rows)]) {
    const own = copyOf(state);
    const told: string[] = [];
    if (cut !== null) {
      // Truncates are no rows: the limit counts them with those that are told.
      const limit = behind(wanted, cut);
      await using first = startReader(options, own, { limit });
      await first.cut();
      told.push(...first.told);
    }
    await using run = startReader(options, own);
    await run.until(wanted.length - told.length);
    await run.stop();
    expect([...told, ...run.told], `cut off behind ${cut ?? 'no'} rows`).toEqual(wanted);
  }
}

/** The place in the list behind so many rows, with the truncates that follow. */
function behind(wanted: readonly string[], rows: number): number {
  let left = rows + 1;
  return wanted.findIndex((one) => !one.startsWith('t ') && --left === 0);
}
