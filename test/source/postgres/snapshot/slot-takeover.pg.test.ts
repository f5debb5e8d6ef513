import { expect, test } from 'vitest';
import { formatLsn } from '../../../../src/model/lsn.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { rejection, startSnapshot } from '../../../support/snapshot-run.ts';

const TAKEN_OVER = { snapshotMode: 'no_data', offsetMismatchStrategy: 'trust_slot' } as const;

// The name that sourceOptionsFor gives it.
const PUBLICATION = 'CREATE PUBLICATION tidemark FOR TABLE a';

test('a slot that others made is taken over as it stands, if both properties say so', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE a (id int PRIMARY KEY); ${PUBLICATION}`);
  const [made] = await database.query(
    `SELECT lsn::text FROM pg_create_logical_replication_slot($1, 'pgoutput')`,
    [database.name],
  );
  await database.query('INSERT INTO a VALUES (1)');
  for (const half of [
    { snapshotMode: 'no_data' },
    { offsetMismatchStrategy: 'trust_slot' },
  ] as const) {
    const refused = startSnapshot(sourceOptionsFor(database, half));
    const error = await rejection(refused.result);
    expect(error.code).toBe('PG_SLOT_MISMATCH');
    expect(error.cure).toContain('snapshot.mode: no_data and offset.mismatch.strategy');
  }
  const run = startSnapshot(sourceOptionsFor(database, TAKEN_OVER));
  const { consistentPoint } = await run.result;
  expect(formatLsn(consistentPoint)).toBe(made?.['lsn']);
  expect(run.receiver.schemas.map(({ table }) => table.id.table)).toEqual(['a']);
  // The intent of a takeover that fails must not make the slot ours to drop.
  expect(run.attempts.map(({ slotName }) => slotName)).toEqual(['']);
});

test('a slot that is taken over is never dropped, and has to be one of pgoutput', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE a (id int PRIMARY KEY); ${PUBLICATION}`);
  await database.query(`SELECT pg_create_physical_replication_slot($1)`, [database.name]);
  const refused = startSnapshot(sourceOptionsFor(database, TAKEN_OVER));
  expect((await rejection(refused.result)).message).toContain('a physical one');
  await database.query(`SELECT pg_drop_replication_slot($1)`, [database.name]);
  const first = startSnapshot(sourceOptionsFor(database));
  await first.result;
  const unfinished = first.attempts[0] ?? null;
  expect(unfinished?.slotName).toBe(database.name);
  const slot = `SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots
    WHERE slot_name = '${database.name}'`;
  const before = await database.query(slot);
  await startSnapshot(sourceOptionsFor(database, TAKEN_OVER), { unfinished }).result;
  expect(await database.query(slot)).toEqual(before);
});

test('a publication that has still to be made comes too late for what the slot holds', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [
    database.name,
  ]);
  await database.query('INSERT INTO a VALUES (1)');
  const error = await rejection(startSnapshot(sourceOptionsFor(database, TAKEN_OVER)).result);
  expect(error.code).toBe('PG_PUBLICATION');
  expect(error.message).toContain('would be left out');
  // It was not made: a second attempt must not find it and go on.
  expect(await database.query('SELECT 1 FROM pg_publication')).toEqual([]);
});
