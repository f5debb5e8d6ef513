import { systemClock } from '../../src/foundation/clock.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { PostgresSourceOptions } from '../../src/source/postgres/postgres-source-options.ts';
import { runSnapshot } from '../../src/source/postgres/snapshot/postgres-snapshot.ts';
import { PostgresWire } from '../../src/source/postgres/wire/postgres-wire.ts';
import type {
  CompletedSnapshot,
  SnapshotAttempt,
  SnapshotRequest,
  SnapshotResult,
} from '../../src/source/postgres/snapshot/snapshot-request.ts';
import type { SnapshotProgress } from '../../src/model/change-event.ts';
import { RecordingReceiver } from './recording-receiver.ts';

/** A first snapshot outside of the reader: what it did, step by step. */
export interface SnapshotRun {
  readonly receiver: RecordingReceiver;
  readonly attempts: SnapshotAttempt[];
  readonly completed: CompletedSnapshot[];
  readonly notes: string[];
  readonly progress: readonly SnapshotProgress[];
  readonly result: Promise<SnapshotResult>;
  readonly abort: AbortController;
}

export function startSnapshot(
  options: PostgresSourceOptions,
  overrides: Partial<SnapshotRequest> & { readonly receiver?: RecordingReceiver } = {},
): SnapshotRun {
  const receiver = overrides.receiver ?? new RecordingReceiver();
  const abort = new AbortController();
  const attempts: SnapshotAttempt[] = [];
  const completed: CompletedSnapshot[] = [];
  const notes: string[] = [];
  const reading = { count: 0 };
  let progress: readonly SnapshotProgress[] = [];
  const request: SnapshotRequest = {
    options,
    connect: (session, signal) => PostgresWire.connect(options.connection, session, signal),
    receiver,
    offsets: {
      started(attempt) {
        attempts.push(attempt);
        return { partition: {}, offset: { running: attempt.slotName } };
      },
      reading() {
        reading.count++;
      },
      completed(snapshot) {
        completed.push(snapshot);
        return { partition: {}, offset: { running: null } };
      },
    },
    unfinished: null,
    signal: abort.signal,
    clock: systemClock,
    onProgress(latest) {
      progress = latest;
    },
    onNote(note) {
      notes.push(note);
    },
    ...overrides,
  };
  const result = runSnapshot(request);
  result.catch(() => undefined);
  return {
    receiver,
    attempts,
    completed,
    notes,
    abort,
    result,
    get progress() {
      return progress;
    },
  };
}

/** The error that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<TidemarkError> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof TidemarkError) return outcome;
  throw new Error('no TidemarkError', { cause: outcome });
}
