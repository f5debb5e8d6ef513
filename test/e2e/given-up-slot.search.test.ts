import { inject, expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import {
  loseSlot,
  reconfigure,
  startForgetfulServer,
  untilGapHealed,
} from '../support/lost-slot.ts';
import { scanIndex } from '../support/search-sink.ts';
import { sharedSearch } from '../support/search-server.ts';

const search = await sharedSearch();
const { series } = inject('search');

const SCHEMA = `
  CREATE TABLE orders (id int PRIMARY KEY, name text);
  CREATE TABLE lines (order_id int, n int, sku text, PRIMARY KEY (order_id, n));
  CREATE TABLE items (id int PRIMARY KEY, name text);
  INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 10) i;
  INSERT INTO lines SELECT i % 10 + 1, i, 'sku ' || i FROM generate_series(1, 40) i;
  INSERT INTO items SELECT i, 'item ' || i FROM generate_series(1, 20) i`;

const IN_THE_GAP = `
  DELETE FROM orders WHERE id = 3; INSERT INTO orders VALUES (30, 'in the gap');
  UPDATE orders SET name = 'renamed' WHERE id = 4;
  DELETE FROM lines WHERE n % 5 = 0; INSERT INTO lines VALUES (30, 99, 'new');
  UPDATE lines SET order_id = 5 WHERE n = 11;
  DELETE FROM items WHERE id < 5; INSERT INTO items VALUES (50, 'in the gap')`;

const DOCUMENTS = {
  orders: `SELECT o.id::text, to_jsonb(o) || jsonb_build_object('lines', coalesce(
      (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.n) FROM lines l WHERE l.order_id = o.id), '[]'))
    FROM orders o`,
  items: 'SELECT i.id::text, to_jsonb(i) FROM items i',
};

test('what a lost slot took is in the index, nested documents too (P106)', async () => {
  await using server = await startForgetfulServer();
  await using source = await postgresFamily(await server.freshDatabase());
  await source.run(SCHEMA);
  const topic = `${source.name}.public`;
  const sink = {
    'connector.class': series.split('-')[0],
    'connection.url': search.url,
    'errors.retry.delay.initial.ms': 100,
    'document.nest': `${topic}.lines into ${topic}.orders as lines by order_id`,
  };
  const targets = [{ family: 'search', sink } as const];
  await using pipeline = await familyPipeline(source, targets, { 'topic.prefix': source.name });
  const untilEqual = async (): Promise<void> => {
    for (const [table, sql] of Object.entries(DOCUMENTS)) {
      const wanted = new Map((await source.rows(sql)) as readonly [string, unknown][]);
      await eventually(async () => {
        const found = await scanIndex(search, `${topic}.${table}`);
        expect(new Map(Object.entries(found))).toEqual(wanted);
      });
    }
  };
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await untilEqual();
    expect(await daemon.stop()).toBe(0);
  }
  await source.run(IN_THE_GAP);
  await loseSlot(source);
  await reconfigure(pipeline.file, {
    'retention.budget.exceeded': 'drop_and_heal',
    'notification.enabled.channels': 'log',
  });
  await using daemon = Daemon.start(pipeline);
  await untilGapHealed(daemon);
  await untilEqual();
  await source.run(`UPDATE orders SET name = 'behind' WHERE id = 30;
    INSERT INTO lines VALUES (4, 100, 'behind'); DELETE FROM items WHERE id = 7`);
  await untilEqual();
  expect(await daemon.stop()).toBe(0);
});
