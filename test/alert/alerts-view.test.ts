import { expect, test } from 'vitest';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import { AlertTotals } from '../../src/alert/alerts-view.ts';
import { alertEvent } from '../support/alert-fixtures.ts';

test('totals count all of this process, recent are the newest fifty', () => {
  const totals = new AlertTotals();
  for (let at = 0; at < 60; at++) {
    const severity = at % 2 === 0 ? 'info' : 'breaking';
    totals.count(eventNotice(alertEvent({ title: `t${at}` }), severity, 'shop', at));
  }
  const kind = { class: 'schema.column_widened', status: 'event', count: 30 };
  expect(totals.totals()).toEqual([
    { ...kind, severity: 'info' },
    { ...kind, severity: 'breaking' },
  ]);
  expect(totals.recent()).toHaveLength(50);
  expect(totals.recent()[0]).toMatchObject({ title: 't59', severity: 'breaking' });
});

test('what processes before have told is recent too, and is counted by none', () => {
  const before = Array.from({ length: 60 }, (_, at) =>
    eventNotice(alertEvent({ id: `e${at}`, title: `t${at}` }), 'info', 'shop', at),
  );
  const totals = new AlertTotals(before);
  totals.count(eventNotice(alertEvent({ id: 'new', title: 'new' }), 'info', 'shop', 99));
  expect(totals.recent().map(({ title }) => title)).toEqual([
    'new',
    ...before.slice(0, 49).map(({ title }) => title),
  ]);
  expect(totals.totals()).toMatchObject([{ count: 1 }]);
});
