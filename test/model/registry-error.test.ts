import { expect, test } from 'vitest';
import { RegistryError } from '../../src/model/registry-error.ts';

test("carries Confluent's code beside ours", () => {
  const error = new RegistryError(40401, 'SCHEMA_UNKNOWN', "Subject 's' not found.");
  expect(error.registryCode).toBe(40401);
  expect(error.toJSON()).toMatchObject({
    code: 'SCHEMA_UNKNOWN',
    message: "Subject 's' not found.",
  });
  expect(error.httpStatus).toBe(404);
});
