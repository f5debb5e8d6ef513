import { readFile, writeFile } from 'node:fs/promises';
import { expect, vi } from 'vitest';
import type { Daemon } from './daemon.ts';
import type { FamilyDatabase } from './family-pipeline.ts';
import type { OwnServer } from './postgres.ts';
import { startOwnServer } from './postgres.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A server that keeps next to nothing for a slot that nobody reads. */
export function startForgetfulServer(major?: number): Promise<OwnServer> {
  return startOwnServer({
    settings: { max_slot_wal_keep_size: '1MB', min_wal_size: '32MB', max_wal_size: '32MB' },
    ...(major === undefined ? {} : { major }),
  });
}

/** Has it lose the slot, which nobody reads: what was written meanwhile is gone for good. */
export async function loseSlot(source: Pick<FamilyDatabase, 'rows' | 'run'>): Promise<void> {
  await vi.waitFor(
    async () => {
      await source.run(`SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))`);
      await source.run('SELECT pg_switch_wal()');
      await source.run('CHECKPOINT');
      const found = await source.rows('SELECT wal_status FROM pg_replication_slots');
      expect(found).toEqual([['lost']]);
    },
    { timeout: 60_000, interval: 10 },
  );
}

/** Writes the pipeline file anew, with these properties of the source and these sections. */
export async function reconfigure(
  file: string,
  source: Properties,
  sections: Properties = {},
): Promise<void> {
  const pipeline = JSON.parse(await readFile(file, 'utf8')) as { readonly source: Properties };
  const changed = { ...pipeline, ...sections, source: { ...pipeline.source, ...source } };
  await writeFile(file, JSON.stringify(changed));
}

/** With the last table that was read again the gap is no more. */
export async function untilGapHealed(daemon: Daemon): Promise<void> {
  await vi.waitFor(() => expect(daemon.output).toContain('Source Gap COMPLETED'), {
    timeout: 90_000,
    interval: 50,
  });
  await daemon.until(
    ({ source, sinks }) =>
      source.phase === 'streaming' &&
      source.offset?.['tidemark.gap'] === undefined &&
      sinks.every((sink) => sink.lagRecords === 0),
  );
}
