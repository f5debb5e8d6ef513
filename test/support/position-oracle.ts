import { expect } from 'vitest';
import { parsePosition, READ_ORDINAL } from '../../src/model/change-position.ts';
import type { StoredRecord } from './ledger-log.ts';
import { field } from './ledger-log.ts';

/**
 * The records of a log, in its order, carry positions that rise from change to change: over
 * restarts, kills and failovers, and between what a snapshot read and what the stream told. Returns
 * the epochs.
 */
export function expectRisingPositions(records: readonly StoredRecord[]): readonly number[] {
  const epochs = new Set<number>();
  let last = '';
  let lastOp: string | null = null;
  for (const [i, { topic, value, position }] of records.entries()) {
    const op = value === null ? null : (field(value, 'op') as string);
    const parsed = parsePosition(position ?? '');
    const what = `record ${i} (${op ?? 'tombstone'} of ${topic}) at ${position} behind ${last}`;
    if (position === null || parsed === null) expect.fail(`${what}: no position`);
    if (op !== 't' && (parsed.ordinal === READ_ORDINAL) !== (op === 'r')) {
      expect.fail(`${what}: of the other kind`);
    }
    if (position < last) expect.fail(`${what}: fell`);
    // What shares one: rows of one read, and the records of one change.
    const shares =
      parsed.ordinal === READ_ORDINAL || (lastOp === 'd' ? op === null || op === 'c' : false);
    const isHalf = lastOp === null && op === 'c';
    if (position === last && !shares && !isHalf) expect.fail(`${what}: another change has it`);
    epochs.add(parsed.epoch);
    [last, lastOp] = [position, op];
  }
  return [...epochs];
}
