import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { askDuckdb, duckdbFamily } from '../support/duckdb-arrivals.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { RowLoad, untilCopied, VERIFIED_SCHEMA, verifiedLines } from '../support/verified-shop.ts';

test('a DuckDB file is compared by the process that has it: this one, or the daemon', async () => {
  const database = await freshDatabase();
  await database.query(VERIFIED_SCHEMA);
  await using folder = await temporaryFolder('verify-duckdb');
  const file = path.join(folder.path, 'shop.db');
  const port = await freeLoopbackPort();
  await using pipeline = await pipelineFolder({
    name: 'shop',
    // Else each look at a quiet database takes twice ten seconds.
    source: sourceSection(database, {
      'errors.retry.delay.initial.ms': 100,
      'status.update.interval.ms': 500,
    }),
    sinks: [{ name: 'file', ...duckdbFamily(file).sink }],
    http: { listen: `127.0.0.1:${port}` },
  });
  {
    await using daemon = Daemon.start({ ...pipeline, port });
    await untilCopied(daemon);
    // The file is the daemon's: where that has no port it is said, and what helps.
    const deaf = path.join(pipeline.folder, 'deaf.yaml');
    const text = await readFile(pipeline.file, 'utf8');
    await writeFile(deaf, text.replace(`127.0.0.1:${port}`, 'none'));
    const locked = await verifiedLines(deaf, '--table', 'public.orders');
    expect(locked.lines).toEqual([expect.stringContaining('SINK_CONNECT Let the daemon')]);
    expect(locked.code).toBe(3);
    expect(await daemon.stop()).toBe(0);
  }
  await askDuckdb(file, async (rows) => {
    await rows(`UPDATE main.orders SET exact = exact || '1', doc = '{}' WHERE id = 107`);
    await rows('DELETE FROM main.orders WHERE id = 997');
    await rows('INSERT INTO main.orders (id) VALUES (-7), (100007)');
    await rows(`DELETE FROM main.lines WHERE day = '2026-01-03' AND line = 'l-7'`);
    await rows(`INSERT INTO main.lines VALUES ('2020-02-29', 'x', 1)`);
  });
  await using load = new RowLoad(database, 11);
  expect(await verifiedLines(pipeline.file, '--repair')).toEqual({
    code: 0,
    lines: [
      'public.lines 2020-02-29/x surplus repaired',
      'public.lines 2026-01-03/l-7 missing repaired',
      'public.orders -7 surplus repaired',
      'public.orders 100007 surplus repaired',
      'public.orders 107 different exact doc repaired',
      'public.orders 997 missing repaired',
    ],
  });
  expect(load.statements).toBeGreaterThan(100);
  await askDuckdb(file, async (rows) => {
    await rows('UPDATE main.orders SET exact = 0 WHERE id = 217');
    await rows('INSERT INTO main.orders (id) VALUES (-17)');
  });
  // The same by the daemon, which alone has the file while it runs.
  await using daemon = Daemon.start({ ...pipeline, port });
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  const damaged = ['public.orders -17 surplus', 'public.orders 217 different exact'];
  expect(await verifiedLines(pipeline.file, '--repair')).toEqual({
    code: 0,
    lines: damaged.map((line) => `${line} repaired`),
  });
  expect(daemon.output).toContain('verify was asked for');
});
