import { expect, test } from 'vitest';
import { ALERT_CLASSES } from '../../src/config/alert-classes.ts';
import { encodeGap, GAP_KEY, gapOf } from '../../src/model/source-gap.ts';
import { gapAlert, gapConditions, isHealed } from '../../src/runtime/source-gap-alerts.ts';

const GAP = { from: '0/10', to: '0/20', sinceMs: 1_000, reason: 'the disk' };
const of = (gap: typeof GAP | null) => ({
  partition: {},
  offset: gap === null ? {} : { [GAP_KEY]: encodeGap(gap) },
});

test('the event is the same one however often it is raised, and another for another gap', () => {
  const event = gapAlert(GAP, 'shop', 5);
  expect(gapAlert({ ...GAP, to: '0/30' }, 'shop', 6).id).toBe(event.id);
  expect(gapAlert({ ...GAP, reason: 'again' }, 'shop', 5).id).not.toBe(event.id);
  expect(event).toMatchObject({
    severity: 'critical',
    position: '0/10',
    details: { from: '0/10' },
  });
  const found = ALERT_CLASSES.find(({ name }) => name === event.class);
  expect(found).toMatchObject({ isEvent: true });
});

test('the condition holds from the intent until the tables are read again', () => {
  expect(gapConditions(null)).toEqual([]);
  expect(gapConditions(of(null).offset)).toEqual([]);
  const [open] = gapConditions(of(GAP).offset);
  expect(open).toMatchObject({ key: 'source.gap', class: 'source.gap', details: GAP });
  expect(open?.title).toContain('from 0/10 on');
  const intent = JSON.stringify({ ...GAP, to: null });
  expect(gapConditions({ [GAP_KEY]: intent })[0]?.title).toContain('being made anew');
});

test('a gap is healed when an offset with it is followed by one without', () => {
  expect(gapOf(of(GAP))).toEqual(GAP);
  expect(isHealed(of(GAP), of(null))).toBe(true);
  expect(isHealed(of(GAP), of(GAP))).toBe(false);
  expect(isHealed(of(null), of(null))).toBe(false);
  expect(isHealed(null, of(null))).toBe(false);
});
