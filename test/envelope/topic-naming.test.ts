import { describe, expect, test } from 'vitest';
import {
  checkTopicCollisions,
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
