import { expect, test } from 'vitest';
import { MYSQL_OPTIONS } from '../../src/config/mysql-options.ts';
import { POSTGRES_OPTIONS } from '../../src/config/postgres-options.ts';
import {
  RENAMED_SOURCE_OPTIONS,
  renamedTo,
  UNUSED_SOURCE_OPTIONS,
} from '../../src/config/source-unused-options.ts';

test.each([
  ['PostgreSQL', POSTGRES_OPTIONS],
  ['MySQL', MYSQL_OPTIONS],
])('%s passes them over, or refuses them, with the reason', (_, table) => {
  for (const option of [...UNUSED_SOURCE_OPTIONS, ...RENAMED_SOURCE_OPTIONS]) {
    const found = table.find(({ name }) => name === option.name);
    expect(found).toMatchObject({ status: option.status, reason: option.reason });
  }
});

test('lists that would be passed over in silence are refused', () => {
  const whitelist = RENAMED_SOURCE_OPTIONS.find(({ name }) => name === 'table.whitelist');
  expect(whitelist).toMatchObject({ status: 'refused', reason: renamedTo('table.include.list') });
});
