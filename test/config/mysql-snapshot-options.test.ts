import { expect, test } from 'vitest';
import { examinedMysqlSource, mysqlProblems } from '../support/examined-mysql-source.ts';

const BASED = 'snapshot.mode.configuration.based';

test.each(['initial', 'always', 'initial_only', 'no_data', 'when_needed', 'recovery'])(
  'there is the mode %s',
  (mode) => {
    expect(mysqlProblems({ 'snapshot.mode': mode })).toEqual([]);
  },
);

test.each([
  [{ 'snapshot.mode': 'never' }, 'use no_data'],
  [{ 'snapshot.mode': 'schema_only' }, 'use no_data'],
  [{ 'snapshot.mode': 'schema_only_recovery' }, 'use recovery'],
  [{ 'snapshot.mode': 'custom' }, 'choose one of the other modes'],
  [{ 'snapshot.mode': 'configuration_based' }, 'nothing would be done'],
  [{ 'snapshot.window': '22:00-06:00', 'snapshot.mode': 'initial_only' }, 'needs a stream'],
  [{ 'snapshot.locking.mode': 'minimal_percona' }, 'take minimal or none'],
  [{ 'snapshot.locking.mode': 'minimal_percona_no_table_locks' }, 'take minimal or none'],
  [{ 'snapshot.locking.mode': 'minimal_at_least_once' }, 'use none'],
  [{ 'snapshot.locking.mode': 'shared' }, 'must be one of minimal, extended, none'],
])('%j is refused', (input, message) => {
  expect(mysqlProblems(input)).toEqual([expect.stringContaining(message)]);
});

test('the flags of configuration_based', () => {
  const { options, problems } = examinedMysqlSource({
    'snapshot.mode': 'configuration_based',
    [`${BASED}.start.stream`]: 'true',
    [`${BASED}.snapshot.on.schema.error`]: 'true',
    [`${BASED}.snapshot.schema`]: 'true',
  });
  expect(problems).toEqual([]);
  expect(options.boolean(`${BASED}.snapshot.on.schema.error`)).toBe(true);
  expect(options.warnings).toEqual([expect.stringContaining('shapes of tables are always read')]);
});
