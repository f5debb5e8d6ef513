import { TidemarkError } from '../foundation/errors.ts';

/** What a table cannot take, and what helps. */
export function notStruct(topic: string): TidemarkError {
  return new TidemarkError('RECORD_FORMAT', `a record of ${topic} is not a struct`, {
    cure: 'A table takes structs: wrap it by the transform HoistField$Value of source or sink.',
  });
}
