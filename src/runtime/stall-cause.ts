import type { StreamInput } from '../model/change-event.ts';
import type { Blocker, ReplicaLook, ServerLook } from '../model/server-look.ts';
import type { SinkView, SourceView } from './pipeline-status.ts';
import { errorCause } from './stall-errors.ts';
import { counted, ofBlocker, seconds } from './stall-evidence.ts';
import { behindAndStill, lockOfStream, lockWait } from './still-stream.ts';
import type { ErrorView, SourceStall, Stall } from './watch-view.ts';

/** How something moved, from look to look; ms. */
export interface Movement {
  /** Since anything of it moved. */
  readonly stillMs: number;
  /** Since it had all that was there at the look before. */
  readonly behindMs: number;
  /** Since what waits has last become less; 0: nothing waits. */
  readonly growingMs: number;
}

/** All that the verdict depends on. */
export interface StallFacts {
  readonly source: Pick<SourceView, 'state' | 'error' | 'phase' | 'held' | 'receivedLsn'>;
  readonly sinks: readonly Pick<
    SinkView,
    'name' | 'state' | 'error' | 'connected' | 'applied' | 'lagRecords'
  >[];
  readonly sourceMovement: Movement;
  readonly sinkMovements: ReadonlyMap<string, Movement>;
  /** Null: no look yet, or the last one failed. */
  readonly look: ServerLook | null;
  /** Why the server could not be asked; null: it answered. */
  readonly lookProblem: ErrorView | null;
  /** As of the look; null: the stream is not connected, or has no connection. */
  readonly input: StreamInput | null;
  readonly stallAfterMs: number;
  readonly transactionMs: number;
  /** Between two looks; half of them decides nothing. */
  readonly isPaused: boolean;
}

/** Everything that stands still, the source first, each with its most certain cause. */
export function findStalls(facts: StallFacts): readonly Stall[] {
  const own = sourceStall(facts);
  const old = oldTransaction(facts);
  const sources = [
    ...(own === null ? [] : [own]),
    ...(old === null || own?.cause === 'long_transaction' ? [] : [old]),
    // What a policy holds waits for a person: the alert of the held table says so.
    ...facts.source.held.filter(({ code }) => code !== 'SCHEMA_HELD').map(refusedTopic),
  ];
  return [
    ...sources.map((stall) => ({ ...stall, sink: null })),
    ...facts.sinks.flatMap((sink) => sinkStall(sink, facts)),
  ];
}

function refusedTopic({ topic, message, cure }: SourceView['held'][number]): SourceStall {
  return {
    cause: 'registry_refuses',
    table: topic,
    severity: 'critical',
    title: `records of ${topic} wait: the registry refuses their schema`,
    evidence: [message],
    cure,
  };
}

function sourceStall(facts: StallFacts): SourceStall | null {
  const { source, look, lookProblem } = facts;
  if (source.error !== null || source.state === 'failed') {
    const told = failure('the source', source.state, source.error, lookProblem);
    const lock = look?.blockers.find(({ kind }) => kind === 'lock');
    // It gave up waiting, and waits again: who is in the way is still to be seen.
    const isWait = told.cause === 'lock_wait' && lock !== undefined;
    return isWait ? lockWait('the source', lock, told.title) : told;
  }
  if (source.state !== 'running' && source.state !== 'starting') return null;
  if (look?.retention.isLost === true) return lostPosition(look);
  const isStill = facts.sourceMovement.stillMs >= facts.stallAfterMs;
  if (source.phase === 'streaming') {
    // Before that it is still to be made.
    const missing = look?.missing ?? null;
    if (missing !== null) return lostPublication(missing);
    const found = streamStall(facts, isStill);
    const lock = lockOfStream(look) ?? look?.blockers.find(({ kind }) => kind === 'lock');
    // The stream, or tables that are read beside it.
    const isTold = lock !== undefined && (found === null || found.cause === 'idle');
    if (!isTold) return found;
    const isStream = lock === lockOfStream(look);
    return isStream
      ? lockWait('the stream', lock, 'its server sends nothing meanwhile')
      : lockWait('a session beside the stream', lock, 'the stream goes on');
  }
  if (source.phase === 'stopped' || !isStill || facts.isPaused) return null;
  return beforeTheStream(facts);
}

