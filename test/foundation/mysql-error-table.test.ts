import { expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/foundation/error-table.ts';
import { MYSQL_ERRORS } from '../../src/foundation/mysql-error-table.ts';

test('the errors of the MySQL source are all of those that its prefix names', () => {
  const named = Object.keys(ERROR_TABLE).filter((code) => code.startsWith('MYSQL_'));
  expect(Object.keys(MYSQL_ERRORS)).toEqual(expect.arrayContaining(named));
  expect(ERROR_TABLE).toMatchObject(MYSQL_ERRORS);
});

test('what only a person can mend stops, what comes back by itself is tried again', () => {
  const backoff = Object.entries(MYSQL_ERRORS).filter(([, { retry }]) => retry === 'backoff');
  expect(backoff.map(([code]) => code)).toEqual([
    'MYSQL_CONNECT',
    'MYSQL_CONNECTIONS_EXHAUSTED',
    'MYSQL_SNAPSHOT_RACE',
    'MYSQL_REPLICA_BEHIND',
    'MYSQL_REPLICA_ID_IN_USE',
    'MYSQL_LOCK_TIMEOUT',
    'MYSQL_QUERY_TIMEOUT',
    'MYSQL_CONNECTION_LOST',
  ]);
});
