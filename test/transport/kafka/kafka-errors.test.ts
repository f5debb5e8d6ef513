import { describe, expect, test } from 'vitest';
import { kafkaError, kafkaRequest } from '../../../src/transport/kafka/kafka-errors.ts';
import { connectionTo } from './client-contract-fixtures.ts';

const WRITE = { operation: 'WRITE', resource: 'Topic:shop.orders' } as const;

describe('errors of the protocol', () => {
  test('a missing ACL names principal, operation and resource, and what adds it', () => {
    const error = kafkaError(29, {
      ...WRITE,
      principal: 'User:alice',
      bootstrapServers: ['a:9092', 'b:9092'],
    });
    expect(error.code).toBe('KAFKA_ACCESS');
    expect(error.message).toBe(
      'User:alice may not WRITE Topic:shop.orders (TOPIC_AUTHORIZATION_FAILED)',
    );
    expect(error.cure).toBe(
      'kafka-acls.sh --bootstrap-server a:9092,b:9092 --add --allow-principal User:alice ' +
        '--operation Write --topic shop.orders',
    );
  });

  test.each([
    ['GROUP_AUTHORIZATION_FAILED', 'READ', 'Group:g 1', "--operation Read --group 'g 1'"],
    [
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      'WRITE',
      'TransactionalId:t',
      '--operation Write --transactional-id t',
    ],
    [
      'CLUSTER_AUTHORIZATION_FAILED',
      'IDEMPOTENT_WRITE',
      'Cluster',
      '--operation IdempotentWrite --cluster',
    ],
    [
      'TOPIC_AUTHORIZATION_FAILED',
      'DESCRIBE_CONFIGS',
      "Topic:o'x",
      "--operation DescribeConfigs --topic 'o'\\''x'",
    ],
  ] as const)('the command for %s', (name, operation, resource, end) => {
    expect(kafkaError(name, { operation, resource }).cure).toBe(
      `kafka-acls.sh --bootstrap-server <broker> --add --allow-principal 'User:<principal>' ${end}`,
    );
  });

  test('a record that is too large names the topic and its limit', () => {
    const error = kafkaError('MESSAGE_TOO_LARGE', WRITE, { says: 'it has 5 MB' });
    expect(error.code).toBe('RECORD_TOO_LARGE');
    expect(error.message).toContain('max.message.bytes of Topic:shop.orders');
    expect(error.message).toContain('it has 5 MB');
    expect(error.cure).toContain('--alter --topic shop.orders --add-config max.message.bytes=');
  });

  test.each([
    ['PRODUCER_FENCED', 'KAFKA_FENCED'],
    ['INVALID_PRODUCER_EPOCH', 'KAFKA_FENCED'],
    ['SASL_AUTHENTICATION_FAILED', 'KAFKA_AUTH'],
    ['UNKNOWN_TOPIC_OR_PARTITION', 'KAFKA_TOPIC'],
    ['NOT_ENOUGH_REPLICAS', 'KAFKA_TIMEOUT'],
    ['ILLEGAL_GENERATION', 'KAFKA_REBALANCE'],
    ['UNKNOWN_SERVER_ERROR', 'KAFKA_BROKER'],
  ])('%s is %s', (name, code) => {
    expect(kafkaError(name, WRITE)).toMatchObject({ code });
  });

  test('keeps the cause', () => {
    const cause = new Error('socket');
    expect(kafkaError(7, WRITE, { cause }).cause).toBe(cause);
  });
});

test('who asks is known by a name of a login, not by a token', () => {
  const login = { mechanism: 'PLAIN', username: 'alice', password: 'p' } as const;
  const token = { mechanism: 'OAUTHBEARER', token: () => Promise.resolve('t') } as const;
  const askers = [login, token, null].map((sasl) =>
    kafkaRequest(connectionTo('a:1,b:2', { sasl }), 'READ', 'Group:g'),
  );
  expect(askers.map(({ principal }) => principal)).toEqual(['User:alice', undefined, undefined]);
  const bootstrapServers = ['a:1', 'b:2'];
  expect(askers[0]).toMatchObject({ operation: 'READ', resource: 'Group:g', bootstrapServers });
});
