import { expect, test } from 'vitest';
import {
  POSTGRES_CONNECTION_OPTIONS,
  POSTGRES_CONNECTION_RULES,
} from '../../src/config/postgres-connection-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function examine(input: Record<string, unknown>) {
  return examineOptions(
    POSTGRES_CONNECTION_OPTIONS,
    { 'database.hostname': 'h', 'database.user': 'u', 'database.dbname': 'd', ...input },
    {
      where: 's',
      providers: { environment: {}, folder: '/' },
      rules: POSTGRES_CONNECTION_RULES,
    },
  );
}

test.each([
  [{ 'database.port': '0' }, 'database.port must be 1 to 65535'],
  [{ 'database.target.session.attrs': 'master' }, 'must be one of any, primary'],
  [{ 'database.sslkey': '/k' }, 'database.sslkey and database.sslcert belong together'],
])('%j is refused', (input, message) => {
  expect(examine(input).problems.map((problem) => problem.message)).toEqual([
    expect.stringContaining(message),
  ]);
});
