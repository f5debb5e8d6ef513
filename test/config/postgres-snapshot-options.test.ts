import { expect, test } from 'vitest';
import { sourceProblems } from '../support/examined-source.ts';

test('a mode that there is not is refused with the one to take', () => {
  expect(sourceProblems({ 'snapshot.mode': 'initial_only' })).toEqual([]);
  expect(sourceProblems({ 'snapshot.mode': 'never' })).toEqual([
    expect.stringContaining('use no_data'),
  ]);
});

const OVERRIDES = 'snapshot.select.statement.overrides';
const BASED = 'snapshot.mode.configuration.based';

test.each([
  [{ [OVERRIDES]: 'a.b' }, `names a.b, and there is no ${OVERRIDES}.a.b`],
  [{ [`${OVERRIDES}.a.b`]: 'SELECT 1' }, 'does not name a.b, so its SELECT would not be used'],
  [{ [OVERRIDES]: 'a.b,c', [`${OVERRIDES}.a.b`]: 'SELECT 1' }, 'names c, and'],
  [{ 'snapshot.query.mode': 'custom' }, `use ${OVERRIDES}`],
  [{ 'snapshot.window': '22-6' }, 'must have the form 22:00-06:00'],
  [{ 'snapshot.window': '22:00-06:00', 'snapshot.window.timezone': 'Berlin' }, 'time zone'],
  [{ 'snapshot.window': '22:00-06:00', 'snapshot.mode': 'initial_only' }, 'needs a stream'],
  [{ 'snapshot.wal.budget': '1gb', 'snapshot.mode': 'initial_only' }, 'needs a stream'],
  [{ 'snapshot.mode': 'configuration_based' }, 'nothing would be done'],
  [
    { 'snapshot.mode': 'configuration_based', [`${BASED}.snapshot.on.data.error`]: 'true' },
    'use when_needed',
  ],
  [
    {
      'snapshot.mode': 'configuration_based',
      [`${BASED}.snapshot.data`]: 'true',
      'snapshot.window': '22:00-06:00',
    },
    'needs a stream',
  ],
])('%j is refused', (input, message) => {
  expect(sourceProblems(input)).toEqual([expect.stringContaining(message)]);
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

test('what fits together is taken', () => {
  expect(
    sourceProblems({
      [OVERRIDES]: 'a.b, db.a.c,"A"."D"',
      [`${OVERRIDES}.a.b`]: 'SELECT 1',
      [`${OVERRIDES}.db.a.c`]: 'SELECT 2',
      [`${OVERRIDES}."A"."D"`]: 'SELECT 3',
      'snapshot.query.mode': 'select_all',
      'snapshot.window': '22:00-06:00,12:00-13:00',
      'snapshot.window.timezone': 'Europe/Berlin',
      'snapshot.wal.budget': '2gb',
      'snapshot.max.rows.per.second': '5000',
      'snapshot.delay.ms': '10s',
      'streaming.delay.ms': '500',
      'snapshot.mode': 'configuration_based',
      [`${BASED}.snapshot.data`]: 'true',
      [`${BASED}.start.stream`]: 'true',
      [`${BASED}.snapshot.on.data.error`]: 'true',
    }),
  ).toEqual([]);
});
