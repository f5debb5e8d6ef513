import { expect, test } from 'vitest';
import { timeZone } from '../../src/foundation/time-zone.ts';

const local = (zone: string, iso: string): number | undefined =>
  timeZone(zone)?.offsetOfLocal(Date.parse(`${iso}Z`));

test.each([
  ['+05:30', '2024-01-01T00:00', 19_800],
  ['-00:00:30', '2024-01-01T00:00', -30],
  ['Z', '2024-01-01T00:00', 0],
  ['+2', '2024-01-01T00:00', 7200],
  ['UTC-3', '2024-01-01T00:00', -10_800],
  ['GMT+0530', '2024-01-01T00:00', 19_800],
  ['Europe/Berlin', '2024-01-01T00:00', 3600],
  ['Europe/Berlin', '2024-07-01T00:00', 7200],
  // The clocks go from 2 to 3: a time that there is not is told by the rule from before.
  ['Europe/Berlin', '2024-03-31T01:59', 3600],
  ['Europe/Berlin', '2024-03-31T02:30', 3600],
  ['Europe/Berlin', '2024-03-31T03:00', 7200],
  // They go from 3 to 2: a time that there is twice is the first one.
  ['Europe/Berlin', '2024-10-27T01:59', 7200],
  ['Europe/Berlin', '2024-10-27T02:30', 7200],
  ['Europe/Berlin', '2024-10-27T03:00', 3600],
  ['America/New_York', '1800-01-01T00:00', -17_762],
  ['UTC', '0000-01-01T00:00', 0],
])('%s at %s', (zone, iso, offset) => {
  expect(local(zone, iso)).toBe(offset);
});

test('an instant has one offset', () => {
  expect(timeZone('Asia/Kolkata')?.offsetAt(0)).toBe(19_800);
});

test.each(['Nowhere/X', '05:30', '', '+123', 'CET+1', 'z'])('%s is no zone', (name) => {
  expect(timeZone(name)).toBeNull();
});
