import { MYSQL_BINLOG_OPTIONS, MYSQL_BINLOG_RULES } from './mysql-binlog-options.ts';
import { MYSQL_CONNECTION_OPTIONS, MYSQL_CONNECTION_RULES } from './mysql-connection-options.ts';
import { mysqlShapingOptions } from './mysql-shaping-options.ts';
import { MYSQL_SNAPSHOT_OPTIONS } from './mysql-snapshot-options.ts';
import { MYSQL_RENAMED_OPTIONS, MYSQL_UNUSED_OPTIONS } from './mysql-unused-options.ts';
import { BINLOG_LAST_STAGE_OPTIONS } from './last-stage-options.ts';
import type { Option } from './option.ts';
import { inDatabases, withDefaults } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import { SCHEMA_HISTORY_OPTIONS, SCHEMA_HISTORY_RULES } from './schema-history-options.ts';
import {
  DEBEZIUM_MARIADB_CLASS,
  DEBEZIUM_MYSQL_CLASS,
  MARIADB_CLASS,
  MYSQL_CLASS,
} from './source-family.ts';
import {
  DEBEZIUM_SOURCE_DEFAULTS,
  identityOptions,
  SOURCE_OPTIONS,
  SOURCE_RULES,
} from './source-options.ts';
import { exclusive } from './source-shaping-options.ts';

const CLASSES = {
  mysql: [MYSQL_CLASS, DEBEZIUM_MYSQL_CLASS],
  mariadb: [MARIADB_CLASS, DEBEZIUM_MARIADB_CLASS],
} as const;

/** Both families have the same properties; few of them have other values. */
function baseTable(family: 'mysql' | 'mariadb'): readonly Option[] {
  const [own, debezium] = CLASSES[family];
  return inDatabases([
    ...identityOptions(own, debezium),
    ...MYSQL_CONNECTION_OPTIONS,
    ...MYSQL_BINLOG_OPTIONS,
    ...MYSQL_SNAPSHOT_OPTIONS,
    ...mysqlShapingOptions(family),
    ...SCHEMA_HISTORY_OPTIONS,
    ...SOURCE_OPTIONS,
    ...BINLOG_LAST_STAGE_OPTIONS,
    ...MYSQL_UNUSED_OPTIONS,
    ...MYSQL_RENAMED_OPTIONS,
  ]);
}

/** Debezium's defaults where they differ from ours. */
const DEBEZIUM_DEFAULTS: Readonly<Record<string, string | null>> = {
  ...DEBEZIUM_SOURCE_DEFAULTS,
  'zero.date.handling.mode': 'null',
  'enable.time.adjuster': 'true',
};

/** Options of `connector.class: mysql`. */
export const MYSQL_OPTIONS: readonly Option[] = baseTable('mysql');

/** Options of Debezium's class for MySQL. */
export const DEBEZIUM_MYSQL_OPTIONS: readonly Option[] = withDefaults(
  MYSQL_OPTIONS,
  DEBEZIUM_DEFAULTS,
);

/** Options of `connector.class: mariadb`. */
export const MARIADB_OPTIONS: readonly Option[] = baseTable('mariadb');

/** Options of Debezium's class for MariaDB. */
export const DEBEZIUM_MARIADB_OPTIONS: readonly Option[] = withDefaults(MARIADB_OPTIONS, {
  ...DEBEZIUM_DEFAULTS,
  'database.ssl.mode': 'disable',
});

/** Rules over several properties, of all four. */
export const MYSQL_RULES: readonly OptionRule[] = [
  ...MYSQL_CONNECTION_RULES,
  ...MYSQL_BINLOG_RULES,
  ...SCHEMA_HISTORY_RULES,
  ...SOURCE_RULES,
  exclusive('database.include.list', 'database.exclude.list'),
];
