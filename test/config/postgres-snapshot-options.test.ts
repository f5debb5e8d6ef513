import { expect, test } from 'vitest';
import { sourceProblems } from '../support/examined-source.ts';

test('a mode that there is not is refused with the one to take', () => {
  expect(sourceProblems({ 'snapshot.mode': 'initial_only' })).toEqual([]);
  expect(sourceProblems({ 'snapshot.mode': 'never' })).toEqual([
    expect.stringContaining('use no_data'),
  ]);
});

test('a budget of WAL needs a stream', () => {
  const budget = { 'snapshot.wal.budget': '1gb' };
  expect(sourceProblems(budget)).toEqual([]);
  expect(sourceProblems({ ...budget, 'snapshot.mode': 'initial_only' })).toEqual([
    expect.stringContaining('needs a stream'),
  ]);
});

test.each([
  ['never', 'no_data'],
  ['schema_only', 'no_data'],
  ['schema_only_recovery', 'no schema history'],
  ['recovery', 'no schema history'],
  ['exported', 'use initial'],
  ['custom', 'choose one of the other modes'],
])('the mode %s is refused with what takes its place', (mode, message) => {
  const problems = sourceProblems({ 'snapshot.mode': mode });
  expect(problems).toEqual([expect.stringContaining(message)]);
});
