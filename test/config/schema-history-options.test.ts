import { expect, test } from 'vitest';
import { examinedMysqlSource, mysqlProblems } from '../support/examined-mysql-source.ts';

const HISTORY = 'schema.history.internal';

test('the history is in the transport, as the original has it in Kafka', () => {
  const { options, problems } = examinedMysqlSource({
    [HISTORY]: 'io.debezium.storage.kafka.history.KafkaSchemaHistory',
    [`${HISTORY}.kafka.topic`]: 'history',
    [`${HISTORY}.ddl.filter`]: 'FLUSH .*',
  });
  expect(problems).toEqual([]);
  expect(options.string(HISTORY)).toBe('transport');
  expect(options.patterns(`${HISTORY}.ddl.filter`)).toEqual([/^(?:FLUSH .*)$/i]);
});

test.each([
  [
    { [HISTORY]: 'io.debezium.storage.file.history.FileSchemaHistory' },
    'kept where the records go: remove it',
  ],
  [{ [HISTORY]: 'com.acme.History' }, 'must be one of transport'],
  [{ [`${HISTORY}.kafka.topic`]: 'a b' }, 'kafka.topic'],
  [{ [`${HISTORY}.kafka.topic`]: 'shop' }, 'must differ: that is the topic of schema changes'],
])('%j is refused', (input, message) => {
  expect(mysqlProblems(input)).toEqual([expect.stringContaining(message)]);
});

test.each([
  'kafka.bootstrap.servers',
  'kafka.recovery.attempts',
  'producer.security.protocol',
  'consumer.sasl.jaas.config',
  'file.filename',
  'skip.unparseable.ddl',
  'prefer.ddl',
])('…%s has no effect', (name) => {
  const { options, problems } = examinedMysqlSource({ [`${HISTORY}.${name}`]: 'x' });
  expect(problems).toEqual([]);
  expect(options.warnings).toEqual([expect.stringContaining('has no effect')]);
});
