import { expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/foundation/error-table.ts';
import { KAFKA_ERRORS } from '../../src/foundation/kafka-error-table.ts';

test('the errors of Kafka and the registry are all of those that their prefixes name', () => {
  const named = Object.keys(ERROR_TABLE).filter((code) => /^(KAFKA|REGISTRY)_/.test(code));
  expect(Object.keys(KAFKA_ERRORS)).toEqual(expect.arrayContaining(named));
  expect(ERROR_TABLE).toMatchObject(KAFKA_ERRORS);
});
