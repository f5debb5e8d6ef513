import { expect, test } from 'vitest';
import { lsn, LSN_ZERO } from '../../../../src/model/lsn.ts';
import type { Querier } from '../../../../src/source/postgres/wire/catalog-session.ts';
import { toSourceOffset } from '../../../../src/source/postgres/stream/replication-offset.ts';
import {
  attemptOf,
  firstOffset,
  readingOffset,
  resumeFrom,
} from '../../../../src/source/postgres/snapshot/snapshot-offset.ts';

const attempt = { systemIdentifier: '7', timeline: 1, slotName: 's' };
const intent = firstOffset(attempt, 'running', LSN_ZERO, null);

test('an offset names the attempt that it is of', () => {
  expect(attemptOf(intent)).toEqual(attempt);
  expect([intent.snapshot, intent.endLsn, intent.eventsDone]).toEqual(['running', LSN_ZERO, 0]);
});

test('a snapshot goes on when rows were read and its slot is there', async () => {
  const reading = readingOffset(toSourceOffset('p', intent), lsn(99n));
  expect([reading.endLsn, reading.snapshot]).toEqual([99n, 'running']);
  const slot = (walStatus: string | null): Querier => {
    const columns = ['name', 'slot_type', 'temporary', 'wal_status'];
    const rows = walStatus === null ? [] : [['s', 'logical', 'f', walStatus]];
    return { query: () => Promise.resolve([{ columns, rows, command: '' }]) };
  };
  const ask = (
    found: typeof reading | null,
    snapshotMode: 'initial' | 'always' | 'initial_only' | 'when_needed',
    walStatus: string | null = 'reserved',
  ): ReturnType<typeof resumeFrom> =>
    resumeFrom(found, { snapshotMode, slotName: 's' }, slot(walStatus), () => undefined);
  expect(await ask(reading, 'initial')).toMatchObject({ endLsn: 99n, snapshot: 'completed' });
  expect(await ask(reading, 'always')).not.toBeNull();
  for (const gone of [null, 'lost']) expect(await ask(reading, 'initial', gone)).toBeNull();
  expect(await ask(reading, 'initial_only')).toBeNull();
  expect(await ask(intent, 'initial')).toBeNull();
  expect(await ask(null, 'initial')).toBeNull();
  const completed = { ...reading, snapshot: 'completed' as const };
  expect(await ask(completed, 'initial')).toBe(completed);
  expect(await ask(completed, 'always')).toBeNull();
  expect(await ask(completed, 'when_needed')).toBe(completed);
  for (const gone of [null, 'lost']) {
    expect(await ask(completed, 'when_needed', gone)).toBeNull();
    expect(await ask(completed, 'initial', gone)).toBe(completed);
  }
});
