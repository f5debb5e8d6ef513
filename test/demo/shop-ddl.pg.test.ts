import { expect, test } from 'vitest';
import { nextShopDdl } from '../../src/demo/shop-ddl.ts';
import { createShop } from '../../src/demo/shop-schema.ts';
import { freshDatabase } from '../support/postgres.ts';

test('the schema changes come to an end', async () => {
  await using database = await freshDatabase();
  const client = await database.connect();
  await createShop(client, { customers: 60, products: 30, orders: 90 });
  const statements: string[] = [];
  for (let ddl = await nextShopDdl(client); ddl !== undefined; ddl = await nextShopDdl(client)) {
    await client.query(ddl.statement);
    expect((await client.query(ddl.use)).command).toBe('UPDATE');
    statements.push(ddl.statement);
  }
  expect(statements).toHaveLength(6);
  expect(statements.filter((statement) => statement.includes('DEFAULT'))).toHaveLength(3);
});
