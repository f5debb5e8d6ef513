import pino from 'pino';
import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { DeadLetterLog } from '../../src/runtime/dead-letter-log.ts';

const stage = 'TRANSFORMATION';

/** Lines of its log after the same failure twice and another one, as objects. */
function told(each: boolean, places: boolean, letters: string | null = 'dead') {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void =>
    void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = new DeadLetterLog(pino({ base: null }, { write }), { each, places }, letters);
  const error = new TidemarkError('TRANSFORM', 'no');
  log.tell('a', { stage, error }, () => ({ lsn: '1' }));
  log.tell('a', { stage, error }, () => ({ lsn: '2' }));
  log.tell('b', { stage, error }, () => ({ lsn: '3' }));
  const waits = new TidemarkError('SINK_KEY_PARKED', 'waits');
  log.tell('a', { stage: 'TASK_PUT', error: waits }, () => ({}));
  return lines.map(({ topic, lsn, msg }) => [topic, lsn, msg]);
}

test('the first of each kind with its place, or each of them', () => {
  const { cure } = new TidemarkError('TRANSFORM', 'no');
  const text = `record given to the dead letters: no. ${cure}`;
  expect(told(false, false)).toEqual([
    ['a', '1', text],
    ['b', '3', text],
  ]);
  expect(told(true, false).map(([topic, lsn]) => [topic, lsn])).toEqual([
    ['a', undefined],
    ['a', undefined],
    ['b', undefined],
    ['a', undefined],
  ]);
  expect(told(true, true).map(([, lsn]) => lsn)).toEqual(['1', '2', '3', undefined]);
  expect(told(false, false, null)[0]?.[2]).toBe('record dropped: no');
});
