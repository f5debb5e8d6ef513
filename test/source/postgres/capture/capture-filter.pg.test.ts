import { describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../support/postgres.ts';
import { runningPipeline } from '../../../support/running-pipeline.ts';

const SCHEMA = `
  CREATE SCHEMA sales; CREATE SCHEMA "Sales2"; CREATE SCHEMA presales;
  CREATE TABLE sales.orders (id int PRIMARY KEY, a text, b text);
  CREATE TABLE sales.orders_old (id int PRIMARY KEY);
  CREATE TABLE sales.my_orders (id int PRIMARY KEY);
  CREATE TABLE "Sales2"."Orders" (id int PRIMARY KEY);
  CREATE TABLE presales.orders (id int PRIMARY KEY);
  CREATE TABLE "sales"."or.ders" (id int PRIMARY KEY);`;
const ROWS = `
  INSERT INTO sales.orders VALUES (1, 'a', 'b'); INSERT INTO sales.orders_old VALUES (1);
  INSERT INTO sales.my_orders VALUES (1); INSERT INTO "Sales2"."Orders" VALUES (1);
  INSERT INTO presales.orders VALUES (1); INSERT INTO "sales"."or.ders" VALUES (1);`;

/** Topics that have records of the snapshot or of the stream, for lists of one source. */
describe('lists match whole names, in either case, in snapshot and stream', () => {
  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['a table', { 'table.include.list': 'sales.orders' }, ['sales.orders']],
    ['in capitals', { 'table.include.list': 'SALES\\.ORDERS' }, ['sales.orders']],
    [
      'an expression',
      { 'table.include.list': 'sales\\d?\\.orders(_old)?' },
      ['Sales2.Orders', 'sales.orders', 'sales.orders_old'],
    ],
    [
      'a quantifier with a comma',
      { 'table.include.list': 'sales\\.[a-z_]{6,8},presales\\..*' },
      ['presales.orders', 'sales.orders'],
    ],
    ['a schema', { 'schema.include.list': 'sales2' }, ['Sales2.Orders']],
    [
      'a schema and not some tables',
      { 'schema.include.list': 'sales', 'table.exclude.list': '.*_old,sales\\.my.*' },
      ['sales.or.ders', 'sales.orders'],
    ],
    ['not a schema', { 'schema.exclude.list': 'sales.*' }, ['presales.orders']],
  ])('%s', async (_, lists, tables) => {
    await using database = await freshDatabase();
    await database.query(`${SCHEMA} ${ROWS}`);
    await using running = await runningPipeline(database, {
      source: { 'table.include.list': '', ...lists, 'heartbeat.interval.ms': 0 },
    });
    await database.query(ROWS.replaceAll('(1', '(2'));
    for (const table of tables) await running.records(`shop.${table}`, 2);
    await running.caughtUp();
    expect((await running.topics()).toSorted()).toEqual(tables.map((table) => `shop.${table}`));
  });
});

describe('columns', () => {
  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, unknown>>]>([
    ['left out', { 'column.exclude.list': 'sales\\.orders\\.A' }, { id: 1, b: 'b' }],
    ['only some', { 'column.include.list': 'sales\\.orders\\.(id|a)' }, { id: 1, a: 'a' }],
    [
      'a part of the name is not the name',
      { 'column.exclude.list': 'orders.a,a' },
      { id: 1, a: 'a', b: 'b' },
    ],
  ])('%s', async (_, lists, row) => {
    await using database = await freshDatabase();
    await database.query(`${SCHEMA} ${ROWS}`);
    await using running = await runningPipeline(database, {
      source: { 'table.include.list': 'sales\\.orders', 'value.converter': 'json', ...lists },
    });
    await database.query(`UPDATE sales.orders SET a = 'a', b = 'b'`);
    const records = await running.records('shop.sales.orders', 2);
    for (const { value } of records) expect((value as { after: unknown }).after).toEqual(row);
  });
});
