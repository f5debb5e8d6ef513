/** Which kind of server a source reads. */
export type SourceFamily = 'postgres' | 'mysql' | 'mariadb';

/** Names in `connector.class`: ours with safe defaults, and Debezium's with its own. */
export const POSTGRES_CLASS = 'postgres';
export const DEBEZIUM_POSTGRES_CLASS = 'io.debezium.connector.postgresql.PostgresConnector';
export const MYSQL_CLASS = 'mysql';
export const DEBEZIUM_MYSQL_CLASS = 'io.debezium.connector.mysql.MySqlConnector';
export const MARIADB_CLASS = 'mariadb';
export const DEBEZIUM_MARIADB_CLASS = 'io.debezium.connector.mariadb.MariaDbConnector';

const FAMILIES: ReadonlyMap<string, SourceFamily> = new Map([
  [POSTGRES_CLASS, 'postgres'],
  [DEBEZIUM_POSTGRES_CLASS, 'postgres'],
  [MYSQL_CLASS, 'mysql'],
  [DEBEZIUM_MYSQL_CLASS, 'mysql'],
  [MARIADB_CLASS, 'mariadb'],
  [DEBEZIUM_MARIADB_CLASS, 'mariadb'],
]);

/** The family of a class of the section `source`; undefined: it is the class of no source. */
export function sourceFamily(connectorClass: string): SourceFamily | undefined {
  return FAMILIES.get(connectorClass);
}
