import type { StreamInput } from '../model/change-event.ts';
import type { Blocker, ServerLook } from '../model/server-look.ts';
import { ofBlocker, seconds } from './stall-evidence.ts';
import type { SourceStall } from './watch-view.ts';

/** What is known here of a stream that hands over nothing. */
export interface StreamFacts {
  /** As of the look; null: the stream is not connected, or has no connection. */
  readonly input: StreamInput | null;
  readonly stallAfterMs: number;
}

/** A walsender's: a lock of a catalog holds it up as it does everybody. */
export function lockOfStream(look: ServerLook | null): Blocker | undefined {
  return look?.blockers.find(
    ({ kind, waiting }) => kind === 'lock' && waiting?.startsWith('START_REPLICATION') === true,
  );
}

/** The server has more, and nothing comes: what its sender does tells the rest. */
export function behindAndStill(
  look: ServerLook,
  evidence: readonly string[],
  { input, stallAfterMs }: StreamFacts,
): SourceStall {
  const { sender } = look;
  const dead = (why: string): SourceStall => ({
    cause: 'dead_socket',
    table: null,
    severity: 'critical',
    title: 'the connection of the stream is dead',
    evidence: [...evidence, why, 'the server answers another connection'],
    cure: 'It is made anew by itself; where it comes again, look at firewalls and proxies between.',
  });
  if (input?.isHeldUp === true) return logTakesNothing(evidence);
  if (sender === null) return dead('the server has nobody that sends to us');
  const doing = `${sender.who} is ${sender.state}`;
  const { silentMs } = sender;
  const heard = silentMs === null ? [] : [`it heard from us ${seconds(silentMs)} ago`];
  // Its last bytes are under way; those of a keepalive tell nothing of one that works.
  const isSending = sender.does === 'waits_for_us' || sender.does === 'has_sent_all';
  if (isSending && input !== null && input.silentMs < stallAfterMs) {
    return comesSlowly([...evidence, doing, 'bytes come in, and make no whole change yet']);
  }
  if (isSending) return dead([doing, ...heard].join(', '));
  const shown = [...evidence, doing, ...heard];
  if (sender.does === 'waits_for_others') {
    return {
      cause: 'sender_waits',
      table: null,
      severity: 'warning',
      title: 'the server does not send before other servers have confirmed',
      evidence: shown,
      cure: 'Look at them: synchronized_standby_slots and pg_replication_slots, or semi-sync.',
    };
  }
  const lock = lockOfStream(look);
  return lock === undefined ? busyServer(look, shown) : lockWait('the stream', lock, doing);
}

/** Seen from the server this looks like a connection that is dead. */
function logTakesNothing(evidence: readonly string[]): SourceStall {
  return {
    cause: 'slow_source',
    table: null,
    severity: 'warning',
    title: 'the source reads no further: its log does not take what has come',
    evidence,
    cure: 'Look at the disk of the store or at the brokers, and at the log of the daemon.',
  };
}

/** Of a large change; or a network gives it little. */
function comesSlowly(evidence: readonly string[]): SourceStall {
  return {
    cause: 'slow_source',
    table: null,
    severity: 'warning',
    title: 'what the server sends comes in slowly',
    evidence,
    cure: 'Look at the network between, for what it lets through; a large row takes its time.',
  };
}

function busyServer(look: ServerLook, evidence: readonly string[]): SourceStall {
  const open = look.blockers.find(({ kind }) => kind !== 'lock');
  const large = open === undefined ? [] : [`open transaction: ${open.who}`, ...ofBlocker(open)];
  return {
    cause: 'server_busy',
    table: null,
    severity: 'info',
    title: 'the server reads its log and has found nothing for us yet',
    evidence: [...evidence, ...large],
    cure: 'Wait; a large transaction, or much that is not captured, takes its time.',
  };
}

/** Who waits, and for whom. */
export function lockWait(what: string, lock: Blocker, since: string): SourceStall {
  const on = lock.table === null ? '' : ` on ${lock.table}`;
  return {
    cause: 'lock_wait',
    table: lock.table,
    severity: 'warning',
    title: `${what} waits for a lock${on} that ${lock.who} holds`,
    evidence: [since, ...ofBlocker(lock)],
    cure: `Let it end, or: ${lock.cure}`,
  };
}
