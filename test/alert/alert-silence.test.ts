import { expect, test } from 'vitest';
import { AlertSilence, isInWindow } from '../../src/alert/alert-silence.ts';
import { alertsConfig } from '../support/alert-fixtures.ts';

const at = (text: string): number => Date.parse(text);

function isIn(window: Readonly<Record<string, unknown>>, text: string): boolean {
  const [read] = alertsConfig({ maintenance: [window] }).maintenance;
  if (read === undefined) throw new Error('no window');
  return isInWindow(read, at(text));
}

test('a single window', () => {
  const window = { from: '2026-12-01T22:00Z', to: '2026-12-02 02:00:00+01:00' };
  expect(isIn(window, '2026-12-01T21:59:59Z')).toBe(false);
  expect(isIn(window, '2026-12-01T22:00Z')).toBe(true);
  expect(isIn(window, '2026-12-02T00:59Z')).toBe(true);
  expect(isIn(window, '2026-12-02T01:00Z')).toBe(false);
});

test('hours behind midnight belong to the day on which they begin, in their own zone', () => {
  // 2026-11-28 is a Saturday; Berlin is an hour ahead then.
  const window = { hours: '22:00-06:00', days: ['sat'], timezone: 'Europe/Berlin' };
  expect(isIn(window, '2026-11-28T20:59Z')).toBe(false);
  expect(isIn(window, '2026-11-28T21:00Z')).toBe(true);
  expect(isIn(window, '2026-11-29T04:59Z')).toBe(true);
  expect(isIn(window, '2026-11-29T05:00Z')).toBe(false);
  expect(isIn(window, '2026-11-28T04:00Z')).toBe(false);
  expect(isIn({ days: 'sat, sun' }, '2026-11-29T23:59Z')).toBe(true);
  expect(isIn({ days: 'sat, sun' }, '2026-11-30T00:00Z')).toBe(false);
  expect(isIn({ hours: '01:00-02:00,12:00-13:00' }, '2026-11-30T12:30Z')).toBe(true);
});

const MUTE = { id: 'a1', pattern: '', table: null, createdMs: 0, untilMs: 1000, comment: null };
const LAG = { class: 'lag.sink', table: 'public.orders', sink: 'warehouse' };

test.each([
  [{ pattern: String.raw`lag\..*` }, true],
  [{ pattern: 'LAG.SINK' }, true],
  [{ pattern: 'warehouse' }, true],
  [{ pattern: String.raw`public\.orders` }, true],
  [{ pattern: 'lag' }, false],
  [{ pattern: '.*', table: String.raw`public\..*` }, true],
  [{ pattern: '.*', table: 'other' }, false],
  [{ pattern: 'lag.sink:warehouse' }, true],
])('mute %j: %s', (mute, isMuted) => {
  const silence = new AlertSilence([], [{ ...MUTE, ...mute }]);
  const alert = { ...LAG, key: 'lag.sink:warehouse' };
  expect(silence.reason(alert, 999)).toBe(isMuted ? 'mute a1' : null);
  expect(silence.reason(alert, 1000)).toBeNull();
});

test('mutes run out, and maintenance covers what its filter says', () => {
  const { maintenance } = alertsConfig({
    maintenance: [
      { classes: String.raw`lag\..*`, from: '2026-12-01T22:00Z', to: '2026-12-02T22:00Z' },
    ],
  });
  const silence = new AlertSilence(maintenance, [{ ...MUTE, pattern: 'x' }]);
  expect(silence.reason(LAG, at('2026-12-02T00:00Z'))).toBe('maintenance 1');
  expect(silence.reason({ ...LAG, class: 'task.failed' }, at('2026-12-02T00:00Z'))).toBeNull();
  expect(silence.mutes(500)).toHaveLength(1);
  expect(silence.expire(999)).toEqual([]);
  expect(silence.expire(1000)).toHaveLength(1);
  expect(silence.remove('a1')).toBe(false);
});
