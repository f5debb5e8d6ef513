import { expect, test } from 'vitest';
import { parseInstant } from '../../src/config/alert-options.ts';

test.each([
  ['2026-12-01T22:00Z', '2026-12-01T22:00:00.000Z'],
  ['2026-12-01 22:00:30+01:00', '2026-12-01T21:00:30.000Z'],
  ['2026-12-01T22:00', null],
  ['2026-13-01T22:00Z', null],
  ['tomorrow', null],
])('the time %j', (text, instant) => {
  const ms = parseInstant(text);
  expect(ms === null ? null : new Date(ms).toISOString()).toBe(instant);
});
