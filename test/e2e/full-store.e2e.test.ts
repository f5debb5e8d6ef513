import { readFile, writeFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';

/** Many transactions: within one the confirmed position does not move anyhow. */
const LOAD = `DO $$ BEGIN FOR part IN 0..599 LOOP
  INSERT INTO t SELECT part * 50 + n, (SELECT string_agg(md5(n::text || part || i), '')
    FROM generate_series(1, 64) i) FROM generate_series(1, 50) n;
  COMMIT;
END LOOP; END $$`;

/** The end of what the log has, read from its file by another process. */
async function storedEnd(file: string): Promise<string> {
  const shown = await runProgram(['offsets', 'show', '--file', file, '--json']);
  const { sources } = JSON.parse(shown.stdout) as StoredOffsets;
  return sources[0]?.offset['tidemark.end_lsn'] ?? '';
}

interface StoredOffsets {
  readonly sources: readonly { readonly offset: { readonly 'tidemark.end_lsn': string } }[];
}

test('a full store makes the source wait: what is not in the log is not confirmed', async () => {
  await using pipeline = await daemonPipeline({
    schema: 'CREATE TABLE t (id int PRIMARY KEY, v text)',
    extraSource: '  status.update.interval.ms: 100',
  });
  const { file, port } = pipeline;
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('type: embedded,', 'type: embedded, max.bytes: 33554432,'));
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  {
    await using daemon = Daemon.start({ file, port });
    await daemon.until((status) => status.source.phase === 'streaming');
    await source.query(LOAD);
    const told = (): number => daemon.output.split('"code":"STORE_FULL"').length - 1;
    // Long enough for many status messages to the server.
    await vi.waitFor(() => expect(told()).toBeGreaterThan(3), { timeout: 60_000, interval: 50 });
    await daemon.until(({ healthy, source }) => !healthy && source.error?.code === 'STORE_FULL');
    // Not what the daemon says of itself: one that confirms too early believes it, too.
    const { rows } = await source.query<{ kept: boolean }>(
      'SELECT confirmed_flush_lsn <= $1::pg_lsn AS kept FROM pg_replication_slots',
      [await storedEnd(file)],
    );
    expect(rows).toEqual([{ kept: true }]);
    daemon.kill();
    await daemon.ended;
  }
  await writeFile(file, text);
  await using daemon = Daemon.start({ file, port });
  await vi.waitFor(
    async () => {
      const { rows } = await warehouse.query<{ n: number }>('SELECT count(*)::int AS n FROM t');
      expect(rows[0]?.n).toBe(30_000);
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(await daemon.stop()).toBe(0);
});
