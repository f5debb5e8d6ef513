import { expect, test } from 'vitest';
import { DEBEZIUM_POSTGRES_OPTIONS } from '../../src/config/postgres-options.ts';
import { POSTGRES_RENAMED_OPTIONS } from '../../src/config/postgres-renamed-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

/** What a file of Debezium 1.x had, as far as it means something to PostgreSQL. */
const OLD = {
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  'database.hostname': 'db',
  'database.user': 'me',
  'database.dbname': 'shop',
  'database.server.name': 'shop',
  'plugin.name': 'wal2json_streaming',
  'table.whitelist': 'public.orders',
  'column.blacklist': 'public.orders.note',
  'slot.drop_on_stop': 'true',
  'toasted.value.placeholder': 'x',
  'sanitize.field.names': 'true',
  'snapshot.new.tables': 'parallel',
  'database.history.kafka.topic': 'history',
};

function examine(given: Readonly<Record<string, string>>) {
  const providers = { environment: {}, folder: '/' };
  const { options, problems } = examineOptions(DEBEZIUM_POSTGRES_OPTIONS, given, {
    where: 'source',
    providers,
  });
  return { warnings: options.warnings, problems: problems.map(({ message }) => message) };
}

test('a file of an old release is told the names of today, all at once', () => {
  const { problems, warnings } = examine(OLD);
  expect(problems).toEqual([
    'source: plugin.name: "wal2json_streaming" is not supported: ' +
      'use pgoutput, which every server has; slots of other plug-ins cannot be read',
    'source: table.whitelist is not supported: its name is table.include.list today',
    'source: column.blacklist is not supported: its name is column.exclude.list today',
    'source: slot.drop_on_stop is not supported: its name is slot.drop.on.stop today',
    'source: toasted.value.placeholder is not supported: ' +
      'its name is unavailable.value.placeholder today',
    'source: sanitize.field.names is not supported: ' +
      'field.name.adjustment.mode took its place; true is avro',
    expect.stringContaining('topic.prefix is required'),
  ]);
  expect(warnings).toEqual([
    'source: database.server.name has no effect: topic.prefix took its place',
    'source: snapshot.new.tables has no effect: ' +
      'tables that come to the list are read beside the stream',
    'source: database.history.kafka.topic has no effect: shapes of tables come with the stream',
  ]);
});

test('a name of today that is told is one that there is', () => {
  const known = new Set(DEBEZIUM_POSTGRES_OPTIONS.map(({ name }) => name));
  const told = POSTGRES_RENAMED_OPTIONS.flatMap(({ reason }) =>
    [...(reason ?? '').matchAll(/its name is (\S+) today/g)].map(([, name]) => name),
  );
  expect(told.length).toBeGreaterThan(10);
  expect(told.filter((name) => name === undefined || !known.has(name))).toEqual([]);
});
