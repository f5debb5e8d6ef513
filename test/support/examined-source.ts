import { POSTGRES_OPTIONS, POSTGRES_RULES } from '../../src/config/postgres-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

const REQUIRED = {
  'connector.class': 'postgres',
  'database.hostname': 'h',
  'database.dbname': 'd',
  'database.user': 'u',
  'topic.prefix': 'shop',
};

/** The PostgreSQL source's options, with what is required already there. */
export function examinedSource(
  input: Readonly<Record<string, string>>,
): ReturnType<typeof examineOptions> {
  return examineOptions(
    POSTGRES_OPTIONS,
    { ...REQUIRED, ...input },
    { where: 's', rules: POSTGRES_RULES, providers: { environment: {}, folder: '/' } },
  );
}

/** What is wrong with them. */
export function sourceProblems(input: Readonly<Record<string, string>>): string[] {
  return examinedSource(input).problems.map(({ message }) => message);
}
