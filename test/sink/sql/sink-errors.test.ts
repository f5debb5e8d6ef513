import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { classifySqlState, isPermanent, toSinkError } from '../../../src/sink/sql/sink-errors.ts';

test.each([
  // PITFALLS S10: these pass.
  ['08006', 'SINK_SERVER'],
  ['40001', 'SINK_SERVER'],
  ['40P01', 'SINK_SERVER'],
  ['53300', 'SINK_SERVER'],
  ['55P03', 'SINK_SERVER'],
  ['57014', 'SINK_SERVER'],
  ['57P01', 'SINK_SERVER'],
  ['25006', 'SINK_SERVER'],
  // The record's fault.
  ['22P02', 'SINK_RECORD'],
  ['23505', 'SINK_RECORD'],
  ['21000', 'SINK_RECORD'],
  // The table's.
  ['42703', 'SINK_SCHEMA'],
  ['42501', 'SINK_SCHEMA'],
  ['0A000', 'SINK_SCHEMA'],
  ['3D000', 'SINK_SCHEMA'],
  ['28P01', 'SINK_AUTH'],
])('%s is %s', (state, code) => {
  expect(classifySqlState(state)).toBe(code);
});

test('messages that quote values are replaced, and the cause is not kept', () => {
  const thrown = Object.assign(new Error('invalid input syntax for type integer: "secret"'), {
    code: '22P02',
    column: 'n',
  });
  const error = toSinkError(thrown);
  expect(error.message).toBe(
    'a value is not valid for the type of its column (SQLSTATE 22P02; column n)',
  );
  expect(error.cause).toBeUndefined();
  expect(isPermanent(error)).toBe(true);
});

test('what has no SQLSTATE is the connection', () => {
  const error = toSinkError(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  expect(error.code).toBe('SINK_CONNECT');
  expect(isPermanent(error)).toBe(false);
  const own = new TidemarkError('SINK_FENCED', 'x');
  expect(toSinkError(own)).toBe(own);
});
