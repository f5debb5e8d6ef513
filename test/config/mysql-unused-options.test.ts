import { expect, test } from 'vitest';
import { DEBEZIUM_MYSQL_OPTIONS } from '../../src/config/mysql-options.ts';
import {
  MYSQL_RENAMED_OPTIONS,
  MYSQL_UNUSED_OPTIONS,
} from '../../src/config/mysql-unused-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

/** What a file of Debezium 1.x had. */
const OLD = {
  'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
  'database.hostname': 'db',
  'database.user': 'me',
  'database.server.id': '184054',
  'database.server.name': 'shop',
  'database.whitelist': 'shop',
  'table.blacklist': 'shop.log',
  'database.history': 'io.debezium.relational.history.KafkaDatabaseHistory',
  'database.history.kafka.topic': 'history',
  'database.history.store.only.monitored.tables.ddl': 'true',
  'database.history.producer.acks': 'all',
  'snapshot.minimal.locks': 'true',
  'rows.fetch.size': '100',
  'snapshot.new.tables': 'parallel',
  'plugin.name': 'pgoutput',
};

test('a file of an old release is told the names of today, all at once', () => {
  const { options, problems } = examineOptions(DEBEZIUM_MYSQL_OPTIONS, OLD, {
    where: 's',
    providers: { environment: {}, folder: '/' },
  });
  const today = (old: string, name: string): string =>
    `s: ${old} is not supported: its name is ${name} today`;
  expect(problems.map(({ message }) => message)).toEqual([
    today('database.whitelist', 'database.include.list'),
    today('table.blacklist', 'table.exclude.list'),
    today('database.history', 'schema.history.internal'),
    today('database.history.kafka.topic', 'schema.history.internal.kafka.topic'),
    today(
      'database.history.store.only.monitored.tables.ddl',
      'schema.history.internal.store.only.captured.tables.ddl',
    ),
    's: database.history.producer.acks is not supported: ' +
      'it begins with schema.history.internal today, not with database.history',
    today('snapshot.minimal.locks', 'snapshot.locking.mode'),
    today('rows.fetch.size', 'snapshot.fetch.size'),
    expect.stringContaining('topic.prefix is required'),
  ]);
  expect(options.warnings).toEqual([
    's: database.server.name has no effect: topic.prefix took its place',
    expect.stringContaining('snapshot.new.tables has no effect'),
    's: plugin.name has no effect: MySQL and MariaDB have no slots',
  ]);
});

test('a name of today that is told is one that there is', () => {
  const known = new Set(DEBEZIUM_MYSQL_OPTIONS.map(({ name }) => name));
  const told = [...MYSQL_RENAMED_OPTIONS, ...MYSQL_UNUSED_OPTIONS].flatMap(({ reason }) =>
    [...(reason ?? '').matchAll(/its name is (\S+) today/g)].map(([, name]) => name),
  );
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter((name) => name === undefined || !known.has(name))).toEqual([]);
});
