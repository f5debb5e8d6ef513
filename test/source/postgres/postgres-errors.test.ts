import { expect, test } from 'vitest';
import {
  errorFromConnect,
  postgresErrorFrom,
} from '../../../src/source/postgres/postgres-errors.ts';

test.each([
  ['28P01', 'password authentication failed for user "u"', 'PG_AUTH'],
  ['28000', 'no pg_hba.conf entry for replication connection', 'PG_AUTH'],
  ['3D000', 'database "x" does not exist', 'PG_DATABASE_MISSING'],
  ['42501', 'permission denied for table t', 'PG_PERMISSION'],
  ['42501', 'permission denied to start WAL sender', 'PG_NO_REPLICATION_RIGHT'],
  ['42501', 'must be superuser or replication role to start walsender', 'PG_NO_REPLICATION_RIGHT'],
  ['55006', 'replication slot "s" is active for PID 12', 'PG_SLOT_IN_USE'],
  ['55006', 'database "x" is being accessed by other users', 'PG_SERVER'],
  ['53400', 'all replication slots are in use', 'PG_SLOTS_EXHAUSTED'],
  [
    '53300',
    'number of requested standby connections exceeds "max_wal_senders" (currently 10)',
    'PG_SLOTS_EXHAUSTED',
  ],
  ['53300', 'sorry, too many clients already', 'PG_CONNECT'],
  ['55000', 'can no longer get changes from replication slot "s"', 'PG_SLOT_LOST'],
  ['55000', 'can no longer access replication slot "s"', 'PG_SLOT_LOST'],
  ['55000', 'logical decoding requires "wal_level" >= "logical"', 'PG_WAL_LEVEL'],
  ['55000', 'the slot is being synchronized from the primary server', 'PG_SLOT_SYNCED'],
  ['40001', 'canceling statement due to conflict with recovery', 'PG_RECOVERY_CONFLICT'],
  ['40001', 'could not serialize access due to concurrent update', 'PG_SERVER'],
  ['58P01', 'requested WAL segment 0000 has already been removed', 'PG_SLOT_LOST'],
  ['42704', 'replication slot "s" does not exist', 'PG_SLOT_LOST'],
  ['42704', 'publication "p" does not exist', 'PG_PUBLICATION'],
  ['0A000', 'logical decoding cannot be used while in recovery', 'PG_UNSUPPORTED_SERVER'],
  ['XX000', 'could not map filenumber "base/1/2" to relation OID', 'PG_DECODING'],
  ['XX000', 'pg_attribute catalog is missing 1 attribute(s) for relation OID 7', 'PG_DECODING'],
  ['57014', 'canceling statement due to statement timeout', 'PG_QUERY_TIMEOUT'],
  ['57014', 'canceling statement due to user request', 'PG_SERVER'],
  ['57P01', 'terminating connection due to administrator command', 'PG_CONNECTION_LOST'],
  ['57P03', 'the database system is starting up', 'PG_CONNECTION_LOST'],
  ['08006', 'connection failure', 'PG_CONNECTION_LOST'],
  ['22012', 'division by zero', 'PG_SERVER'],
])('%s %s → %s', (code, message, expected) => {
  const error = postgresErrorFrom({ code, message, detail: 'the detail', hint: 'the hint' });
  expect(error.code).toBe(expected);
  expect(error.message).toBe(`${message} (SQLSTATE ${code}); detail: the detail; hint: the hint`);
});

test('an error of the socket names the address', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const error = errorFromConnect(new AggregateError([refused]), { host: 'h', port: 5 });
  expect(error.code).toBe('PG_CONNECT');
  expect(error.message).toBe('h:5: connect ECONNREFUSED');
});
