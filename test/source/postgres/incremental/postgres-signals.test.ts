import { expect, test } from 'vitest';
import { POSTGRES_SIGNALS } from '../../../../src/source/postgres/incremental/postgres-signals.ts';
import { READING } from '../../../support/window-fixtures.ts';

test('a table with a primary key is keyed, and a condition stays within its brackets', () => {
  const { captured } = READING;
  expect(POSTGRES_SIGNALS.isKeyed(captured)).toBe(true);
  const bare = { ...captured, info: { ...captured.info, uniqueIndexes: [] } };
  expect(POSTGRES_SIGNALS.isKeyed(bare)).toBe(false);
  expect(POSTGRES_SIGNALS.conditionProblem('a > 1')).toBeNull();
  expect(POSTGRES_SIGNALS.conditionProblem('a); DROP TABLE t')).not.toBeNull();
});
