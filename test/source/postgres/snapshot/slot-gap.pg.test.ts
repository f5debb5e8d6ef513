import { expect, test } from 'vitest';
import type { GapStep } from '../../../../src/model/source-gap.ts';
import { gapOf } from '../../../../src/model/source-gap.ts';
import { SlotSurrender } from '../../../../src/source/postgres/snapshot/slot-gap.ts';
import { freshDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';

/** Keeps the steps, and the offset as it is at each of them. */
class GapReceiver extends RecordingReceiver {
  readonly steps: GapStep[] = [];

  gapReached(step: GapStep): Promise<void> {
    this.steps.push(step);
    this.flush();
    return Promise.resolve();
  }

  /** Null: the offset has no gap. */
  get gap() {
    return this.stored === null ? null : gapOf(this.stored);
  }
}

/** Rows 1 and 2 are captured; then a change is written that nobody reads. */
async function stoppedAt(database: TestDatabase): Promise<GapReceiver> {
  await database.query('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)');
  const receiver = new GapReceiver();
  const first = await startStreaming(sourceOptionsFor(database), receiver);
  await database.query('INSERT INTO a VALUES (2)');
  await receiver.until((events) => events.length === 2);
  await first.stop();
  await database.query('DELETE FROM a WHERE id = 1; INSERT INTO a VALUES (3)');
  return receiver;
}

const confirmed = async (database: TestDatabase): Promise<unknown> =>
  (
    await database.query(
      'SELECT confirmed_flush_lsn AS at FROM pg_replication_slots WHERE slot_name = $1',
      [database.name],
    )
  )[0]?.['at'];

function asked(): SlotSurrender {
  const surrender = new SlotSurrender();
  surrender.ask('the disk is full');
  return surrender;
}

test('a slot that is given up: steps in order, tables are emptied and read', async () => {
  await using database = await freshDatabase();
  const receiver = await stoppedAt(database);
  const before = await confirmed(database);
  const told: unknown[] = [];
  const source = await startStreaming(sourceOptionsFor(database, { healsGaps: true }), receiver, {
    surrender: asked(),
    notify: ({ aggregate, type }) => told.push(`${aggregate} ${type}`),
  });
  await receiver.until((events) => events.length === 5);
  await database.query('INSERT INTO a VALUES (4)');
  await receiver.until((events) => events.length === 6);
  await source.stop();
  expect(receiver.steps).toEqual(['intended', 'dropped', 'made', 'marked']);
  expect(receiver.events.slice(2).map(({ op, after }) => [op, after?.['id']])).toEqual([
    ['t', undefined],
    ['r', '2'],
    ['r', '3'],
    ['c', '4'],
  ]);
  expect(receiver.gap).toBeNull();
  expect(told).toEqual([
    'Source Gap STARTED',
    'Initial Snapshot STARTED',
    'Initial Snapshot TABLE_SCAN_COMPLETED',
    'Initial Snapshot COMPLETED',
    'Source Gap COMPLETED',
  ]);
  await database.until('SELECT $1::pg_lsn < $2::pg_lsn', [before, await confirmed(database)]);
});

test('without the option nobody can ask for it', async () => {
  await using database = await freshDatabase();
  const receiver = await stoppedAt(database);
  const more = { surrender: asked() };
  const source = await startStreaming(sourceOptionsFor(database), receiver, more);
  await receiver.until((events) => events.length === 4);
  await source.stop();
  expect(receiver.steps).toEqual([]);
});

test('one that is gone is not made anew: nobody knows why', async () => {
  await using database = await freshDatabase();
  const receiver = await stoppedAt(database);
  await database.query('SELECT pg_drop_replication_slot($1)', [database.name]);
  const options = sourceOptionsFor(database, { healsGaps: true });
  const source = startSource(options, receiver, { surrender: asked() });
  await expect(source.ended).rejects.toMatchObject({ code: 'PG_SLOT_LOST' });
  await source.stop();
  expect(receiver.steps).toEqual([]);
});

test('one that others made of another plug-in is never touched', async () => {
  await using database = await freshDatabase();
  const receiver = await stoppedAt(database);
  await database.query('SELECT pg_drop_replication_slot($1)', [database.name]);
  await database.query(`SELECT pg_create_logical_replication_slot($1, 'test_decoding')`, [
    database.name,
  ]);
  const options = sourceOptionsFor(database, { healsGaps: true });
  const source = startSource(options, receiver, { surrender: asked() });
  await expect(source.ended).rejects.toMatchObject({ code: 'PG_SLOT_MISMATCH' });
  await source.stop();
  expect(receiver.steps).toEqual([]);
  expect(await confirmed(database)).toBeDefined();
});

test('what was intended is ended also when nobody names it any more', async () => {
  await using database = await freshDatabase();
  const receiver = await stoppedAt(database);
  const stored = receiver.stored;
  const from = String(stored?.offset['tidemark.end_lsn']);
  const intent = { from, to: null, sinceMs: 1, reason: 'the disk' };
  receiver.stored = stored && {
    ...stored,
    offset: { ...stored.offset, 'tidemark.gap': JSON.stringify(intent) },
  };
  const source = await startStreaming(sourceOptionsFor(database), receiver);
  await receiver.until((events) => events.length === 5);
  await source.stop();
  expect(receiver.steps).toEqual(['intended', 'dropped', 'made', 'marked']);
  expect(receiver.gap).toBeNull();
});
