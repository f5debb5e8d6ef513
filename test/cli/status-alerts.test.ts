import { expect, test } from 'vitest';
import { alertHeading, alertLine, alertLines, alertRows } from '../../src/cli/status-alerts.ts';
import type { Segment } from '../../src/cli/screen-text.ts';
import { shownAlerts } from '../support/status-pictures.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const text = (line: readonly Segment[]): string =>
  line
    .map(([part]) => part)
    .join('')
    .trimEnd();

test('what holds comes first, the worst of it; what was told follows, each alert once', () => {
  const rows = alertRows(shownAlerts());
  expect(rows.map(({ mark, title }) => `${mark} ${title}`)).toEqual([
    '● public.orders is parked by sink dwh: its changes wait, other tables go on',
    '● sink dwh is behind the log',
    '○ 20 % left of what the server keeps for the source',
    '· orders.amount is bigint now (was integer)',
    '✓ sink dwh does not get on',
  ]);
  expect(alertRows(undefined)).toEqual([]);
});

test('a line has since when, how bad, the class, and where there is room for it', () => {
  const [parked] = alertRows(shownAlerts());
  const of = (width: number): string =>
    parked === undefined ? '' : text(alertLine(parked, width, NOW));
  expect(of(80)).toMatch(/^ {3}5 min ● critical table\.parked {9}public\.orders is parked by/);
  expect(of(200)).toMatch(/table\.parked {13}public\.orders → dwh {12}public\.orders is/);
  expect(of(40)).toMatch(/● critical public\.orders is parked/);
  expect(text(alertHeading(shownAlerts(), '(a: more)', 60))).toBe(
    'ALERTS: 3 hold  oncall fails  (a: more)',
  );
  expect(text(alertHeading(undefined, '', 60))).toBe('ALERTS: none holds');
});

test('all of them are whole, with cause and cure', () => {
  const lines = alertLines(alertRows(shownAlerts()).slice(0, 1), 60, NOW).map(text);
  expect(lines).toEqual([
    '   5 min ● critical',
    '           public.orders is parked by sink dwh: its changes',
    '           wait, other tables go on',
    '           SINK_SCHEMA: it cannot be widened',
    '           → mend it and start the daemon anew',
  ]);
});
