import { expect, test } from 'vitest';
import { sqliteSinkError } from '../../../src/sink/sql/sqlite-sink-errors.ts';

const errorOf = (code: number, message: string) =>
  sqliteSinkError({ code, message, isRolledBack: false }, '/data/shop.db');

test.each([
  [5, 'SINK_SERVER'],
  [517, 'SINK_SERVER'],
  [8, 'SINK_SERVER'],
  [10, 'SINK_SERVER'],
  [778, 'SINK_SERVER'],
  [13, 'SINK_SERVER'],
  [14, 'SINK_CONNECT'],
  [0, 'SINK_CONNECT'],
  [1, 'SINK_SCHEMA'],
  [11, 'SINK_SCHEMA'],
  [26, 'SINK_SCHEMA'],
  [18, 'SINK_RECORD'],
  [2067, 'SINK_RECORD'],
  [20, 'SINK_RECORD'],
])('result code %i is %s (S10)', (code, expected) => {
  expect(errorOf(code, 'x').code).toBe(expected);
});

test('what stands in the way is named, and what to do', () => {
  expect(errorOf(2067, 'UNIQUE constraint failed: t.mail')).toMatchObject({
    message: 'a unique index has the value already (t.mail) (SQLITE_CONSTRAINT 2067)',
    cure: expect.stringContaining('Drop the index') as string,
  });
  const typed = errorOf(3091, 'cannot store TEXT value in INTEGER column t.n');
  expect(typed.message).toContain('not of the type of its column (t.n)');
  expect(errorOf(5, 'database is locked').message).toContain('another process has locked');
  expect(errorOf(14, 'unable to open database file').cure).toContain('mkdir -p /data;');
  expect(errorOf(8, 'attempt to write a readonly database').cure).toContain('/data with write');
  expect(errorOf(1, 'near "ALTER": syntax error').cure).toContain('from 3.53 on');
  expect(errorOf(1, 'cannot drop PRIMARY KEY column: "id"').cure).toContain('snapshot it anew');
  expect(errorOf(778, 'disk I/O error').cure).toContain('the disk of /data');
  expect(errorOf(1, 'duplicate column name: Name').message).toMatch(/Name by the case of its/);
});

test('what a trigger says may be made of a row, and is not shown', () => {
  expect(errorOf(1811, 'SECRET').message).not.toContain('SECRET');
});
