import { expect, test } from 'vitest';
import {
  CONFLUENT_JDBC_SINK_OPTIONS,
  DEBEZIUM_JDBC_SINK_OPTIONS,
  JDBC_SINK_OPTIONS,
} from '../../src/config/jdbc-sink-options.ts';
import type { Option } from '../../src/config/option.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

test.each([
  ['ours', JDBC_SINK_OPTIONS],
  ["Confluent's", CONFLUENT_JDBC_SINK_OPTIONS],
  ["Debezium's", DEBEZIUM_JDBC_SINK_OPTIONS],
])('%s: each property stands in the table once', (_, table) => {
  const names = table.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

/** Every property that the original's reference lists, with a value, and what becomes of it. */
type Listed = readonly (readonly [name: string, value: string])[];

const CONFLUENT_WORK: Listed = [
  ['connection.user', 'u'],
  ['connection.password', 'p'],
  ['connection.sslmode', 'require'],
  ['insert.mode', 'update'],
  ['batch.size', '10'],
  ['delete.enabled', 'true'],
  ['table.name.format', 'a_${topic}'],
  ['pk.mode', 'record_value'],
  ['pk.fields', 'id'],
  ['fields.whitelist', 'a'],
  ['db.timezone', 'Europe/Berlin'],
  ['date.timezone', 'utc'],
  ['timestamp.precision.mode', 'nanoseconds'],
  ['timestamp.fields.list', 'a'],
  ['auto.create', 'true'],
  ['auto.evolve', 'true'],
  ['quote.sql.identifiers', 'never'],
  ['max.retries', '3'],
  ['retry.backoff.ms', '100'],
  ['replace.null.with.default', 'false'],
  ['string.output.value.column.name', 'text'],
];
const CONFLUENT_ACCEPTED: Listed = [
  ['connection.attempts', '3'],
  ['connection.backoff.ms', '10000'],
  ['dialect.name', 'PostgreSqlDatabaseDialect'],
  ['table.types', 'TABLE'],
  ['date.calendar.system', 'PROLEPTIC_GREGORIAN'],
  ['trim.sensitive.log', 'true'],
  ['mssql.use.merge.holdlock', 'false'],
];

const DEBEZIUM_WORK: Listed = [
  ['connection.username', 'u'],
  ['connection.password', 'p'],
  ['insert.mode', 'update'],
  ['delete.enabled', 'true'],
  ['truncate.enabled', 'true'],
  ['primary.key.mode', 'record_header'],
  ['primary.key.fields', 'id'],
  ['quote.identifiers', 'true'],
  ['schema.evolution', 'basic'],
  ['collection.name.format', 'a_${topic}'],
  ['collection.naming.strategy', 'passthrough'],
  ['column.naming.strategy', 'default'],
  ['field.include.list', 'a'],
  ['field.exclude.list', 'a'],
  ['batch.size', '10'],
  ['use.time.zone', 'UTC'],
  ['flush.max.retries', '5'],
  ['flush.retry.delay.ms', '1000'],
];
const DEBEZIUM_ACCEPTED: Listed = [
  ['connection.provider', 'x'],
  ['connection.restart.on.errors', 'true'],
  ['dialect.postgres.postgis.schema', 'public'],
  ['dialect.postgres.unnest.insert.enabled', 'true'],
  ['dialect.sqlserver.identity.insert', 'true'],
  ['dialect.starrocks.catalog.name', 'x'],
  ['use.reduction.buffer', 'true'],
  ['keyed.message.batch.mode', 'passthrough'],
  ['internal.enable.sces', 'true'],
  ['hibernate.c3p0.idle_test_period', '3'],
];
const DEBEZIUM_REFUSED: Listed = [
  ['database.time_zone', 'UTC'],
  ['cloud.events.schema.name.pattern', '.*'],
  ['table.name.format', 'a_${topic}'],
  ['table.naming.strategy', 'x'],
  ['column.naming.strategy', 'com.example.Mine'],
  ['collection.naming.strategy', 'com.example.Mine'],
];

const EACH = (listed: Listed, table: readonly Option[], fate: string) =>
  listed.map(([name, value]) => [fate, name, value, table] as const);

/** The entry of the table that speaks of it. */
function optionOf(table: readonly Option[], name: string): Option | undefined {
  const found = table.find((option) => option.name === name);
  if (found !== undefined) return found;
  return table.find((option) => {
    const at = option.name.indexOf('<');
    return at > 0 && name.startsWith(option.name.slice(0, at));
  });
}

test.each([
  ...EACH(CONFLUENT_WORK, CONFLUENT_JDBC_SINK_OPTIONS, 'works'),
  ...EACH(CONFLUENT_ACCEPTED, CONFLUENT_JDBC_SINK_OPTIONS, 'accepted'),
  ...EACH(DEBEZIUM_WORK, DEBEZIUM_JDBC_SINK_OPTIONS, 'works'),
  ...EACH(DEBEZIUM_ACCEPTED, DEBEZIUM_JDBC_SINK_OPTIONS, 'accepted'),
  ...EACH(DEBEZIUM_REFUSED, DEBEZIUM_JDBC_SINK_OPTIONS, 'refused'),
])('%s: %s=%s', (fate, name, value, table) => {
  const given = { name: 's', 'connector.class': 'x', 'connection.url': 'postgres://h/d' };
  const { problems } = examineOptions(
    table,
    { ...given, [name]: value },
    { where: 's', rules: [], providers: { environment: {}, folder: '/' } },
  );
  const option = optionOf(table, name);
  expect(option, 'the table knows it').toBeDefined();
  if (fate === 'refused') {
    // With the reason, not as a name that nobody knows.
    expect(problems.map(({ message }) => message).join()).toMatch(
      /is not supported: .{10}|must be one of/,
    );
    return;
  }
  expect(problems).toEqual([]);
  expect(option?.status ?? 'works').toBe(fate);
});
