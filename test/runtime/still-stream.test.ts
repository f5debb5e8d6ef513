import { expect, test } from 'vitest';
import type { Blocker, ServerLook } from '../../src/model/server-look.ts';
import { behindAndStill } from '../../src/runtime/still-stream.ts';

const SENDER = { who: 'walsender 7', state: 'streaming', does: 'works', silentMs: 10 } as const;
const SILENT = { silentMs: 60_000, isHeldUp: false };
/** Bytes of a change that is not whole come in. */
const TRICKLES = { silentMs: 20, isHeldUp: false };
const LOCK: Blocker = {
  kind: 'lock',
  who: 'pid 4711 (shop)',
  ageMs: 90_000,
  statement: 'LOCK TABLE t',
  cure: 'SELECT pg_terminate_backend(4711);',
  table: 'public.t',
  waiting: 'START_REPLICATION SLOT "s" LOGICAL 0/0',
};

function found(sender: ServerLook['sender'], input = SILENT, blockers: readonly Blocker[] = []) {
  const look = { sender, blockers } as unknown as ServerLook;
  return behindAndStill(look, ['nothing has come in'], { input, stallAfterMs: 30_000 });
}

test('what the sender does tells why', () => {
  const by = (...given: Parameters<typeof found>) => found(...given).cause;
  expect(by(null)).toBe('dead_socket');
  expect(by({ ...SENDER, does: 'has_sent_all' })).toBe('dead_socket');
  expect(by({ ...SENDER, does: 'waits_for_us' })).toBe('dead_socket');
  expect(by({ ...SENDER, does: 'waits_for_us', silentMs: null })).toBe('dead_socket');
  expect(by({ ...SENDER, does: 'waits_for_others' })).toBe('sender_waits');
  expect(by(SENDER)).toBe('server_busy');
});

test('a sender that works does not listen meanwhile: no dead connection', () => {
  expect(found({ ...SENDER, silentMs: 40_000 })).toMatchObject({
    cause: 'server_busy',
    severity: 'info',
    evidence: ['nothing has come in', 'walsender 7 is streaming', 'it heard from us 40 s ago'],
  });
});

test('bytes that come in are a connection that is alive', () => {
  const by = (...given: Parameters<typeof found>) => found(...given).cause;
  expect(by({ ...SENDER, does: 'waits_for_us' }, TRICKLES)).toBe('slow_source');
  expect(by({ ...SENDER, does: 'has_sent_all', silentMs: 40_000 }, TRICKLES)).toBe('slow_source');
  expect(by(SENDER, TRICKLES)).toBe('server_busy');
  expect(by(null, TRICKLES)).toBe('dead_socket');
});

test('whoever reads no further himself has no dead connection', () => {
  const sender = { ...SENDER, does: 'has_sent_all' } as const;
  expect(found(sender, { silentMs: 60_000, isHeldUp: true })).toMatchObject({
    cause: 'slow_source',
    title: 'the source reads no further: its log does not take what has come',
  });
});

test('a sender that waits for a lock is named with who holds it', () => {
  const beside = { ...LOCK, table: 'public.other', waiting: 'SELECT 1' };
  expect(found(SENDER, SILENT, [beside, LOCK])).toMatchObject({
    cause: 'lock_wait',
    title: 'the stream waits for a lock on public.t that pid 4711 (shop) holds',
  });
  expect(found(SENDER, SILENT, [beside]).cause).toBe('server_busy');
});
