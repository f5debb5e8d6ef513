import { describe, expect, test } from 'vitest';
import type { Blocker, RetentionLook, ServerLook } from '../../src/model/server-look.ts';
import { findStalls, type Movement, type StallFacts } from '../../src/runtime/stall-cause.ts';
import { RUNNING_SINK, RUNNING_SOURCE } from '../support/pipeline-statuses.ts';

const MOVES: Movement = { stillMs: 0, behindMs: 0, growingMs: 0 };
const STILL: Movement = { stillMs: 60_000, behindMs: 60_000, growingMs: 60_000 };
const CAUGHT_UP: Movement = { stillMs: 60_000, behindMs: 0, growingMs: 0 };
const RETENTION: RetentionLook = {
  floor: '0/10',
  heldBytes: 64,
  endBytes: 1000,
  size: null,
  age: null,
  state: null,
  isLost: false,
  isHeldByTransaction: false,
};
const SENDER = { who: 'walsender 7', state: 'streaming', does: 'works', silentMs: 10 } as const;
const LOOK: ServerLook = {
  end: '0/200',
  waitingBytes: 256,
  sender: SENDER,
  retention: RETENTION,
  replica: null,
  missing: null,
  blockers: [],
  grant: null,
};
const LOCK: Blocker = {
  kind: 'lock',
  who: 'pid 4711 (shop)',
  ageMs: 90_000,
  statement: 'LOCK TABLE t',
  cure: 'SELECT pg_terminate_backend(4711);',
  table: 'public.t',
  waiting: 'SELECT 1',
};
const SILENT = { silentMs: 60_000, isHeldUp: false };
const ERROR = { code: 'PG_CONNECT', message: 'refused', cure: 'Start it.' };

function found(change: Partial<StallFacts>) {
  return findStalls({
    source: RUNNING_SOURCE,
    sinks: [],
    sourceMovement: MOVES,
    sinkMovements: new Map(),
    look: LOOK,
    lookProblem: null,
    input: SILENT,
    stallAfterMs: 30_000,
    transactionMs: 600_000,
    isPaused: false,
    ...change,
  });
}

const causes = (change: Partial<StallFacts>) => found(change).map(({ cause }) => cause);
const source = (change: object) => ({ ...RUNNING_SOURCE, ...change });
const look = (change: Partial<ServerLook>): ServerLook => ({ ...LOOK, ...change });

describe('a stream', () => {
  test('that moves is no stall, however far it is behind', () => {
    expect(found({})).toEqual([]);
    expect(found({ sourceMovement: { stillMs: 0, behindMs: 60_000, growingMs: 0 } })).toEqual([]);
  });

  test('that has all is idle; of a copy that lags it is not', () => {
    expect(causes({ sourceMovement: CAUGHT_UP })).toEqual(['idle']);
    const told = (replica: ServerLook['replica']) =>
      found({ sourceMovement: CAUGHT_UP, look: look({ replica }) })[0];
    expect(told({ behindMs: 45_000, stopped: null })).toMatchObject({
      cause: 'replica_lag',
      severity: 'warning',
      title: 'the server is a copy, and 45 s behind its own source',
    });
    expect(told({ behindMs: null, stopped: 'it applies nothing' })).toMatchObject({
      cause: 'replica_lag',
      severity: 'critical',
      title: 'the server is a copy, and behind its own source',
      evidence: ['it applies nothing', 'all that it has was read'],
    });
    expect(told('hidden')).toMatchObject({
      cause: 'idle',
      evidence: [expect.any(String), 'whether it follows another server is not to be seen'],
    });
  });

  test('that reads and only falls behind', () => {
    const movement = { stillMs: 0, behindMs: 60_000, growingMs: 60_000 };
    expect(causes({ sourceMovement: movement })).toEqual(['slow_source']);
  });

  test('whose server does not answer beside it either', () => {
    expect(causes({ sourceMovement: STILL, look: null, lookProblem: ERROR })).toEqual([
      'source_down',
    ]);
    // A stream that moves is proof enough.
    expect(causes({ look: null, lookProblem: ERROR })).toEqual([]);
  });

  test('that has lost its place or its publication', () => {
    const lost = look({ retention: { ...RETENTION, isLost: true, state: 'lost' } });
    expect(found({ look: lost })[0]).toMatchObject({
      cause: 'position_lost',
      severity: 'critical',
      evidence: ['from 0/10 on', 'it is lost'],
    });
    expect(causes({ look: look({ missing: 'p does not exist' }) })).toEqual(['publication_lost']);
    const starting = source({ phase: 'starting' });
    expect(causes({ source: starting, look: look({ missing: 'p' }) })).toEqual([]);
  });

  test('beside which a snapshot waits for a lock', () => {
    const [stall] = found({ sourceMovement: CAUGHT_UP, look: look({ blockers: [LOCK] }) });
    expect(stall).toMatchObject({ cause: 'lock_wait', table: 'public.t' });
  });
});

