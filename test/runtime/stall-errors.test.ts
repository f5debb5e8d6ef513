import { expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/foundation/error-table.ts';
import { CAUSES_OF_ERRORS, errorCause } from '../../src/runtime/stall-errors.ts';

test('each code that stands for a cause is one that there is', () => {
  const unknown = Object.keys(CAUSES_OF_ERRORS).filter((code) => !(code in ERROR_TABLE));
  expect(unknown).toEqual([]);
});

test('what is away is named', () => {
  expect(errorCause('REGISTRY_CONNECT', false, false)).toBe('registry_down');
  expect(errorCause('KAFKA_CONNECT', false, false)).toBe('broker_down');
  expect(errorCause('SINK_CONNECT', false, false)).toBe('target_down');
  expect(errorCause('STORE_FULL', false, false)).toBe('store_full');
});

test('a connection that broke: the server is away, or only the connection', () => {
  expect(errorCause('PG_CONNECTION_LOST', false, true)).toBe('source_down');
  expect(errorCause('PG_CONNECTION_LOST', false, false)).toBe('dead_socket');
  expect(errorCause('MYSQL_CONNECTION_LOST', false, false)).toBe('dead_socket');
  expect(errorCause('PG_CONNECT', false, false)).toBe('source_down');
});

test('all else is what the task says of itself', () => {
  expect(errorCause('DECODE', true, false)).toBe('task_failed');
  expect(errorCause('DECODE', false, false)).toBe('task_retried');
});
