import { expect, test } from 'vitest';
import { AlertHistory } from '../../src/alert/alert-history.ts';

const line = (sequence: number, name: string, table: string | null = null) =>
  ({ sequence, class: name, severity: sequence % 2 === 0 ? 'warning' : 'info', table }) as const;

test('the newest first, by all that is wished', () => {
  const history = new AlertHistory([line(1, 'a'), line(2, 'b', 't'), line(3, 'a', 't')]);
  history.add(line(4, 'a', 't'));
  expect([...history.found({})]).toEqual([4, 3, 2, 1]);
  expect([...history.found({ class: 'a' })]).toEqual([4, 3, 1]);
  expect([...history.found({ class: 'a', table: 't', severity: 'info' })]).toEqual([3]);
  expect([...history.found({ table: 'u' })]).toEqual([]);
  expect([history.has('b'), history.has('c')]).toEqual([true, false]);
});

test('the oldest are forgotten', () => {
  const history = new AlertHistory([line(1, 'a'), line(2, 'b'), line(5, 'a')]);
  expect(history.forget(2)).toEqual([1, 2]);
  expect(history.size).toBe(1);
  expect([...history.found({})]).toEqual([5]);
  expect(history.has('b')).toBe(false);
  expect(history.forget(0)).toEqual([]);
});
