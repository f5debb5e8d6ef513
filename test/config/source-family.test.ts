import { expect, test } from 'vitest';
import { SINK_CLASSES, DATABASE_SOURCE_CLASSES } from '../../src/config/connector-classes.ts';
import { sourceFamily } from '../../src/config/source-family.ts';

test.each([
  ['postgres', 'postgres'],
  ['io.debezium.connector.postgresql.PostgresConnector', 'postgres'],
  ['mysql', 'mysql'],
  ['io.debezium.connector.mysql.MySqlConnector', 'mysql'],
  ['mariadb', 'mariadb'],
  ['io.debezium.connector.mariadb.MariaDbConnector', 'mariadb'],
  ['io.debezium.connector.oracle.OracleConnector', undefined],
  ['MySQL', undefined],
])('%s is of the family %s', (name, family) => {
  expect(sourceFamily(name)).toBe(family);
});

test('every class of a source has a family, and no class of a sink alone', () => {
  const sources = DATABASE_SOURCE_CLASSES.flatMap(({ names }) => names);
  expect(sources.filter((name) => sourceFamily(name) === undefined)).toEqual([]);
  const sinks = SINK_CLASSES.flatMap(({ names }) => names).filter(
    (name) => !sources.includes(name),
  );
  expect(sinks.filter((name) => sourceFamily(name) !== undefined)).toEqual([]);
});
