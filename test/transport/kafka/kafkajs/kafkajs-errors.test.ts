import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import {
  AnsweredError,
  answeredCode,
  fromLibrary,
  isConnectionFailure,
  isTimeout,
  mayPass,
} from '../../../../src/transport/kafka/kafkajs/kafkajs-errors.ts';

const load = createRequire(import.meta.url);
const { createErrorFromCode } = load('kafkajs/src/protocol/error.js') as {
  readonly createErrorFromCode: (code: number) => Error;
};
type Constructor = new (message: string | Error, details?: object) => Error;
const library = load('kafkajs/src/errors.js') as Readonly<Record<string, Constructor>>;

function made(name: string, message: string | Error, details: object = {}): Error {
  const Class = library[name] as Constructor;
  return new Class(message, details);
}

const REQUEST = {
  operation: 'WRITE',
  resource: 'Topic:orders',
  bootstrapServers: ['broker:9092'],
} as const;
const TIMEOUT = made('KafkaJSRequestTimeoutError', 'Request Produce timed out', { broker: 'b:1' });
const REFUSED = made('KafkaJSConnectionError', 'Connection error: ECONNREFUSED', {
  broker: 'b:1',
  code: 'ECONNREFUSED',
});

describe('codes', () => {
  test('are found in what the library wraps', () => {
    const denied = createErrorFromCode(29);
    const wrapped = made('KafkaJSNonRetriableError', denied, { cause: denied });
    expect(answeredCode(denied)).toBe(29);
    expect(answeredCode(wrapped)).toBe(29);
    expect(answeredCode(made('KafkaJSAggregateError', 'm', [denied]))).toBe(29);
    expect(answeredCode(new AnsweredError(3))).toBe(3);
  });

  test('younger than the library are read from its text', () => {
    expect(answeredCode(createErrorFromCode(90))).toBe(90);
  });

  test('are not in failures of the connection', () => {
    expect(answeredCode(REFUSED)).toBeNull();
    expect(answeredCode(TIMEOUT)).toBeNull();
  });
});

test.each([
  ['a leader that moved', createErrorFromCode(6), true],
  ['no access', createErrorFromCode(29), false],
  ['no answer', TIMEOUT, true],
  ['no connection', REFUSED, true],
  ['a bad certificate', made('KafkaJSConnectionError', 'self-signed certificate'), false],
  ['a refused login', made('KafkaJSSASLAuthenticationError', 'no'), false],
  ['our error that may pass', new TidemarkError('KAFKA_TIMEOUT', 'm'), true],
  ['our error that stops', new TidemarkError('KAFKA_FENCED', 'm'), false],
])('%s: whether it may pass', (_, thrown, passes) => {
  expect(mayPass(thrown)).toBe(passes);
});

test('connections and answers are told apart', () => {
  expect(isConnectionFailure(REFUSED)).toBe(true);
  expect(isConnectionFailure(TIMEOUT)).toBe(true);
  expect(isConnectionFailure(createErrorFromCode(6))).toBe(false);
  expect(isTimeout(TIMEOUT)).toBe(true);
  expect(isTimeout(REFUSED)).toBe(false);
});

test.each([
  ['no access', createErrorFromCode(29), 'KAFKA_ACCESS', 'may not WRITE Topic:orders'],
  ['fenced', createErrorFromCode(47), 'KAFKA_FENCED', 'INVALID_PRODUCER_EPOCH'],
  ['fenced, as newer brokers say', createErrorFromCode(90), 'KAFKA_FENCED', 'PRODUCER_FENCED'],
  ['no answer', TIMEOUT, 'KAFKA_TIMEOUT', 'Broker b:1 did not answer in time to WRITE of'],
  ['no connection', REFUSED, 'KAFKA_CONNECT', 'No connection to b:1'],
  [
    'a bad certificate',
    made('KafkaJSConnectionError', 'Connection error: self-signed certificate', { broker: 'b:1' }),
    'KAFKA_AUTH',
    'TLS to b:1 failed',
  ],
  [
    'a refused login',
    made('KafkaJSSASLAuthenticationError', 'SASL PLAIN authentication failed'),
    'KAFKA_AUTH',
    'Kafka refused the login',
  ],
  [
    'anything else',
    new Error('surprise'),
    'KAFKA_BROKER',
    'WRITE of Topic:orders failed: surprise',
  ],
])('%s has its code and says what was asked', (_, thrown, code, message) => {
  const error = fromLibrary(thrown, REQUEST);
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
});

test('an error of ours stays what it is', () => {
  const error = new TidemarkError('KAFKA_FENCED', 'm');
  expect(fromLibrary(error, REQUEST)).toBe(error);
});
