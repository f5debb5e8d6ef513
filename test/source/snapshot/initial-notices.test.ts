import { expect, test } from 'vitest';
import type { SourceNotification } from '../../../src/model/source-notification.ts';
import { InitialNotices } from '../../../src/source/snapshot/initial-notices.ts';

const progress = (rows: readonly (readonly [string, number, boolean])[]) =>
  rows.map(([table, rowsDone, completed]) => ({
    table: { catalog: 'd', schema: 'public', table },
    rowsDone,
    rowsEstimated: 10,
    bytesDone: rowsDone * 8,
    completed,
  }));

function setup() {
  const told: SourceNotification[] = [];
  return { told, notices: new InitialNotices((notification) => told.push(notification)) };
}

test('tables that are read side by side are told once each, when they begin and end', () => {
  const { told, notices } = setup();
  notices.started();
  notices.progressed(
    progress([
      ['a', 0, false],
      ['b', 0, false],
      ['empty', 0, true],
    ]),
  );
  notices.progressed(
    progress([
      ['a', 3, false],
      ['b', 1, false],
      ['empty', 0, true],
    ]),
  );
  notices.progressed(
    progress([
      ['a', 7, true],
      ['b', 2, false],
      ['empty', 0, true],
    ]),
  );
  notices.progressed(
    progress([
      ['a', 7, true],
      ['b', 5, true],
      ['empty', 0, true],
    ]),
  );
  notices.completed();
  const names = { data_collections: 'public.a,public.b,public.empty' };
  const done = { ...names, status: 'SUCCEEDED' };
  expect(told.map(({ type, data }) => [type, data])).toEqual([
    ['STARTED', {}],
    ['IN_PROGRESS', { ...names, current_collection_in_progress: 'public.empty' }],
    [
      'TABLE_SCAN_COMPLETED',
      { ...done, scanned_collection: 'public.empty', total_rows_scanned: '0' },
    ],
    ['IN_PROGRESS', { ...names, current_collection_in_progress: 'public.a' }],
    ['IN_PROGRESS', { ...names, current_collection_in_progress: 'public.b' }],
    ['TABLE_SCAN_COMPLETED', { ...done, scanned_collection: 'public.a', total_rows_scanned: '7' }],
    ['TABLE_SCAN_COMPLETED', { ...done, scanned_collection: 'public.b', total_rows_scanned: '5' }],
    ['COMPLETED', {}],
  ]);
  expect(new Set(told.map(({ aggregate }) => aggregate))).toEqual(new Set(['Initial Snapshot']));
});

test('an attempt that begins anew tells of its tables anew; one without rows is skipped', () => {
  const { told, notices } = setup();
  notices.started();
  notices.progressed(progress([['a', 1, false]]));
  notices.aborted();
  notices.started();
  notices.progressed(progress([['a', 1, false]]));
  expect(told.map(({ type }) => type)).toEqual([
    'STARTED',
    'IN_PROGRESS',
    'ABORTED',
    'STARTED',
    'IN_PROGRESS',
  ]);
  const other = setup();
  other.notices.completed();
  expect(other.told.map(({ type }) => type)).toEqual(['SKIPPED']);
});
