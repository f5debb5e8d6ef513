import mysql from 'mysql2/promise';
import { expect, test } from 'vitest';
import { createMysqlShop, hasMysqlShop } from '../../src/demo/mysql-shop-schema.ts';
import { MysqlShopTraffic } from '../../src/demo/mysql-shop-traffic.ts';
import { flavorOf } from '../../src/demo/mysql-programs.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';

const { series } = sharedMysql();

// JSON came with 5.7.
test('the shop opens, and all that happens in it happens', async () => {
  await using server = await startServer(series);
  expect(flavorOf(series)).toBe(server.flavor);
  const { host, port, user, password } = server;
  const client = await mysql.createConnection({ host, port, user, password });
  try {
    expect(await hasMysqlShop(client)).toBe(false);
    await createMysqlShop(client, { customers: 120, products: 60, orders: 200 });
    expect(await hasMysqlShop(client)).toBe(true);
    const stop = new AbortController();
    let seed = 1;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const traffic = new MysqlShopTraffic({
      client,
      ratePerSecond: 100_000,
      signal: stop.signal,
      random,
    });
    const running = traffic.run();
    await expect.poll(() => traffic.counts.transactions).toBeGreaterThan(400);
    stop.abort();
    await running;
    const { truncates, keyChanges, schemaChanges, lastDdl } = traffic.counts;
    expect(Math.min(truncates, keyChanges, schemaChanges)).toBeGreaterThan(0);
    expect(lastDdl).toMatch(/^ALTER TABLE/);
    const [orphans] = await client.query<mysql.RowDataPacket[]>(
      'SELECT COUNT(*) AS n FROM order_items LEFT JOIN orders ON orders.id = order_id ' +
        'WHERE orders.id IS NULL',
    );
    expect(orphans[0]?.['n']).toBe(0);
  } finally {
    client.destroy();
  }
});
