import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { must } from '../../src/foundation/assert.ts';
import { CHANGING_ROWS, changeRows } from '../support/changing-rows.ts';
import { Daemon } from '../support/daemon.ts';
import { askDuckdb, duckdbFamily } from '../support/duckdb-arrivals.ts';
import type { FamilyTarget } from '../support/family-pipeline.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { untilIdle } from '../support/idle-daemon.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { freshDatabase } from '../support/postgres.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const KILLS = ALL ? 20 : 2;
const POINTS = ['sink.polled', 'sink.applied', 'sink.committed'] as const;
const ROWS = 'SELECT id, n, word FROM loaded ORDER BY id';
/** A record that came twice would be two rows. */
const EVENTS = 'SELECT count(*), count(DISTINCT n), max(n) FROM events';

interface FileTarget {
  readonly target: FamilyTarget;
  /** Asks the file, which no daemon has. */
  readonly rows: (sql: string) => Promise<readonly (readonly (string | null)[])[]>;
}

const TARGETS: Readonly<Record<string, (file: string) => FileTarget>> = {
  SQLite: (file) => {
    const target = sqliteFamily(file);
    return { target, rows: (sql) => Promise.resolve(target.rows(sql)) };
  },
  DuckDB: (file) => ({
    target: duckdbFamily(file),
    rows: (sql) => askDuckdb(file, (rows) => rows(sql)),
  }),
};
const NAMES = Object.keys(TARGETS);

/** At points of the daemon, and anywhere (S6, S7). */
test.for(NAMES)(`%s: a daemon killed under load (seed ${SEED}) is whole`, async (name) => {
  await using source = await postgresFamily(await freshDatabase());
  await using folder = await temporaryFolder('file-target-crash');
  const { target, rows } = must(TARGETS[name], name)(path.join(folder.path, 'copy.db'));
  await source.run(CHANGING_ROWS);
  await using pipeline = await familyPipeline(source, [target]);
  const random = randomFrom(SEED);
  const load = changeRows(source);
  for (const point of POINTS) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint: `${point}:3` });
    const { signal } = await daemon.ended;
    expect(signal, `${point} was not reached\n${daemon.output}`).toBe('SIGKILL');
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await using daemon = Daemon.start(pipeline);
    const more = 200 + Math.floor(random() * 2000);
    await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) > more);
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
  await load.stop();
  const wanted = await source.rows(ROWS);
  const events = await source.rows(EVENTS);
  expect(wanted.length).toBeGreaterThan(500);
  const shown = (found: readonly (readonly unknown[])[]): unknown =>
    found.map((row) => row.map(String));
  // The file can be asked while no daemon runs.
  await vi.waitFor(
    async () => {
      await untilIdle(pipeline);
      expect(await rows(EVENTS)).toEqual(shown(events));
    },
    { timeout: 60_000, interval: 100 },
  );
  expect(await rows(ROWS)).toEqual(shown(wanted));
});
