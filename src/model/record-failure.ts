import type { TidemarkError } from '../foundation/errors.ts';

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