/** What a task itself tells of why it does not go on. */
function failure(
  who: string,
  state: SourceView['state'],
  error: ErrorView | null,
  lookProblem: ErrorView | null,
): SourceStall {
  const failed = state === 'failed';
  const code = error?.code ?? 'INTERNAL';
  const cause = errorCause(code, failed, lookProblem !== null);
  const then = failed ? 'has failed and is not tried again' : 'does not go on';
  return {
    cause,
    table: null,
    severity: 'critical',
    title: `${who} ${then}: ${code}`,
    evidence: [
      ...(error === null ? [] : [error.message]),
      ...(cause === 'dead_socket' ? ['the server answers another connection'] : []),
      ...(lookProblem === null ? [] : [`seen from beside: ${lookProblem.message}`]),
    ],
    cure: error?.cure ?? '',
  };
}

function lostPosition({ retention: { floor, state } }: ServerLook): SourceStall {
  return {
    cause: 'position_lost',
    table: null,
    severity: 'critical',
    title: 'the server has removed what the source would read next',
    evidence: [`from ${floor ?? 'no position'} on`, ...(state === null ? [] : [`it is ${state}`])],
    cure: 'The gap cannot be read any more: snapshot.mode: when_needed takes a new snapshot.',
  };
}

function lostPublication(missing: string): SourceStall {
  return {
    cause: 'publication_lost',
    table: null,
    severity: 'critical',
    title: `the server sends nothing: ${missing}`,
    evidence: ['changes made meanwhile do not come'],
    cure: 'Put it back as it was, and read the tables again: tidemark snapshot <file> --tables …',
  };
}

function beforeTheStream(facts: StallFacts): SourceStall {
  const { source, look, lookProblem, sourceMovement } = facts;
  const what = source.phase === 'snapshot' ? 'the snapshot' : 'the start of the source';
  const since = `nothing has moved for ${seconds(sourceMovement.stillMs)}`;
  if (lookProblem !== null) return unreachable(lookProblem, since);
  const lock = look?.blockers.find(({ kind }) => kind === 'lock');
  const open = look?.blockers.find(({ kind }) => kind !== 'lock');
  // A slot waits for the ends of transactions, which is a lock without a table.
  const isItsEnd = lock === undefined || (lock.table === null && lock.who === open?.who);
  if (open !== undefined && isItsEnd) return waitsForTransaction(what, open);
  if (lock !== undefined) return lockWait(what, lock, since);
  return unexplained(what, facts, since);
}

function waitsForTransaction(what: string, open: Blocker): SourceStall {
  return {
    cause: 'long_transaction',
    table: null,
    severity: 'warning',
    title: `${what} waits for the open transaction of ${open.who}`,
    evidence: ofBlocker(open),
    cure: `Let it end, or: ${open.cure}`,
  };
}

function unreachable({ message, cure }: ErrorView, since: string): SourceStall {
  return {
    cause: 'source_down',
    table: null,
    severity: 'critical',
    title: 'the server of the source does not answer',
    evidence: [since, message],
    cure,
  };
}

function streamStall(facts: StallFacts, isStill: boolean): SourceStall | null {
  const { look, lookProblem, sourceMovement, stallAfterMs, source } = facts;
  const since = `nothing has come in for ${seconds(sourceMovement.stillMs)}`;
  if (lookProblem !== null) return isStill ? unreachable(lookProblem, since) : null;
  if (look === null) return null;
  if (sourceMovement.behindMs < stallAfterMs) return whenCaughtUp(look, isStill);
  const bytes = look.waitingBytes === null ? '' : `, ${counted(look.waitingBytes, 'byte')} on`;
  const upTo = source.receivedLsn ?? 'nothing';
  const waits = `read up to ${upTo}, the server is at ${look.end}${bytes}`;
  if (isStill) return behindAndStill(look, [since, waits], facts);
  if (sourceMovement.growingMs < stallAfterMs) return null;
  return {
    cause: 'slow_source',
    table: null,
    severity: 'warning',
    title: 'the source reads, and falls behind',
    evidence: [`for ${seconds(sourceMovement.growingMs)} what waits has only grown`, waits],
    cure: 'More CPU or a faster disk for the daemon, a faster network to it; fewer tables.',
  };
}

