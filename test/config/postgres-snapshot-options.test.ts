import { expect, test } from 'vitest';
import { POSTGRES_OPTIONS, POSTGRES_RULES } from '../../src/config/postgres-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function problemsOf(input: Record<string, string>): string[] {
  const required = {
    'connector.class': 'postgres',
    'database.hostname': 'h',
    'database.dbname': 'd',
    'database.user': 'u',
    'topic.prefix': 'shop',
  };
  const context = {
    where: 's',
    rules: POSTGRES_RULES,
    providers: { environment: {}, folder: '/' },
  };
  const { problems } = examineOptions(POSTGRES_OPTIONS, { ...required, ...input }, context);
  return problems.map(({ message }) => message);
}

test('a mode that there is not is refused with the one to take', () => {
  expect(problemsOf({ 'snapshot.mode': 'initial_only' })).toEqual([]);
  expect(problemsOf({ 'snapshot.mode': 'never' })).toEqual([
    expect.stringContaining('use no_data'),
  ]);
});
