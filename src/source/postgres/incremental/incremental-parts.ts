import type { Clock } from '../../../foundation/clock.ts';
import type { ChangeReceiver } from '../../../model/change-event.ts';
import type { SourceNotification } from '../../../model/source-notification.ts';
import type { KnownTables } from '../../incremental/known-tables.ts';
import type { SnapshotState } from '../../incremental/snapshot-state.ts';
import type { PreparedCapture } from '../capture/capture-preparation.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { WireFactory } from '../snapshot/snapshot-request.ts';
import type { RelationCache } from '../stream/relation-cache.ts';
import type { ReplicationPosition } from '../stream/replication-position.ts';

/** What snapshots beside the stream are made with. */
export interface IncrementalParts {
  readonly options: PostgresSourceOptions;
  readonly connect: WireFactory;
  readonly receiver: ChangeReceiver;
  readonly relations: RelationCache;
  readonly position: ReplicationPosition;
  readonly state: SnapshotState;
  readonly capture: PreparedCapture;
  readonly clock: Clock;
  /** The first snapshot was over before this run. */
  readonly resumed: boolean;
  /** Absent: tables that are added later are streamed only. */
  readonly knownTables?: KnownTables | undefined;
  /** The catalog as it is now. */
  refresh(): Promise<PreparedCapture>;
  /** Lets the server tell its position. */
  ask(): void;
  offsetText(): string;
  /** The last table of a first snapshot has been read. */
  initialCompleted(): Promise<void>;
  notify(notification: SourceNotification): void;
  note(text: string): void;
  warn(text: string): void;
}
