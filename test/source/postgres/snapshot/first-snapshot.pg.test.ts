import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { FirstSnapshot } from '../../../../src/source/postgres/snapshot/first-snapshot.ts';
import { PostgresWire } from '../../../../src/source/postgres/wire/postgres-wire.ts';
import { fromSourceOffset } from '../../../../src/source/postgres/stream/replication-offset.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { decodeSnapshotState } from '../../../../src/source/incremental/snapshot-state.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';

function snapshotOf(
  database: TestDatabase,
  snapshots: Partial<typeof DEFAULT_SNAPSHOT_OPTIONS>,
): { snapshot: FirstSnapshot; told: string[] } {
  const options = sourceOptionsFor(database, {
    snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, ...snapshots },
  });
  const told: string[] = [];
  const snapshot = new FirstSnapshot({
    options,
    clock: systemClock,
    connect: (session, signal) => PostgresWire.connect(options.connection, session, signal),
    note: () => undefined,
    warn: () => undefined,
    notify: ({ type }) => told.push(type),
  });
  return { snapshot, told };
}

const { signal } = new AbortController();

test('its offset says how far it is, and at its end where the stream begins', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, v text);
    INSERT INTO a SELECT g, repeat('x', 500) FROM generate_series(1, 2000) g; ANALYZE;`);
  const { snapshot, told } = snapshotOf(database, { chunkRows: 100 });
  const receiver = new RecordingReceiver();
  const seen: unknown[] = [];
  receiver.onRow = (count) => {
    if (count % 500 !== 1) return;
    const { snapshot: phase, snapshotState } = fromSourceOffset(snapshot.offset());
    const [task] = decodeSnapshotState(snapshotState ?? null).tasks;
    const pages = task?.parts[0]?.done.reduce((sum, [from, to]) => sum + to - from, 0) ?? 0;
    seen.push([phase, pages > 0]);
  };
  const { resume, captured } = await snapshot.run(receiver, null, signal);
  expect(seen).toEqual([
    ['running', false],
    ['running', true],
    ['running', true],
    ['running', true],
  ]);
  expect([resume.snapshot, resume.snapshotState ?? null]).toEqual(['completed', null]);
  expect(captured.map(({ info }) => info.name)).toEqual(['a']);
  expect(snapshot.progress).toMatchObject([{ rowsDone: 2000, completed: true }]);
  expect([told.at(0), told.at(-1)]).toEqual(['STARTED', 'COMPLETED']);
});

test('let go, the stream begins with the tables that are left', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)');
  const window = { hours: [], timeZone: 'UTC' };
  const { snapshot, told } = snapshotOf(database, { window });
  const receiver = new RecordingReceiver();
  let released = 0;
  Object.assign(receiver, { snapshotReleased: () => released++ });
  const { resume } = await snapshot.run(receiver, null, signal);
  const { tasks } = decodeSnapshotState(resume.snapshotState ?? null);
  expect([resume.snapshot, tasks.map((task) => task.table)]).toEqual(['completed', ['a']]);
  expect([released, receiver.events.length, told]).toEqual([1, 0, ['STARTED']]);
  expect(snapshot.progress).toEqual([]);
});
