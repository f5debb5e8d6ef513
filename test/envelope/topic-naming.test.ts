import { describe, expect, test } from 'vitest';
import type { TopicNaming, TopicRouting } from '../../src/envelope/topic-naming.ts';
import {
  checkTopicCollisions,
  DEFAULT_NAMING,
  dataTopic,
  heartbeatTopic,
  keyIdentifier,
  schemaChangeTopic,
  transactionTopic,
} from '../../src/envelope/topic-naming.ts';

const table = (schema: string, name: string) => ({ catalog: 'db', schema, table: name });
const named = (schema: string, name: string, keyColumns = [0]) => ({
  id: table(schema, name),
  keyColumns,
});
const routing: TopicRouting = {
  rename: (topic) => (/_\d+$/.test(topic) ? topic.replace(/_\d+$/, '') : null),
  key: { field: 'source', identifier: (topic) => (topic.endsWith('_1') ? 'first' : null) },
};

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
    expect(schemaChangeTopic('my shop')).toBe('my_shop');
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
      'my_u005fshop.public.a_u0020b_u005f_u00e9',
    );
    expect(() => {
      checkTopicCollisions('shop', [named('public', 'a b'), named('public', 'a_b')], naming);
    }).not.toThrow();
  });
});

describe('topics by other names', () => {
  const naming: TopicNaming = { ...DEFAULT_NAMING, routing };

  test('the name that was made valid is replaced, and made valid again', () => {
    expect(dataTopic('shop', table('public', 'orders_1'), naming)).toBe('shop.public.orders');
    expect(dataTopic('shop', table('public', 'a b_2'), naming)).toBe('shop.public.a_b');
    expect(dataTopic('shop', table('public', 'other'), naming)).toBe('shop.public.other');
    const odd = { ...routing, rename: () => 'all of them' };
    expect(dataTopic('shop', table('a', 'b'), { ...naming, routing: odd })).toBe('all_of_them');
    const empty = { ...routing, rename: () => '' };
    expect(dataTopic('shop', table('a', 'b'), { ...naming, routing: empty })).toBe('shop.a.b');
  });

  test('the identifier is made of the name as it was, or is that name', () => {
    expect(keyIdentifier('shop', table('a b', 't_1'), naming)?.value).toBe('first');
    expect(keyIdentifier('shop', table('a b', 't_2'), naming)).toEqual({
      field: 'source',
      value: 'shop.a b.t_2',
    });
    expect(keyIdentifier('shop', table('a', 't'), DEFAULT_NAMING)).toBeNull();
  });

  test('without the schema', () => {
    const short = { ...DEFAULT_NAMING, withSchema: false };
    expect(dataTopic('shop', table('public', 'orders'), short)).toBe('shop.orders');
    const tables = [named('a', 'orders'), named('b', 'orders')];
    expect(() => checkTopicCollisions('shop', tables, short)).toThrow('would both write');
  });

  test('tables may share a topic where rows have keys and truncates are not written', () => {
    const shards = [named('s', 'o_1'), named('s', 'o_2')];
    const check = (tables: readonly ReturnType<typeof named>[], truncates: boolean): void =>
      checkTopicCollisions('shop', tables, naming, truncates);
    expect(() => check(shards, false)).not.toThrow();
    expect(() => check(shards, true)).toThrow('a TRUNCATE of one would empty both');
    expect(() => check([named('s', 'o_1'), named('s', 'o_2', [])], false)).toThrow(
      '"s"."o_2" has no key to tell its rows by',
    );
    // Alone on its topic a table may lack a key.
    expect(() => check([named('s', 'o_1', []), named('s', 'p_2', [])], true)).not.toThrow();
  });
});

describe('collisions', () => {
  test.each([
    ['transaction', {}],
    ['message', {}],
    ['beats', { heartbeatName: 'shop.beats' }],
    ['notices', { taken: ['shop.notices'] }],
  ])('with a topic of other records: a table named %s', (name, more) => {
    const naming = { ...DEFAULT_NAMING, withSchema: false, ...more };
    expect(() => checkTopicCollisions('shop', [named('public', name)], naming)).toThrow(
      `table "public"."${name}" would write to topic shop.${name}, which has other records`,
    );
  });

  test.each([
    ['replaced characters', table('public', 'a b'), table('public', 'a_b')],
    ['dots in names', table('a.b', 'c'), table('a', 'b.c')],
    ['the cut', table('s', `${'t'.repeat(240)}aaaaaaa`), table('s', `${'t'.repeat(240)}aaaaaab`)],
  ])('%s: both tables are named', (_what, a, b) => {
    const tables = [a, table('x', 'y'), b].map((id) => ({ id }));
    expect(() => checkTopicCollisions('shop', tables)).toThrow(
      `tables "${a.schema}"."${a.table}" and "${b.schema}"."${b.table}" would both write`,
    );
  });

  test('different topics, and one table twice, are fine', () => {
    const tables = [named('a', 'b'), named('a', 'c'), named('b', 'b'), named('a', 'b')];
    expect(() => {
      checkTopicCollisions('shop', tables);
    }).not.toThrow();
  });
});
