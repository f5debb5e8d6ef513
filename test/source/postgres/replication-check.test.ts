import { expect, test } from 'vitest';
import type { SlotInfo } from '../../../dialects/postgres/postgres-server-catalog.ts';
import { lsn } from '../../../src/model/lsn.ts';
import {
  resumeProblem,
  streamFingerprint,
} from '../../../src/source/postgres/replication-check.ts';
import type { ReplicationOffset } from '../../../src/source/postgres/replication-offset.ts';
import { sourceOptionsFor } from '../../support/postgres-source.ts';

const OFFSET: ReplicationOffset = {
  systemIdentifier: '7',
  timeline: 1,
  slot: 'shop',
  fingerprint: 'f',
  endLsn: lsn(0x100n),
  openCommitLsn: null,
  eventsDone: 0,
  previousCommitLsn: null,
  lastLsn: lsn(0x100n),
  transactionId: null,
  commitMicros: null,
  snapshot: 'completed',
};

const SERVER = { systemIdentifier: '7', timeline: 1, walEnd: lsn(0x200n) };

const SLOT: SlotInfo = {
  name: 'shop',
  plugin: 'pgoutput',
  slotType: 'logical',
  database: 'd',
  temporary: false,
  activePid: null,
  restartLsn: '0/80',
  confirmedFlushLsn: '0/100',
  walStatus: 'reserved',
  safeWalBytes: null,
  invalidationReason: null,
  twoPhase: false,
  failover: false,
  heldBytes: null,
};

test('a slot at or behind the offset can be resumed (P44), also on a new timeline', () => {
  expect(resumeProblem(OFFSET, SERVER, SLOT, 'f')).toBeNull();
  expect(resumeProblem(OFFSET, SERVER, { ...SLOT, confirmedFlushLsn: '0/80' }, 'f')).toBeNull();
  expect(resumeProblem(OFFSET, { ...SERVER, timeline: 2 }, SLOT, 'f')).toBeNull();
  expect(resumeProblem(OFFSET, SERVER, SLOT, 'other')).toBeNull();
});

test.each([
  ['another server (P57)', {}, { systemIdentifier: '8' }, SLOT, 'PG_SLOT_MISMATCH', /server 7/],
  ['no slot (P107)', {}, {}, null, 'PG_SLOT_LOST', /shop is gone/],
  [
    'less WAL than was seen (P108)',
    {},
    { walEnd: lsn(0xffn), timeline: 2 },
    SLOT,
    'PG_SLOT_MISMATCH',
    /timeline 1 → 2/,
  ],
  [
    'a slot that is ahead (P42)',
    {},
    {},
    { ...SLOT, confirmedFlushLsn: '0/101' },
    'PG_SLOT_MISMATCH',
    /advanced to 0\/101/,
  ],
  [
    'other filters in mid-transaction',
    { openCommitLsn: lsn(0x150n), eventsDone: 1, fingerprint: 'g' },
    {},
    SLOT,
    'PG_SLOT_MISMATCH',
    /in part/,
  ],
] as const)('%s is refused', (_name, offset, server, slot, code, message) => {
  const problem = resumeProblem({ ...OFFSET, ...offset }, { ...SERVER, ...server }, slot, 'f');
  expect(problem).toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect(problem?.cure).toContain('snapshot anew');
});

test('the fingerprint changes with all that decides which events come', () => {
  const database = { host: 'h', port: 1, user: 'u', password: 'p', name: 'd' };
  const options = sourceOptionsFor(database);
  const publication = {
    name: 'p',
    owner: 'o',
    owned: true,
    allTables: false,
    viaRoot: false,
    inserts: true,
    updates: true,
    deletes: true,
    truncates: true,
  };
  const table = { schema: 's', table: 't', columns: ['b', 'a'], rowFilter: null };
  const base = streamFingerprint(options, publication, [table]);
  const again = streamFingerprint(
    sourceOptionsFor({ ...database, host: 'elsewhere' }),
    { ...publication, owner: 'x' },
    // DDL on the source: a table more, other columns.
    [
      { ...table, columns: ['a', 'c'] },
      { ...table, table: 'new' },
    ],
  );
  expect(again).toBe(base);
  const others = [
    streamFingerprint({ ...options, tableInclude: [/^x$/] }, publication, [table]),
    streamFingerprint({ ...options, skippedOperations: ['t'] }, publication, [table]),
    streamFingerprint({ ...options, slotStreamParams: [['origin', 'none']] }, publication, [table]),
    streamFingerprint(options, { ...publication, truncates: false }, [table]),
    streamFingerprint(options, { ...publication, viaRoot: true }, [table]),
    streamFingerprint(options, publication, [{ ...table, rowFilter: 'a > 1' }]),
  ];
  expect(new Set([base, ...others]).size).toBe(7);
});
