import { expect, test } from 'vitest';
import { createShop, hasShop, SHOP_TABLES } from '../../src/demo/shop-schema.ts';
import { freshDatabase } from '../support/postgres.ts';

test('a shop has rows in every table, no null-only column, and values out of line', async () => {
  await using database = await freshDatabase();
  const client = await database.connect();
  expect(await hasShop(client)).toBe(false);
  await createShop(client, { customers: 60, products: 30, orders: 90 });
  expect(await hasShop(client)).toBe(true);
  const counts = await Promise.all(
    SHOP_TABLES.map(async (table) => {
      const [row] = await database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
      return [table, row?.n] as const;
    }),
  );
  expect(Object.fromEntries(counts)).toEqual({
    customers: 60,
    products: 30,
    orders: 90,
    order_items: 180,
    payments: 68,
    carts: 0,
  });
  const [toast] = await database.query<{ bytes: string }>(
    `SELECT pg_relation_size(reltoastrelid) AS bytes FROM pg_class WHERE relname = 'products'`,
  );
  expect(Number(toast?.bytes)).toBeGreaterThan(100_000);
});
