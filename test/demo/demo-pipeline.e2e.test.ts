import { expect, test } from 'vitest';
import type { DemoResult } from '../../src/demo/demo.ts';
import { runDemo } from '../../src/demo/demo.ts';
import { DEMO_DATABASES, demoDatabase } from '../../src/demo/demo-kinds.ts';
import { createDemoPipeline } from '../../src/demo/demo-pipeline.ts';
import { SHOP_TABLES } from '../../src/demo/shop-schema.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test.each(DEMO_DATABASES)(
  '%s: the shop at work is mirrored, and a second run resumes',
  async (name) => {
    await using folder = await temporaryFolder('demo-pipeline');
    const logger = createLogger({ level: 'error', format: 'json' });
    const run = (ratePerSecond: number): Promise<DemoResult | undefined> =>
      runDemo({
        directory: folder.path,
        database: demoDatabase(name),
        durationMs: 3000,
        ratePerSecond,
        shop: { customers: 800, products: 200, orders: 1500 },
        output: undefined,
        signal: new AbortController().signal,
        createPipeline: (server, store) => createDemoPipeline(server, store, logger),
      });
    const first = await run(150);
    expect(first).toMatchObject({ equal: true, differences: [], tables: SHOP_TABLES.length });
    expect(first?.schemaChanges).toBeGreaterThan(0);
    expect(first?.events).toBeGreaterThan(first?.transactions ?? Infinity);
    // One of the binlog servers is enough for what they have in common.
    if (name === 'mysql') return;
    const second = await run(50);
    expect(second).toMatchObject({ equal: true, differences: [] });
    // No second snapshot: far fewer events than there are rows.
    expect(second?.events).toBeLessThan((second?.rows ?? 0) / 2);
  },
);
