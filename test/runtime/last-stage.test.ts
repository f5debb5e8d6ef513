import { expect, test } from 'vitest';
import type { SourceOffset } from '../../src/model/change-event.ts';
import { LastStage } from '../../src/runtime/last-stage.ts';
import type { RetentionView } from '../../src/runtime/retention-forecast.ts';

const LIMITS = { percent: 5, afterMs: 1000 };

function view(leftPercent: number, more: Partial<RetentionView> = {}): RetentionView {
  const budget = {
    setting: 'retention.budget.bytes = 1000',
    leftPercent,
    leftBytes: leftPercent * 10,
    leftMs: null,
    isEstimate: false,
  };
  return {
    floor: '0/10',
    heldBytes: 990,
    bytesPerSecond: 1,
    state: 'reserved',
    isLost: false,
    isHeldByTransaction: false,
    budget,
    ...more,
  };
}

function sourceWith(offset: SourceOffset['offset'] | null) {
  const asked: string[] = [];
  const storedOffset = offset === null ? null : { partition: { server: 'shop' }, offset };
  return {
    asked,
    source: { storedOffset, giveUpSlot: (reason: string) => void asked.push(reason) },
  };
}

const STREAMS = { 'tidemark.snapshot': 'completed' };

test('gives the slot up when two looks find next to nothing left, for as long as was said', () => {
  const { asked, source } = sourceWith(STREAMS);
  const stage = new LastStage(LIMITS);
  stage.look(view(4.9), source, 5000);
  stage.look(view(4), source, 5999);
  expect(asked).toEqual([]);
  stage.look(view(3), source, 6000);
  expect(asked).toEqual([
    '3 % are left of retention.budget.bytes = 1000, 990 bytes are kept ' +
      '(retention.budget.exceeded: drop_and_heal)',
  ]);
  stage.look(view(3), source, 6001);
  expect(asked).toHaveLength(1);
});

test.each([
  ['room again', view(5)],
  ['no answer', null],
  ['held by a transaction', view(0, { isHeldByTransaction: true })],
  ['lost already', view(0, { isLost: true })],
  ['no limit', view(0, { budget: null })],
])('one look that says otherwise begins anew: %s', (_what, other) => {
  const { asked, source } = sourceWith(STREAMS);
  const stage = new LastStage(LIMITS);
  stage.look(view(1), source, 0);
  stage.look(other, source, 900);
  stage.look(view(1), source, 1000);
  stage.look(view(1), source, 1999);
  expect(asked).toEqual([]);
  stage.look(view(1), source, 2000);
  expect(asked).toHaveLength(1);
});

test('a single look decides nothing, however long one waits', () => {
  const { asked, source } = sourceWith(STREAMS);
  const stage = new LastStage({ percent: 5, afterMs: 0 });
  stage.look(view(0), source, 0);
  expect(asked).toEqual([]);
  stage.look(view(0), source, 0);
  expect(asked).toHaveLength(1);
});

const gap = (to: string | null): string =>
  JSON.stringify({ from: '0/10', to, sinceMs: 1, reason: 'full' });

test.each([
  ['before anything is stored', null, 0],
  ['in the first snapshot', { 'tidemark.snapshot': 'running' }, 0],
  ['while a slot is being made', { ...STREAMS, 'tidemark.gap': gap(null) }, 0],
  ['behind a gap that is not healed', { ...STREAMS, 'tidemark.gap': gap('0/20') }, 1],
])('%s', (_when, offset, times) => {
  const { asked, source } = sourceWith(offset);
  const stage = new LastStage({ percent: 5, afterMs: 0 });
  stage.look(view(0), source, 0);
  stage.look(view(0), source, 1);
  expect(asked).toHaveLength(times);
});

test('does nothing unless it was named', () => {
  const { asked, source } = sourceWith(STREAMS);
  const stage = new LastStage(null);
  stage.look(view(0), source, 0);
  stage.look(view(0), source, 100_000);
  expect(asked).toEqual([]);
});
