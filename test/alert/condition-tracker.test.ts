import { expect, test } from 'vitest';
import { ConditionTracker } from '../../src/alert/condition-tracker.ts';
import type { JudgedCondition } from '../../src/alert/alert-filter.ts';
import { alertCondition } from '../support/alert-fixtures.ts';

function found(overrides: Partial<JudgedCondition> = {}): JudgedCondition {
  const condition = alertCondition();
  const judged = { condition, severity: 'warning', measure: null, holdMs: 0, repeatMs: 0 } as const;
  return { ...judged, isBad: true, ...overrides };
}

function tracking(overrides: { isMuted?: () => boolean } = {}) {
  const settings = { resolveAfterMs: 10_000, isMuted: () => false, ...overrides };
  const tracker = new ConditionTracker(settings);
  const look = (conditions: readonly JudgedCondition[], nowMs: number): readonly string[] =>
    tracker.look(conditions, nowMs).map(({ telling }) => telling?.status ?? 'silent');
  return { tracker, look };
}

test('the hold time must pass without a break', () => {
  const { look, tracker } = tracking();
  const held = found({ holdMs: 5000 });
  expect(look([held], 0)).toEqual([]);
  expect(look([held], 4000)).toEqual([]);
  expect(look([], 4500)).toEqual([]);
  expect(look([held], 5000)).toEqual([]);
  expect(tracker.firing()).toEqual([]);
  expect(look([held], 10_000)).toEqual(['firing']);
  expect(look([held], 11_000)).toEqual([]);
});

test('a clock that is put back makes nobody wait for it', () => {
  const { look } = tracking();
  const held = found({ holdMs: 5000 });
  const hour = 3_600_000;
  expect(look([held], hour)).toEqual([]);
  expect(look([held], 1000)).toEqual([]);
  expect(look([held], 6000)).toEqual(['firing']);
  const other = tracking();
  expect(other.look([found()], hour)).toEqual(['firing']);
  expect(other.look([], 1000)).toEqual([]);
  expect(other.look([], 11_000)).toEqual(['resolved']);
});

test('what comes and goes is one alert; its end is told when all was well for long enough', () => {
  const { look } = tracking();
  expect(look([found()], 0)).toEqual(['firing']);
  for (let at = 1000; at <= 60_000; at += 2000) {
    expect(look([found({ isBad: false })], at)).toEqual([]);
    expect(look([found()], at + 1000)).toEqual([]);
  }
  expect(look([], 62_000)).toEqual([]);
  expect(look([], 70_000)).toEqual(['resolved']);
  expect(look([], 80_000)).toEqual([]);
  expect(look([found()], 90_000)).toEqual(['firing']);
});

test('it is told again at its interval, and at once when it became worse', () => {
  const { look } = tracking();
  const mild = found({ repeatMs: 3_600_000 });
  expect(look([mild], 0)).toEqual(['firing']);
  expect(look([mild], 3_599_999)).toEqual([]);
  expect(look([mild], 3_600_000)).toEqual(['repeated']);
  const severe = { ...mild, severity: 'critical' } as const;
  expect(look([severe], 3_601_000)).toEqual(['firing']);
  expect(look([severe], 3_602_000)).toEqual([]);
  expect(look([mild], 3_603_000)).toEqual([]);
});

test('muted when it begins, told when it still holds; no end of what nobody heard', () => {
  let isMuted = true;
  const { look, tracker } = tracking({ isMuted: () => isMuted });
  expect(look([found()], 0)).toEqual(['silent']);
  expect(look([found()], 1000)).toEqual([]);
  isMuted = false;
  expect(look([found()], 2000)).toEqual(['firing']);
  isMuted = true;
  expect(look([], 12_000)).toEqual(['resolved']);
  expect(look([found()], 13_000)).toEqual(['silent']);
  expect(look([], 24_000)).toEqual(['silent']);
  expect(tracker.firing()).toEqual([]);
});

test('a tracker of the next process goes on where the last one was', () => {
  const { tracker } = tracking();
  const [change] = tracker.look([found({ repeatMs: 60_000 })], 0);
  const stored = JSON.parse(JSON.stringify(change?.state)) as NonNullable<typeof change>['state'];
  const settings = { resolveAfterMs: 10_000, isMuted: () => false };
  const next = new ConditionTracker(settings, stored === null ? [] : [stored]);
  expect(next.look([found({ repeatMs: 60_000 })], 30_000)).toEqual([]);
  const [again] = next.look([found({ repeatMs: 60_000 })], 60_000);
  expect(again?.telling).toMatchObject({ status: 'repeated', sinceMs: 0, told: 1 });
  expect(next.look([], 1_000_000, false)).toEqual([]);
});