describe('a transaction', () => {
  const open: Blocker = {
    ...LOCK,
    kind: 'transaction',
    ageMs: 700_000,
    table: null,
    waiting: null,
  };

  test('that is open for long is told of, beside what else there is', () => {
    const held = { ...RETENTION, heldBytes: 5000, isHeldByTransaction: true };
    const stalls = found({
      sourceMovement: CAUGHT_UP,
      look: look({ blockers: [open], retention: held }),
    });
    expect(stalls.map(({ cause }) => cause)).toEqual(['idle', 'long_transaction']);
    expect(stalls[1]).toMatchObject({
      title: 'pid 4711 (shop) has a transaction open for 12 min',
      evidence: [
        'its changes come when it commits',
        'it keeps most of the 5000 bytes that are held',
        'its statement: LOCK TABLE t',
      ],
    });
    const young = look({ blockers: [{ ...open, ageMs: 1000 }] });
    expect(causes({ look: young })).toEqual([]);
  });

  test('for whose end a slot waits', () => {
    const facts = {
      source: source({ phase: 'starting' }),
      sourceMovement: STILL,
      look: look({ blockers: [{ ...LOCK, table: null }, open] }),
    };
    expect(causes(facts)).toEqual(['long_transaction']);
    const other = { ...LOCK, table: null, who: 'pid 1' };
    expect(causes({ ...facts, look: look({ blockers: [other, open] }) })).toEqual(['lock_wait']);
  });
});

describe('a snapshot', () => {
  const facts = { source: source({ phase: 'snapshot' }), sourceMovement: STILL };

  test('that does not move', () => {
    expect(causes({ ...facts, look: look({ blockers: [LOCK] }) })).toEqual(['lock_wait']);
    expect(causes({ ...facts, look: null, lookProblem: ERROR })).toEqual(['source_down']);
    const [stall] = found({ ...facts, look: look({ grant: 'GRANT pg_read_all_stats TO me;' }) });
    expect(stall).toMatchObject({ cause: 'unknown', cure: 'GRANT pg_read_all_stats TO me;' });
  });

  test('that waits for its hours is none', () => {
    expect(found({ ...facts, isPaused: true })).toEqual([]);
  });
});

describe('an error', () => {
  test('of the source says what it is, with what is seen from beside', () => {
    const broken = source({ error: ERROR, state: 'backing-off', connected: false });
    const [stall] = found({ source: broken, look: null, lookProblem: ERROR });
    expect(stall).toMatchObject({
      cause: 'source_down',
      title: 'the source does not go on: PG_CONNECT',
      evidence: ['refused', 'seen from beside: refused'],
      cure: 'Start it.',
    });
  });

  test('of a lock names who holds it, as long as that is to be seen', () => {
    const error = { ...ERROR, code: 'PG_LOCK_TIMEOUT' };
    const waits = source({ error, state: 'backing-off' });
    expect(found({ source: waits, look: look({ blockers: [LOCK] }) })[0]?.table).toBe('public.t');
    expect(found({ source: waits })[0]).toMatchObject({ cause: 'lock_wait', table: null });
  });

  test('a source that was stopped or has ended is none', () => {
    for (const state of ['stopped', 'ended', 'backing-off']) {
      expect(found({ source: source({ state }), sourceMovement: STILL })).toEqual([]);
    }
  });

  test('topics whose schema the registry refuses wait by themselves', () => {
    const refused = { topic: 'shop.t', code: 'SCHEMA_INCOMPATIBLE', message: '409', cure: 'c' };
    // Nobody but a policy holds this one: it is told by itself.
    const held = { topic: 'shop.u', code: 'SCHEMA_HELD', message: 'waits', cure: 'approve' };
    expect(found({ source: source({ held: [held, refused] }) })).toMatchObject([
      { cause: 'registry_refuses', table: 'shop.t', cure: 'c' },
    ]);
  });
});

describe('a sink', () => {
  const sinks = [RUNNING_SINK];
  const movements = (movement: Movement) => ({
    sinks,
    sinkMovements: new Map([['warehouse', movement]]),
  });

  test('that applies nothing, or less than comes', () => {
    const [still] = found(movements(STILL));
    expect(still).toMatchObject({
      cause: 'slow_target',
      sink: 'warehouse',
      title: 'sink warehouse applies nothing, and 4 records wait',
    });
    const [slow] = found(movements({ ...MOVES, growingMs: 40_000 }));
    expect(slow?.title).toBe('sink warehouse applies, and falls behind: 4 records wait');
    const [one] = found({ ...movements(STILL), sinks: [{ ...RUNNING_SINK, lagRecords: 1 }] });
    expect(one?.title).toBe('sink warehouse applies nothing, and 1 record waits');
    expect(found(movements(MOVES))).toEqual([]);
  });

  test('that has all is well, however long nothing came', () => {
    const done = { ...RUNNING_SINK, lagRecords: 0 };
    expect(found({ ...movements(STILL), sinks: [done] })).toEqual([]);
  });

  test('that cannot reach its target', () => {
    const error = { code: 'SINK_CONNECT', message: 'refused', cure: 'c' };
    const down = { ...RUNNING_SINK, error, state: 'backing-off' as const };
    expect(found({ ...movements(MOVES), sinks: [down] })[0]).toMatchObject({
      cause: 'target_down',
      sink: 'warehouse',
      severity: 'critical',
    });
  });
});
