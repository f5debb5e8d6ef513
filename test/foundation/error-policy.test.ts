import { expect, test } from 'vitest';
import { policy } from '../../src/foundation/error-policy.ts';

test('a row of the table names its columns', () => {
  expect(policy('stop', 2, 400, 'What is wrong.', 'What to do.')).toEqual({
    retry: 'stop',
    exitCode: 2,
    httpStatus: 400,
    meaning: 'What is wrong.',
    cure: 'What to do.',
  });
});
