import { expect, test } from 'vitest';
import type { SourceNotification } from '../../../src/model/source-notification.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../src/source/snapshot/snapshot-options.ts';
import { RecordingReceiver } from '../../support/recording-receiver.ts';
import { freshDatabase } from '../../support/postgres.ts';
import type { RunningSource } from '../../support/postgres-source.ts';
import { sourceOptionsFor, startSource } from '../../support/postgres-source.ts';

const TABLES = `
  CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 7);
  CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1), (2);
  CREATE TABLE empty (id int PRIMARY KEY);`;

async function untilTold(told: readonly SourceNotification[], type: string): Promise<void> {
  await expect.poll(() => told.map((one) => one.type), { timeout: 45_000 }).toContain(type);
}

const start = (
  database: Parameters<typeof sourceOptionsFor>[0],
  receiver: RecordingReceiver,
  told: SourceNotification[],
  snapshotMode: 'initial' | 'no_data' = 'initial',
): RunningSource =>
  startSource(
    sourceOptionsFor(database, {
      snapshotMode,
      snapshotMaxThreads: 2,
      snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, chunkSize: 4 },
    }),
    receiver,
    { notify: (notification) => told.push(notification) },
  );

test('a first snapshot over several connections, and that the next start needs none', async () => {
  await using database = await freshDatabase();
  await database.query(TABLES);
  const receiver = new RecordingReceiver();
  const told: SourceNotification[] = [];
  const source = start(database, receiver, told);
  await untilTold(told, 'COMPLETED');
  await receiver.until((events) => events.length === 9);
  await expect.poll(() => source.reader.status().phase).toBe('streaming');
  await source.stop();
  expect(new Set(told.map(({ aggregate }) => aggregate))).toEqual(new Set(['Initial Snapshot']));
  expect([told[0]?.type, told.at(-1)?.type]).toEqual(['STARTED', 'COMPLETED']);
  const done = told.filter(({ type }) => type === 'TABLE_SCAN_COMPLETED').map(({ data }) => data);
  const names = 'public.a,public.b,public.empty';
  const byName = done.toSorted((x, y) =>
    String(x['scanned_collection']) < String(y['scanned_collection']) ? -1 : 1,
  );
  expect(byName).toEqual(
    [
      ['public.a', '7'],
      ['public.b', '2'],
      ['public.empty', '0'],
    ].map(([scanned_collection, total_rows_scanned]) => ({
      data_collections: names,
      scanned_collection,
      total_rows_scanned,
      status: 'SUCCEEDED',
    })),
  );
  expect(told.filter(({ type }) => type === 'IN_PROGRESS')).toHaveLength(3);
  const later: SourceNotification[] = [];
  const again = start(database, receiver, later);
  await untilTold(later, 'SKIPPED');
  await again.stop();
  expect(later).toEqual([{ aggregate: 'Initial Snapshot', type: 'SKIPPED', data: {} }]);
});

test('an incremental snapshot tells the key of each chunk, and unknown tables', async () => {
  await using database = await freshDatabase();
  await database.query(TABLES);
  const receiver = new RecordingReceiver();
  const told: SourceNotification[] = [];
  const source = start(database, receiver, told, 'no_data');
  await untilTold(told, 'SKIPPED');
  const signal = (id: string, data: object): void => {
    source.reader.signal({ id, type: 'execute-snapshot', data: JSON.stringify(data) });
  };
  // As Debezium 3.6 was seen to tell it of the same tables.
  signal('s1', { 'data-collections': ['public.a', 'public.empty', 'public.nope', 'public.b'] });
  await untilTold(told, 'COMPLETED');
  const all = { data_collections: 'public.a,public.empty,public.nope,public.b' };
  const inA = { ...all, current_collection_in_progress: 'public.a', maximum_key: '7' };
  const left = { data_collections: 'public.b' };
  const scanned = (table: string, rows: string, status: string, among: object) => [
    'TABLE_SCAN_COMPLETED',
    { ...among, scanned_collection: table, total_rows_scanned: rows, status },
  ];
  const inB = { ...left, current_collection_in_progress: 'public.b', maximum_key: '2' };
  const three = { data_collections: 'public.empty,public.nope,public.b' };
  const two = { data_collections: 'public.nope,public.b' };
  expect(told.slice(1)).toEqual(
    [
      ['STARTED', all],
      ['IN_PROGRESS', { ...inA, last_processed_key: '4' }],
      ['IN_PROGRESS', { ...inA, last_processed_key: '7' }],
      scanned('public.a', '7', 'SUCCEEDED', all),
      scanned('public.empty', '0', 'EMPTY', three),
      scanned('public.nope', '0', 'UNKNOWN_SCHEMA', two),
      ['IN_PROGRESS', { ...inB, last_processed_key: '2' }],
      scanned('public.b', '2', 'SUCCEEDED', left),
      ['COMPLETED', {}],
    ].map(([type, data]) => ({ id: 's1', aggregate: 'Incremental Snapshot', type, data })),
  );
  await source.stop();
});

test('a blocking snapshot tells what a first one does', async () => {
  await using database = await freshDatabase();
  await database.query(TABLES);
  const told: SourceNotification[] = [];
  const source = start(database, new RecordingReceiver(), told, 'no_data');
  await untilTold(told, 'SKIPPED');
  told.length = 0;
  const data = JSON.stringify({ 'data-collections': ['public.b'], type: 'blocking' });
  source.reader.signal({ id: 's2', type: 'execute-snapshot', data });
  await untilTold(told, 'COMPLETED');
  expect(told.map(({ aggregate, type, data }) => [aggregate, type, data])).toEqual([
    ['Initial Snapshot', 'STARTED', {}],
    [
      'Initial Snapshot',
      'IN_PROGRESS',
      { data_collections: 'public.b', current_collection_in_progress: 'public.b' },
    ],
    [
      'Initial Snapshot',
      'TABLE_SCAN_COMPLETED',
      {
        data_collections: 'public.b',
        scanned_collection: 'public.b',
        total_rows_scanned: '2',
        status: 'SUCCEEDED',
      },
    ],
    ['Initial Snapshot', 'COMPLETED', {}],
  ]);
  await source.stop();
});
