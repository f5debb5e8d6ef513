import { AuthenticationError, MultipleErrors, NetworkError } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import { connectionError } from '../../../../src/transport/kafka/platformatic/connection-error.ts';

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

test.each([
  [
    new NetworkError('Connection failed', { cause: withCode('ECONNREFUSED', 'refused') }),
    'CONNECT',
  ],
  [new NetworkError('Connection failed', { cause: new AuthenticationError('no') }), 'AUTH'],
  [new MultipleErrors('all', [new AuthenticationError('no')]), 'AUTH'],
  [
    new NetworkError('failed', { cause: withCode('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed') }),
    'AUTH',
  ],
  [new Error('Request timed out'), 'TIMEOUT'],
  ['a text', 'CONNECT'],
] as const)('%s is KAFKA_%s', (thrown, code) => {
  expect(connectionError(thrown, 'b:1')).toMatchObject({ code: `KAFKA_${code}` });
});

test('says the address and what lies beneath; keeps the cause', () => {
  const thrown = new NetworkError('Connection failed', { cause: new Error('connect refused') });
  const error = connectionError(thrown, 'broker:9092');
  expect(error.message).toContain('broker:9092');
  expect(error.message).toContain('connect refused');
  expect(error.cause).toBe(thrown);
});

test('an error of ours stays what it is', () => {
  const error = new TidemarkError('KAFKA_TOPIC', 'x');
  expect(connectionError(error, 'b:1')).toBe(error);
});
