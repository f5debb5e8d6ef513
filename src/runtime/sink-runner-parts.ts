import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { SinkTask } from '../model/sink-record.ts';
import type { Transport } from '../transport/transport.ts';
import type { DeadLetterTopic } from './dead-letter-topic.ts';
import type { Logger } from './logger.ts';
import type { KeptOfRecords, SinkConverters } from './sink-records.ts';
import type { SinkTransforms } from './sink-transforms.ts';
import type { WholeTransactions } from './whole-transactions.ts';

/** What a sink task is made of; the task itself is opened anew for each life. */
export interface SinkRunnerParts {
  readonly name: string;
  readonly group: string;
  /** Where a group begins that has read nothing yet. */
  readonly startAt?: 'earliest' | 'latest';
  readonly topics: readonly string[] | RegExp;
  readonly transport: Transport;
  readonly openTask: () => SinkTask | Promise<SinkTask>;
  readonly converters: SinkConverters;
  /** Absent: the sink has no transforms. */
  readonly transforms?: SinkTransforms;
  /** The task takes records as they are (`SinkRecord.whole`). */
  readonly takesWhole?: boolean;
  /** `transaction.mode: source`; absent: records are applied as they come. */
  readonly openTransactions?: () => WholeTransactions;
  /** What the task can make use of beside what is decoded; absent: nothing. */
  readonly kept?: KeptOfRecords;
  /** Absent: the sink has none. */
  readonly deadLetters?: DeadLetterTopic;
  /** `errors.retry.timeout`, absent: 0; and the longest wait before a batch is tried again. */
  readonly retryTimeoutMs?: number;
  readonly retryDelayMaxMs?: number;
  readonly maxPollBytes: number;
  readonly commitIntervalMs: number;
  /**
   * How long the target may say that another task has a partition while the group says it is ours,
   * before the sink gives up. 0 where the members of a group are one process: then it is a second
   * daemon.
   */
  readonly fencedGraceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
}
