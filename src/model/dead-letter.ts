import type { TidemarkError } from '../foundation/errors.ts';
import type { SinkRecord } from './sink-record.ts';

/** Where a record failed, in Connect's words (`__connect.errors.stage`). */
export type ErrorStage = 'KEY_CONVERTER' | 'VALUE_CONVERTER' | 'TRANSFORMATION' | 'TASK_PUT';

/** Why a record could not even be read, by what the sink's converters or transforms said. */
export interface RecordFailure {
  readonly stage: ErrorStage;
  readonly error: TidemarkError;
}

/** A record as the log has it; its bytes are not copied. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
}

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
