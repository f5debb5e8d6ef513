import { describe, expect, test } from 'vitest';
import type { TopicNaming } from '../../src/envelope/topic-naming.ts';
import {
  checkTopicCollisions,
  DEFAULT_NAMING,
  dataTopic,
  heartbeatTopic,
  transactionTopic,
} from '../../src/envelope/topic-naming.ts';

const table = (schema: string, name: string) => ({ catalog: 'db', schema, table: name });

describe('topic names', () => {
  test('prefix, schema, table; what Kafka forbids becomes an underscore', () => {
    expect(dataTopic('shop', table('public', 'orders'))).toBe('shop.public.orders');
    expect(dataTopic('shop', table('public', 'Mixed Case'))).toBe('shop.public.Mixed_Case');
    expect(dataTopic('shop', table('public', 'Ünï-côl'))).toBe('shop.public._n_-c_l');
    expect(dataTopic('shop', table('public', '😀'))).toBe('shop.public.__');
  });

  test('names end at 249 characters', () => {
    expect(dataTopic('p'.repeat(200), table('s', 't'.repeat(63)))).toHaveLength(249);
  });

  test('the other topics', () => {
    expect(heartbeatTopic('shop')).toBe('__debezium-heartbeat.shop');
    expect(transactionTopic('shop')).toBe('shop.transaction');
  });

  test('other delimiters and parts', () => {
    const naming = { ...DEFAULT_NAMING, delimiter: '_', heartbeatPrefix: 'hb', transaction: 'tx' };
    expect(dataTopic('shop', table('public', 'a b'), naming)).toBe('shop_public_a_b');
    expect(heartbeatTopic('shop', naming)).toBe('hb_shop');
    expect(transactionTopic('shop', naming)).toBe('shop_tx');
  });

  test('unicode: names that differ have topics that differ', () => {
    const naming: TopicNaming = { ...DEFAULT_NAMING, forbidden: 'unicode' };
    expect(dataTopic('my_shop', table('public', 'a b_é'), naming)).toBe(
      'my_shop.public.a_u0020b_u005f_u00e9',
    );
    expect(() => {
      checkTopicCollisions('shop', [table('public', 'a b'), table('public', 'a_b')], naming);
    }).not.toThrow();
  });
});

describe('collisions', () => {
  test.each([
    ['replaced characters', table('public', 'a b'), table('public', 'a_b')],
    ['dots in names', table('a.b', 'c'), table('a', 'b.c')],
    ['the cut', table('s', `${'t'.repeat(240)}aaaaaaa`), table('s', `${'t'.repeat(240)}aaaaaab`)],
  ])('%s: both tables are named', (_what, a, b) => {
    expect(() => checkTopicCollisions('shop', [a, table('x', 'y'), b])).toThrow(
      `tables "${a.schema}"."${a.table}" and "${b.schema}"."${b.table}" would both write`,
    );
  });

  test('different topics, and one table twice, are fine', () => {
    const tables = [table('a', 'b'), table('a', 'c'), table('b', 'b'), table('a', 'b')];
    expect(() => {
      checkTopicCollisions('shop', tables);
    }).not.toThrow();
  });
});
