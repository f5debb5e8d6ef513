import { expect, test } from 'vitest';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const CONFLUENT = 'io.confluent.connect.jdbc.JdbcSinkConnector';
const DEBEZIUM = 'io.debezium.connector.jdbc.JdbcSinkConnector';
const CLASSES = ['jdbc', CONFLUENT, DEBEZIUM];

function policyOf(connectorClass: string, more: Record<string, unknown> = {}): string | undefined {
  const sink = { name: 's', 'connector.class': connectorClass, ...more };
  const url = { 'connection.url': 'postgres://h/d', 'delete.enabled': 'false' };
  const source = { 'provide.transaction.metadata': 'true' };
  const config = parsedPipeline({ source, sinks: [{ ...sink, ...url }] });
  return config.sinks[0]?.options.string('schema.evolution.policy');
}

/** Its names for the key of a record. */
function keyed(connectorClass: string): Record<string, string> {
  return { [connectorClass === DEBEZIUM ? 'primary.key.mode' : 'pk.mode']: 'record_key' };
}

test.each(CLASSES)('%s has the policies, alert by default', (name) => {
  expect(policyOf(name)).toBe('alert');
  for (const policy of ['shadow', 'hold']) {
    expect(policyOf(name, { 'schema.evolution.policy': policy })).toBe(policy);
  }
  expect(() => policyOf(name, { 'schema.evolution.policy': 'drop' })).toThrow(
    'schema.evolution.policy',
  );
});

test.each(CLASSES)('%s gives records away only where their keys wait behind them', (name) => {
  const policy = { ...keyed(name), 'schema.evolution.policy': 'dead_letter' };
  expect(policyOf(name, { ...policy, 'errors.park': 'key' })).toBe('dead_letter');
  expect(() => policyOf(name, policy)).toThrow('errors.park key');
  const one = { 'errors.park': 'record', 'errors.tolerance': 'all' };
  expect(() => policyOf(name, { ...policy, ...one })).toThrow('errors.park key');
});

test.each(['hold', 'dead_letter'])('%s and what stops everything are refused', (policy) => {
  const given = { 'schema.evolution.policy': policy };
  expect(() => policyOf('jdbc', { ...given, 'transaction.mode': 'source' })).toThrow(
    'lets the other tables go on, and transaction.mode source',
  );
  expect(() => policyOf('jdbc', { ...given, 'errors.park': 'task' })).toThrow('errors.park');
});
