import { expect, test } from 'vitest';
import { endsMysqlSession, mysqlSinkError } from '../../../src/sink/sql/mysql-sink-errors.ts';
import { toSinkError } from '../../../src/sink/sql/sink-errors.ts';

function thrown(errno: number, sqlState: string, message: string): Error {
  return Object.assign(new Error(message), { errno, sqlState, code: 'ER_X' });
}

test.each([
  [1213, '40001', 'SINK_SERVER'],
  [1205, 'HY000', 'SINK_SERVER'],
  [1290, 'HY000', 'SINK_SERVER'],
  [1226, '42000', 'SINK_SERVER'],
  [1045, '28000', 'SINK_AUTH'],
  [1049, '42000', 'SINK_SCHEMA'],
  [1142, '42000', 'SINK_SCHEMA'],
  [1364, 'HY000', 'SINK_SCHEMA'],
  [1062, '23000', 'SINK_RECORD'],
  [1366, 'HY000', 'SINK_RECORD'],
  [1406, '22001', 'SINK_RECORD'],
  [9999, 'HY000', 'SINK_SERVER'],
])('error %i (%s) is %s (S10)', (errno, state, code) => {
  expect(mysqlSinkError(thrown(errno, state, 'x'))?.code).toBe(code);
});

test('words of the server that quote values are replaced; places stay', () => {
  const duplicate = thrown(1062, '23000', "Duplicate entry 'SECRET' for key 't.mail'");
  const error = toSinkError(duplicate);
  expect(error.message).toContain('index t.mail');
  const type = thrown(
    1366,
    'HY000',
    "Incorrect integer value: 'SECRET' for column `d`.`t`.`n` at row 1",
  );
  expect(toSinkError(type).message).toContain('column n');
  for (const each of [error, toSinkError(type)]) {
    expect(each.message).not.toContain('SECRET');
    expect(each.cause).toBeUndefined();
  }
});

test('the look at the key has words of its own', () => {
  const error = mysqlSinkError(
    thrown(1690, '22003', "DOUBLE value is out of range in 'exp(1000)'"),
  );
  expect(error?.code).toBe('SINK_RECORD');
  expect(error?.message).toContain('one of another key');
});

test('a connection that is gone is told from a statement that failed', () => {
  expect(endsMysqlSession(thrown(4031, 'HY000', 'inactivity'))).toBe(true);
  expect(endsMysqlSession(thrown(1205, 'HY000', 'lock'))).toBe(false);
  const lost = Object.assign(new Error('closed'), { code: 'PROTOCOL_CONNECTION_LOST', errno: -1 });
  expect(toSinkError(lost).code).toBe('SINK_CONNECT');
  const pipe = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', errno: -32 });
  expect(toSinkError(pipe).code).toBe('SINK_CONNECT');
});
