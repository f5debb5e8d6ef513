import { expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/foundation/error-table.ts';
import { POSTGRES_ERRORS } from '../../src/foundation/postgres-error-table.ts';

test('the errors of the PostgreSQL source are all of those that its prefix names', () => {
  const named = Object.keys(ERROR_TABLE).filter((code) => code.startsWith('PG_'));
  expect(Object.keys(POSTGRES_ERRORS)).toEqual(expect.arrayContaining(named));
  expect(ERROR_TABLE).toMatchObject(POSTGRES_ERRORS);
});