function whenCaughtUp(look: ServerLook, isStill: boolean): SourceStall | null {
  if (!isStill) return null;
  if (look.replica !== null && look.replica !== 'hidden') return laggingCopy(look.replica);
  return {
    cause: 'idle',
    table: null,
    severity: 'info',
    title: 'the source is idle: the server has nothing to send',
    evidence: [
      `all up to ${look.end} was read`,
      ...(look.replica === 'hidden' ? ['whether it follows another server is not to be seen'] : []),
    ],
    cure: 'Nothing is wrong.',
  };
}

function laggingCopy({ behindMs, stopped }: ReplicaLook): SourceStall {
  const behind = behindMs === null ? '' : `${seconds(behindMs)} `;
  return {
    cause: 'replica_lag',
    table: null,
    severity: stopped === null ? 'warning' : 'critical',
    title: `the server is a copy, and ${behind}behind its own source`,
    evidence: [...(stopped === null ? [] : [stopped]), 'all that it has was read'],
    cure: 'Look at its replication: pg_stat_wal_receiver, or SHOW REPLICA STATUS.',
  };
}

function unexplained(what: string, { look }: StallFacts, since: string): SourceStall {
  const grant = look?.grant ?? null;
  return {
    cause: 'unknown',
    table: null,
    severity: 'warning',
    title: `${what} does not move, and nothing is found in its way`,
    evidence: [since, ...(grant === null ? [] : ['the account may not see everybody'])],
    cure: grant === null ? 'Look at the log of the daemon, with log.level: debug.' : grant,
  };
}

/** Its changes come with its end, and the server keeps its log from its beginning on. */
function oldTransaction({ look, transactionMs, source }: StallFacts): SourceStall | null {
  if (look === null || source.phase !== 'streaming') return null;
  const old = look.blockers.find(
    ({ kind, ageMs }) => kind !== 'lock' && ageMs !== null && ageMs >= transactionMs,
  );
  if (old === undefined) return null;
  const { heldBytes, isHeldByTransaction } = look.retention;
  return {
    cause: 'long_transaction',
    table: null,
    severity: 'warning',
    title: `${old.who} has a transaction open for ${seconds(old.ageMs ?? 0)}`,
    evidence: [
      'its changes come when it commits',
      ...(isHeldByTransaction ? [`it keeps most of the ${heldBytes} bytes that are held`] : []),
      ...ofBlocker(old).slice(1),
    ],
    cure: `Let it end, or: ${old.cure}`,
  };
}

function sinkStall(
  sink: StallFacts['sinks'][number],
  { sinkMovements, stallAfterMs }: StallFacts,
): readonly Stall[] {
  const who = `sink ${sink.name}`;
  if (sink.error !== null || sink.state === 'failed') {
    return [{ ...failure(who, sink.state, sink.error, null), sink: sink.name }];
  }
  const movement = sinkMovements.get(sink.name);
  if (movement === undefined || sink.lagRecords === 0) return [];
  const isStill = movement.stillMs >= stallAfterMs;
  if (!isStill && movement.growingMs < stallAfterMs) return [];
  const waits = `${counted(sink.lagRecords, 'record')} ${sink.lagRecords === 1 ? 'waits' : 'wait'}`;
  const title = isStill
    ? `${who} applies nothing, and ${waits}`
    : `${who} applies, and falls behind: ${waits}`;
  const forMs = isStill ? movement.stillMs : movement.growingMs;
  return [
    {
      cause: 'slow_target',
      sink: sink.name,
      table: null,
      severity: 'warning',
      title,
      evidence: [`for ${seconds(forMs)}`, sink.connected ? 'it is connected' : 'not connected'],
      cure: 'Look at the target for locks and load: pg_stat_activity, SHOW PROCESSLIST, _tasks.',
    },
  ];
}
