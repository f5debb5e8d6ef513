import type pg from 'pg';
import { expect, test } from 'vitest';
import { createShop } from '../../src/demo/shop-schema.ts';
import { ShopTraffic } from '../../src/demo/shop-traffic.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freshDatabase } from '../support/postgres.ts';

const SMALL = { customers: 60, products: 30, orders: 90 };

async function openShop(database: TestDatabase): Promise<pg.Client> {
  const client = await database.connect();
  await createShop(client, SMALL);
  return client;
}

/** The changes that logical decoding sees, as `table: KIND`. */
async function changesOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ change: string }>(
    `SELECT encode(substring(data FROM 1 FOR 1), 'escape') AS change
       FROM pg_logical_slot_get_binary_changes('probe', NULL, NULL,
            'proto_version', '1', 'publication_names', 'probe')`,
  );
  return rows.map(({ change }) => change);
}

test('traffic makes every kind of change, and its counts are true', async () => {
  await using database = await freshDatabase();
  const client = await openShop(database);
  await database.query('CREATE PUBLICATION probe FOR ALL TABLES');
  await database.query(`SELECT pg_create_logical_replication_slot('probe', 'pgoutput')`);
  const traffic = new ShopTraffic({
    client,
    ratePerSecond: 1,
    signal: new AbortController().signal,
  });
  while (traffic.counts.transactions < 320) await traffic.step();
  const changes = await changesOf(database);
  // Insert, Update, Delete, Truncate, Relation, Begin, Commit.
  expect(new Set(changes)).toEqual(new Set(['I', 'U', 'D', 'T', 'R', 'B', 'C', 'Y']));
  const { truncates, schemaChanges, lastDdl, keyChanges } = traffic.counts;
  expect(changes.filter((change) => change === 'T')).toHaveLength(truncates);
  expect({ truncates, schemaChanges }).toEqual({ truncates: 3, schemaChanges: 2 });
  expect(keyChanges).toBeGreaterThan(0);
  expect(lastDdl).toBe('ALTER TABLE orders ADD COLUMN gift_message text');
  expect(await database.query(`SELECT FROM customers WHERE name = 'never'`)).toEqual([]);
});

test('traffic keeps its rate and ends with the signal', async () => {
  await using database = await freshDatabase();
  const client = await openShop(database);
  const controller = new AbortController();
  let nowMs = 0;
  const clock = {
    nowMs: () => nowMs,
    nowMicros: () => BigInt(nowMs * 1000),
    monotonicMs: () => nowMs,
    sleep: async (delayMs: number) => {
      nowMs += delayMs;
      if (nowMs >= 2000) controller.abort();
    },
    after: () => () => undefined,
  };
  const traffic = new ShopTraffic({
    client,
    ratePerSecond: 20,
    signal: controller.signal,
    clock,
  });
  await traffic.run();
  expect(traffic.counts.transactions).toBe(40);
});

test('a locked table delays a schema change, not the shop', async () => {
  await using database = await freshDatabase();
  const client = await openShop(database);
  const reader = await database.connect();
  await reader.query('BEGIN; SELECT FROM customers LIMIT 1; SELECT FROM carts LIMIT 1');
  const traffic = new ShopTraffic({
    client,
    ratePerSecond: 1,
    signal: new AbortController().signal,
  });
  while (traffic.counts.transactions < 81) await traffic.step();
  expect(traffic.counts).toMatchObject({ transactions: 81, schemaChanges: 0, truncates: 0 });
  await reader.query('ROLLBACK');
  while (traffic.counts.transactions < 85) await traffic.step();
  expect(traffic.counts).toMatchObject({ schemaChanges: 1, truncates: 1 });
});
