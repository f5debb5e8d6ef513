import { expect, test } from 'vitest';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const CONFLUENT = 'io.confluent.connect.jdbc.JdbcSinkConnector';
const DEBEZIUM = 'io.debezium.connector.jdbc.JdbcSinkConnector';

function policyOf(connectorClass: string, more: Record<string, unknown> = {}): string | undefined {
  const sink = { name: 's', 'connector.class': connectorClass, ...more };
  const url = { 'connection.url': 'postgres://h/d', 'delete.enabled': 'false' };
  const config = parsedPipeline({ sinks: [{ ...sink, ...url }] });
  return config.sinks[0]?.options.string('schema.evolution.policy');
}

test.each(['jdbc', CONFLUENT, DEBEZIUM])('%s has the policy, alert by default', (name) => {
  expect(policyOf(name)).toBe('alert');
  expect(policyOf(name, { 'schema.evolution.policy': 'shadow' })).toBe('shadow');
});

test.each(['hold', 'dead_letter', 'drop'])('%s is refused', (policy) => {
  expect(() => policyOf('jdbc', { 'schema.evolution.policy': policy })).toThrow(
    'schema.evolution.policy',
  );
});
