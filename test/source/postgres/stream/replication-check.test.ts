import { expect, test } from 'vitest';
import type { SlotInfo } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import { lsn } from '../../../../src/model/lsn.ts';
import {
  judgeResume,
  parseTimelineHistory,
  resumeProblem,
  streamFingerprint,
} from '../../../../src/source/postgres/stream/replication-check.ts';
import { ColumnConversions } from '../../../../src/source/column-conversions.ts';
import type { ReplicationOffset } from '../../../../src/source/postgres/stream/replication-offset.ts';
import { publicationInfo } from '../../../support/catalog-fixtures.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';

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
    { walEnd: lsn(0xffn), timeline: 2, history: null },
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

const promoted = (until: bigint) => ({
  ...SERVER,
  timeline: 2,
  history: [{ timeline: 1, until: lsn(until) }],
});

test('a promoted server has what was captured, or not: its timelines tell', () => {
  expect(resumeProblem(OFFSET, promoted(0x100n), SLOT, 'f')).toBeNull();
  // It has written more since, so that the end of its WAL tells nothing.
  expect(resumeProblem(OFFSET, promoted(0xf0n), SLOT, 'f')).toMatchObject({
    code: 'PG_SLOT_MISMATCH',
    message: expect.stringContaining('beyond 0/F0, where this server left its timeline') as string,
  });
  expect(resumeProblem({ ...OFFSET, timeline: 2 }, SERVER, SLOT, 'f')?.message).toContain(
    'behind a failover',
  );
  const other = { ...promoted(0x100n), timeline: 3 };
  expect(resumeProblem({ ...OFFSET, timeline: 2 }, other, SLOT, 'f')?.message).toContain(
    'never been on the timeline',
  );
  const unknown = { ...SERVER, timeline: 2, history: null };
  expect(resumeProblem(OFFSET, unknown, SLOT, 'f')).toBeNull();
});

test('a history file as the server writes it', () => {
  const content = '1\t0/3000158\tno recovery target specified\n\n# a comment\n2\t1A/4B\twhy\n';
  expect(parseTimelineHistory(content)).toEqual([
    { timeline: 1, until: lsn(0x3000158n) },
    { timeline: 2, until: lsn(0x1a0000004bn) },
  ]);
});

test('an idle offset goes back to where a promoted server left the timeline', () => {
  const idle = { ...OFFSET, lastLsn: lsn(0x80n), previousCommitLsn: lsn(0x90n) };
  const verdict = judgeResume(idle, promoted(0xf0n), SLOT_BEFORE, 'f', 'trust_offset');
  expect(verdict).toMatchObject({ problem: null, warning: null, offset: { endLsn: 0xf0n } });
  const lost = { ...idle, previousCommitLsn: lsn(0xf0n) };
  expect(judgeResume(lost, promoted(0xf0n), SLOT_BEFORE, 'f', 'trust_offset').problem).toBeTruthy();
  const open = { ...idle, openCommitLsn: lsn(0x95n), eventsDone: 1 };
  expect(judgeResume(open, promoted(0xf0n), SLOT_BEFORE, 'f', 'trust_offset').problem).toBeTruthy();
});

test('a standby that was promoted while we streamed from it is no failover', () => {
  const since = { ...SLOT, confirmedFlushLsn: '0/F8' };
  const verdict = judgeResume(OFFSET, promoted(0xf0n), since, 'f', 'trust_offset');
  expect(verdict).toMatchObject({ problem: null, offset: { endLsn: 0x100n, timeline: 2 } });
});

const SLOT_BEFORE = { ...SLOT, confirmedFlushLsn: '0/80' };
const AHEAD = { ...SLOT, confirmedFlushLsn: '0/180' };
const ELSEWHERE = { ...SERVER, systemIdentifier: '8', timeline: 1 };

test.each([
  ['trust_offset', 'a slot that is ahead', SERVER, AHEAD, null],
  ['trust_greater_lsn', 'a slot that is ahead', SERVER, AHEAD, 0x180n],
  ['trust_slot', 'a slot that is ahead', SERVER, AHEAD, 0x180n],
  ['trust_greater_lsn', 'another server', ELSEWHERE, AHEAD, null],
  ['trust_slot', 'another server', ELSEWHERE, AHEAD, 0x180n],
  ['trust_slot', 'another server whose slot is behind', ELSEWHERE, SLOT, 0x100n],
  [
    'trust_slot',
    'a server that lost changes',
    promoted(0xf0n),
    { ...SLOT, confirmedFlushLsn: '0/80' },
    0xf0n,
  ],
  ['trust_slot', 'no slot', SERVER, null, null],
] as const)('offset.mismatch.strategy: %s, %s', (strategy, _what, server, slot, at) => {
  const verdict = judgeResume(OFFSET, server, slot, 'f', strategy);
  if (at === null) {
    expect(verdict.problem?.cure).toContain('snapshot anew');
    expect(verdict.warning).toBeNull();
    return;
  }
  expect(verdict.problem).toBeNull();
  expect(verdict.warning).toContain(`offset.mismatch.strategy is ${strategy}`);
  expect(verdict.offset).toMatchObject({
    systemIdentifier: server.systemIdentifier,
    timeline: server.timeline,
    endLsn: at,
    openCommitLsn: null,
    eventsDone: 0,
  });
});

test('offset.mismatch.strategy: nothing is passed over within a snapshot or a transaction', () => {
  const reading = { ...OFFSET, snapshotState: '{}' };
  expect(judgeResume(reading, SERVER, AHEAD, 'f', 'trust_slot').problem).not.toBeNull();
  const open = { ...OFFSET, openCommitLsn: lsn(0x150n), eventsDone: 1 };
  expect(judgeResume(open, SERVER, SLOT, 'other', 'trust_slot').problem?.message).toContain(
    'only in part',
  );
});

test('offset.mismatch.strategy: what fits goes on where it was, whatever it says', () => {
  for (const strategy of ['trust_offset', 'trust_slot', 'trust_greater_lsn'] as const) {
    const slot = { ...SLOT, confirmedFlushLsn: '0/80' };
    const verdict = judgeResume(OFFSET, SERVER, slot, 'f', strategy);
    expect(verdict).toEqual({ offset: OFFSET, problem: null, warning: null });
  }
});

test('the fingerprint changes with all that decides which events come', () => {
  const database = { host: 'h', port: 1, user: 'u', password: 'p', name: 'd' };
  const options = sourceOptionsFor(database);
  const publication = publicationInfo();
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
  const converted = (properties: Record<string, string>): string => {
    const module = { name: 'a', module: './a.ts', file: '/x/a.ts', selector: null };
    const columnConversions = new ColumnConversions([
      { ...module, properties, convert: () => null },
    ]);
    return streamFingerprint({ ...options, columnConversions }, publication, [table]);
  };
  const converters = [converted({}), converted({ locale: 'de' }), converted({ locale: 'en' })];
  expect(new Set([base, ...converters]).size).toBe(4);
  expect(converted({ locale: 'de' })).toBe(converters[1]);
});
