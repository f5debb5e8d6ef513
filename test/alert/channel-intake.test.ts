import { expect, test } from 'vitest';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import { ChannelIntake, QUEUE_MAX } from '../../src/alert/channel-intake.ts';
import { alertEvent } from '../support/alert-fixtures.ts';

const notice = eventNotice(alertEvent(), 'warning', 'shop', 0);

test('so many within the window; the count is told when the window is over', () => {
  const intake = new ChannelIntake(2, 1000, null);
  const taken = [0, 10, 20, 30].map((atMs) => intake.take(notice, 0, atMs));
  expect(taken).toEqual([true, true, false, false]);
  expect(intake.due(0, 1019)).toBeNull();
  expect(intake.due(0, 1020)).toMatchObject({ count: 2, sinceMs: 20 });
  expect(intake.left?.classes).toEqual({ 'schema.column_widened': 2 });
  intake.told();
  expect(intake.due(0, 2000)).toBeNull();
  expect(intake.take(notice, 0, 1001)).toBe(true);
  expect(intake.total).toBe(2);
});

test('a queue that is full takes nothing, with or without a limit', () => {
  const intake = new ChannelIntake(0, 1000, null);
  expect(intake.take(notice, QUEUE_MAX - 1, 0)).toBe(true);
  expect(intake.take(notice, QUEUE_MAX, 0)).toBe(false);
  expect(intake.due(QUEUE_MAX, 5000)).toBeNull();
  expect(intake.due(QUEUE_MAX - 1, 5000)).toMatchObject({ count: 1 });
});

test('a clock that is put back opens the window, and what was left out is told', () => {
  const intake = new ChannelIntake(1, 1000, null);
  expect(intake.take(notice, 0, 1_000_000)).toBe(true);
  expect(intake.take(notice, 0, 1_000_001)).toBe(false);
  expect(intake.take(notice, 0, 5)).toBe(true);
  expect(intake.due(0, 5)).toMatchObject({ count: 1 });
});
