import { must } from '../../../foundation/assert.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type {
  ChangeReceiver,
  SnapshotProgress,
  SourceOffset,
} from '../../../model/change-event.ts';
import { LSN_ZERO } from '../../../model/lsn.ts';
import type { SourceNotification } from '../../../model/source-notification.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { InitialNotices } from '../../snapshot/initial-notices.ts';
import { runSnapshot } from './postgres-snapshot.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { ReplicationOffset } from '../stream/replication-offset.ts';
import { fromSourceOffset, toSourceOffset } from '../stream/replication-offset.ts';
import type { SnapshotLedger } from './snapshot-ledger.ts';
import { firstOffset, readingOffset, restOf } from './snapshot-offset.ts';
import type { SnapshotAttempt, SnapshotOffsets, WireFactory } from './snapshot-request.ts';

/** What a first snapshot is made with. */
export interface FirstSnapshotParts {
  readonly options: PostgresSourceOptions;
  readonly clock: Clock;
  readonly connect: WireFactory;
  note(text: string): void;
  warn(text: string): void;
  notify(notification: SourceNotification): void;
}

/** A first snapshot as the reader sees it: where it stands, and where the stream goes on from. */
export class FirstSnapshot {
  readonly #parts: FirstSnapshotParts;
  #progress: readonly SnapshotProgress[] = [];
  #stored: SourceOffset | undefined;
  #ledger: { readonly ledger: SnapshotLedger; readonly first: ReplicationOffset } | undefined;
  #completed: ReplicationOffset | undefined;

  constructor(parts: FirstSnapshotParts) {
    this.#parts = parts;
  }

  get progress(): readonly SnapshotProgress[] {
    return this.#progress;
  }

  /** Of what has been handed over so far. */
  offset(): SourceOffset {
    if (this.#ledger === undefined) return must(this.#stored, 'no offset yet');
    const { ledger, first } = this.#ledger;
    const { topicPrefix } = this.#parts.options;
    return toSourceOffset(topicPrefix, { ...first, snapshotState: ledger.text });
  }

  async run(
    receiver: ChangeReceiver,
    unfinished: SnapshotAttempt | null,
    signal: AbortSignal,
  ): Promise<{ resume: ReplicationOffset; captured: readonly CapturedTable[] }> {
    const { options, clock, connect } = this.#parts;
    const notices = new InitialNotices((notice) => this.#parts.notify(notice));
    const result = await runSnapshot({
      options,
      connect,
      receiver,
      offsets: this.#offsets(notices),
      unfinished,
      signal,
      clock,
      onProgress: (progress) => {
        this.#progress = progress;
        notices.progressed(progress);
      },
      onNote: (text) => this.#parts.note(text),
    });
    for (const warning of result.warnings) this.#parts.warn(warning);
    if (!result.complete) {
      receiver.snapshotReleased?.();
      // Of the others those tell that read the rest.
      this.#progress = this.#progress.filter(({ completed }) => completed);
      this.#completed = restOf(fromSourceOffset(this.offset()));
    }
    const resume = must(this.#completed, 'a snapshot without an end');
    return { resume, captured: result.captured };
  }

  #offsets(notices: InitialNotices): SnapshotOffsets {
    const store = (offset: ReplicationOffset): SourceOffset =>
      (this.#stored = toSourceOffset(this.#parts.options.topicPrefix, offset));
    return {
      started: (attempt) => store(firstOffset(attempt, 'running', LSN_ZERO, null)),
      reading: (point, ledger) => {
        const intent = must(this.#stored, 'rows before the intent');
        this.#ledger = { ledger, first: readingOffset(intent, point) };
        notices.started();
      },
      completed: (snapshot) => {
        this.#ledger = undefined;
        const { consistentPoint, finishedMicros } = snapshot;
        this.#completed = firstOffset(snapshot, 'completed', consistentPoint, finishedMicros);
        notices.completed();
        return store(this.#completed);
      },
    };
  }
}
