import { expect, test } from 'vitest';
import type { DemoDatabases } from '../../src/demo/demo-databases.ts';
import type { DemoPipeline, DemoResult } from '../../src/demo/demo.ts';
import { runDemo } from '../../src/demo/demo.ts';
import { POSTGRES_DEMO } from '../../src/demo/demo-kinds.ts';
import { SHOP_TABLES } from '../../src/demo/shop-schema.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { Lifecycle } from '../../src/foundation/lifecycle.ts';
import { demoView, sinkView } from '../support/demo-views.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SHOP = { customers: 40, products: 20, orders: 50 };

/**
 * A pipeline of the simplest kind, to test the demo around it: whole tables are copied as text,
 * again and again. `spoil` is run on the warehouse after each copy.
 */
async function copyingPipeline(databases: DemoDatabases, spoil: string): Promise<DemoPipeline> {
  const source = await databases.connect(databases.shop);
  const target = await databases.connect(databases.warehouse);
  const life = new Lifecycle();
  const copyTable = async (table: string): Promise<void> => {
    const { rows } = await source.query<{ name: string }>(
      `SELECT quote_ident(attname) AS name FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum`,
      [table],
    );
    const names = rows.map(({ name }) => name);
    const data = await source.query<{ all: string }>(
      `SELECT coalesce(json_agg(t), '[]')::text AS all
         FROM (SELECT ${names.map((name) => `${name}::text`).join()} FROM ${table}) AS t`,
    );
    await target.query('BEGIN');
    await target.query(`CREATE TABLE IF NOT EXISTS ${table} ()`);
    for (const name of names) {
      await target.query(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${name} text`);
    }
    await target.query(`DELETE FROM ${table}`);
    await target.query(
      `INSERT INTO ${table} (${names.join()})
       SELECT ${names.join()} FROM json_populate_recordset(NULL::${table}, $1)`,
      [data.rows[0]?.all],
    );
    if (table === 'customers') await target.query(spoil);
    await target.query('COMMIT');
  };
  const copyAll = async (): Promise<void> => {
    while (!life.signal.aborted) {
      // One state of all tables: the marker, in the last one, comes with all that was before it.
      await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      for (const table of SHOP_TABLES) await copyTable(table);
      await source.query('COMMIT');
      await systemClock.sleep(20, life.signal);
    }
  };
  let finished = Promise.resolve();
  return {
    start() {
      finished = copyAll();
    },
    status: () => demoView({ sinks: [sinkView({ lagRecords: 0 })] }).status,
    get finished() {
      return finished;
    },
    async stop() {
      life.stop();
      await finished.catch(() => undefined);
      await Promise.all([source.end(), target.end()]);
    },
  };
}

async function demoIn(directory: string, spoil: string): Promise<DemoResult | undefined> {
  return runDemo({
    directory,
    database: POSTGRES_DEMO,
    durationMs: 1500,
    ratePerSecond: 40,
    shop: SHOP,
    output: undefined,
    signal: new AbortController().signal,
    createPipeline: (databases) => copyingPipeline(databases, spoil),
  });
}

test('a demo with an end compares both databases; a second run goes on', async () => {
  await using folder = await temporaryFolder('demo');
  const directory = folder.path;
  const first = await demoIn(directory, 'SELECT');
  expect(first).toMatchObject({ equal: true, tables: SHOP_TABLES.length, differences: [] });
  expect(first?.rows).toBeGreaterThan(200);
  const second = await demoIn(
    directory,
    'DELETE FROM customers WHERE id = (SELECT min(id) FROM customers)',
  );
  expect(second).toMatchObject({ equal: false, tables: SHOP_TABLES.length });
  expect(second?.differences[0]).toMatchObject({ table: 'public.customers', kind: 'missing' });
  expect(second?.rows).toBeGreaterThan(first?.rows ?? Infinity);
});

test('the signal ends a demo, and so does a pipeline that fails', async () => {
  await using folder = await temporaryFolder('demo');
  const directory = folder.path;
  const controller = new AbortController();
  const said: string[] = [];
  const output = {
    isTerminal: false,
    colours: false,
    columns: () => 80,
    write: (text: string) => {
      said.push(text);
      if (text.includes('streaming')) controller.abort();
    },
  };
  const options = {
    directory,
    database: POSTGRES_DEMO,
    shop: SHOP,
    output,
    signal: controller.signal,
  };
  const result = await runDemo({
    ...options,
    createPipeline: (databases) => copyingPipeline(databases, 'SELECT'),
  });
  expect(result).toBeUndefined();
  expect(said.at(-1)).toContain('the next start resumes');
  const failing = runDemo({
    ...options,
    output: undefined,
    signal: new AbortController().signal,
    createPipeline: (databases) => copyingPipeline(databases, 'SELECT 1 / 0'),
  });
  await expect(failing).rejects.toThrow('division by zero');
  const stuck = runDemo({
    ...options,
    output: undefined,
    signal: new AbortController().signal,
    async createPipeline(databases) {
      const pipeline = await copyingPipeline(databases, 'SELECT 1 / 0');
      return {
        start: () => pipeline.start(),
        status: () => pipeline.status(),
        get finished() {
          return pipeline.finished;
        },
        async stop() {
          await pipeline.stop();
          throw new Error('cannot stop either');
        },
      };
    },
  });
  // The first failure is the cause; what went wrong while cleaning up must not hide it.
  await expect(stuck).rejects.toThrow('division by zero');
});
