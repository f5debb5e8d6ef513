import { expect, test } from 'vitest';
import type { SourceSignal } from '../../src/model/source-signal.ts';
import type { SignalAnswer } from '../../src/runtime/signal-repair.ts';
import { SignalRepair } from '../../src/runtime/signal-repair.ts';
import { FakeClock } from '../support/fake-clock.ts';

const { signal } = new AbortController();
const TABLE = { name: 'public.t', keyColumns: ['a', 'b'] };

/** A source that answers at the third look, or never. */
function repairing(answer: Omit<SignalAnswer, 'id'> | null) {
  const sent: SourceSignal[] = [];
  let looks = 0;
  const clock = new FakeClock();
  clock.sleep = (delayMs) => Promise.resolve(clock.advance(delayMs));
  const path = {
    send: (one: SourceSignal) => Promise.resolve(void sent.push(one)),
    answers: () => {
      const other = { id: 'other', type: 'REJECTED', data: {} };
      const id = sent.at(-1)?.id ?? '';
      const started = { id, type: 'STARTED', data: {} };
      const own = ++looks < 3 || answer === null ? [] : [{ id, ...answer }];
      return Promise.resolve([other, started, ...own]);
    },
  };
  const repair = new SignalRepair(path, { clock, waitMs: 1_000 });
  return { sent, result: repair.repair(TABLE, [['1', 'x']], signal) };
}

test('keys are asked for by a signal, and waited for until they are read', async () => {
  for (const status of ['SUCCEEDED', 'EMPTY']) {
    const { sent, result } = repairing({ type: 'TABLE_SCAN_COMPLETED', data: { status } });
    expect(await result).toBeNull();
    expect(sent.map(({ type, data }) => [type, JSON.parse(data ?? '') as unknown])).toEqual([
      [
        'repair-rows',
        { 'data-collection': 'public.t', 'key-columns': ['a', 'b'], keys: [['1', 'x']] },
      ],
    ]);
  }
});

test('what does not come to its end is told', async () => {
  const ended = async (answer: Omit<SignalAnswer, 'id'> | null): Promise<string> => {
    const error = await repairing(answer).result;
    return `${error?.code} ${error?.message}`;
  };
  expect(await ended({ type: 'REJECTED', data: { reason: 'no such key' } })).toBe(
    'VERIFY_REPAIR rows of public.t were not told again: no such key',
  );
  const failed = { type: 'TABLE_SCAN_COMPLETED', data: { status: 'SQL_EXCEPTION' } };
  expect(await ended(failed)).toContain('SQL_EXCEPTION');
  expect(await ended({ type: 'ABORTED', data: {} })).toContain('somebody has stopped it');
  expect(await ended(null)).toContain('VERIFY_BEHIND');
});
