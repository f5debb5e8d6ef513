import { expect, test } from 'vitest';
import {
  conditionNotice,
  eventNotice,
  suppressedNotice,
  testNotice,
} from '../../src/alert/alert-notice.ts';
import { alertCondition, alertEvent } from '../support/alert-fixtures.ts';

test('the same event has the same notice, whenever and by whomever it is made', () => {
  const [first, second] = [1, 2].map((atMs) => eventNotice(alertEvent(), 'info', 'shop', atMs));
  expect(first?.notice).toMatch(/^[\da-f]{32}$/);
  expect(second).toMatchObject({ notice: first?.notice, id: first?.id });
  expect(eventNotice(alertEvent(), 'info', 'other', 1).notice).not.toBe(first?.notice);
});

test('begin, repeats and end of a condition are notices of one alert', () => {
  const told = {
    condition: alertCondition(),
    severity: 'info',
    measure: null,
    sinceMs: 0,
  } as const;
  const notices = (['firing', 'repeated', 'repeated', 'resolved'] as const).map((status, at) =>
    conditionNotice({ ...told, status, told: at }, 'shop', 1000 * at),
  );
  expect(new Set(notices.map(({ notice }) => notice)).size).toBe(4);
  expect(new Set(notices.map(({ id }) => id)).size).toBe(1);
  expect(notices.map(({ endedAt }) => endedAt)).toEqual([
    null,
    null,
    null,
    '1970-01-01T00:00:03.000Z',
  ]);
});

test('a digest says how many of what, and where they are', () => {
  const count = { count: 1, sinceMs: 0, severity: 'breaking', classes: { 'lag.sink': 1 } } as const;
  const notice = suppressedNotice(count, 'oncall', 'shop', 60_000);
  expect(notice).toMatchObject({ severity: 'breaking', status: 'suppressed' });
  expect(notice.title).toBe(
    '1 more alert was not sent to oncall: more than its limit came at once',
  );
  expect(testNotice('oncall', 'shop', 0).title).toContain('a test of the channel oncall');
});
