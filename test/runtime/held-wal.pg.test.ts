import path from 'node:path';
import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { readHeldWal } from '../../src/runtime/held-wal.ts';
import { sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const { signal } = new AbortController();

function sourceOf(database: TestDatabase, overrides = {}) {
  const document = { name: 'shop', source: sourceSection(database, overrides) };
  return parsePipeline(JSON.stringify(document), path.resolve('shop.yaml'), {}).source;
}

test('all that the server keeps for the slot, and null where it cannot be asked', async () => {
  await using database = await freshDatabase();
  const slot = `slot_${database.name}`;
  expect(await readHeldWal(sourceOf(database), null, signal, systemClock)).toEqual({
    slot,
    bytes: null,
  });
  await database.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
  await database.query(
    'CREATE TABLE t AS SELECT repeat(md5(n::text), 20) FROM generate_series(1, 2000) n',
  );
  const measure = `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int AS held
    FROM pg_replication_slots WHERE slot_name = $1`;
  const [before] = await database.query<{ held: number }>(measure, [slot]);
  const held = await readHeldWal(sourceOf(database), null, signal, systemClock);
  const [after] = await database.query<{ held: number }>(measure, [slot]);
  expect(before?.held).toBeGreaterThan(1_000_000);
  expect(held.bytes).toBeGreaterThanOrEqual(before?.held ?? Infinity);
  expect(held.bytes).toBeLessThanOrEqual(after?.held ?? 0);
  const gone = sourceOf(database, { 'database.port': 1 });
  expect(await readHeldWal(gone, null, signal, systemClock)).toEqual({ slot, bytes: null });
});
