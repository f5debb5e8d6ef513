import { MYSQL_OPTIONS, MYSQL_RULES } from '../../src/config/mysql-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { mysqlSourceOptionsOf } from '../../src/runtime/mysql-source-options.ts';
import type { MysqlSourceOptions } from '../../src/source/mysql/mysql-source-options.ts';
import type { MysqlAddress } from './mysql-database.ts';

const REQUIRED = {
  'connector.class': 'mysql',
  'database.hostname': 'h',
  'database.user': 'u',
  'topic.prefix': 'shop',
};

/** The options of a MySQL source, with what is required already there. */
export function examinedMysqlSource(
  input: Readonly<Record<string, string>>,
  table = MYSQL_OPTIONS,
): ReturnType<typeof examineOptions> {
  return examineOptions(
    table,
    { ...REQUIRED, ...input },
    { where: 's', rules: MYSQL_RULES, providers: { environment: {}, folder: '/' } },
  );
}

/** What is wrong with them. */
export function mysqlProblems(input: Readonly<Record<string, string>>): string[] {
  return examinedMysqlSource(input).problems.map(({ message }) => message);
}

/** The properties by which a source reaches a test server. */
export function mysqlProperties(
  { flavor, host, port, user, password }: MysqlAddress,
  change: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    'connector.class': flavor,
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'database.password': password,
    'database.ssl.mode': 'disabled',
    'topic.prefix': 'shop',
    ...change,
  };
}

/** What a source on a test server is told. */
export function mysqlOptions(
  server: MysqlAddress,
  change: Readonly<Record<string, string>> = {},
): MysqlSourceOptions {
  const properties = mysqlProperties(server, change);
  const { options } = examinedMysqlSource(properties);
  const connectorClass = properties['connector.class'] ?? '';
  return mysqlSourceOptionsOf({ name: 's', connectorClass, flavour: 'tidemark', options });
}
