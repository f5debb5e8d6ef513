import type { RecordFailure } from './record-failure.ts';
import type { SinkRecord } from './sink-record.ts';

/** A record that a sink did not apply. */
export interface DeadLetter extends RecordFailure {
  readonly record: SinkRecord;
}

/**
 * Resolves when the letters are durable, in their order; a task commits only then. They may be told
 * again: after a crash, or when the target's transaction failed behind them.
 */
export type SendDeadLetters = (letters: readonly DeadLetter[]) => Promise<void>;

/** `errors.park`: what a record does that cannot be applied. */
export type ParkMode =
  /** Its table waits, until somebody mends the cause and the sink is started again. */
  | 'table'
  /** Its key waits: it and all later records of the key are dead letters, and can be replayed. */
  | 'key'
  /** Nothing waits: it is a dead letter, or is dropped where there is no topic for them. */
  | 'record'
  /** The task fails. */
  | 'task';
