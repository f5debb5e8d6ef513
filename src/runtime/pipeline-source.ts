import type { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset, SourceReader } from '../model/change-event.ts';
import type { Notification } from '../model/source-notification.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { GateRelease } from './gate-release.ts';
import type { HeldTopicView } from './held-topics.ts';
import type { SupervisedTask } from './supervisor.ts';

/** What the status and `bootstrap` ask a reader. */
export type ReaderView = Pick<SourceReader, 'status' | 'logEnd' | 'hasReceived'>;

/** The source of a pipeline, whatever it reads. */
export interface PipelineSource extends SupervisedTask {
  /** Null before the first life. */
  readonly reader: ReaderView | null;
  /** Durable in the transport; null before the first one. */
  readonly storedOffset: SourceOffset | null;
  /** Why what was read cannot be stored now, although the reader is well; null: it can. */
  readonly waitsFor: TidemarkError | null;
  /** The newest, the newest last. */
  notifications(): readonly Notification[];
  /** Into the topic of signals. Throws CONFIG_INVALID where there is none. */
  sendSignal(signal: SourceSignal): Promise<void>;
  /** To the running reader. Throws NOT_RUNNING, CONFIG_UNSUPPORTED. */
  signal(signal: SourceSignal): void;
  /** Changes of this process that became no record; null: the first one stops the source. */
  readonly deadLetters: number | null;
  heldTopics(): readonly HeldTopicView[];
  /** Who lets tables wait before a change; null or absent: it has no tables. */
  readonly holds?: GateRelease | null;
  /** Has the slot dropped and made anew; absent: there is none. */
  giveUpSlot?(reason: string): void;
  /** Where a table's records go, before transforms; absent: it has no tables. */
  topicOf?(table: TableSchema): string;
  /** Tells whether all that the reader of now has handed over before is durable. */
  watermark(): () => boolean;
}
