import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { watchGauges } from '../../src/runtime/watch-metrics.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';

test('what stands still and what is left are metrics', async () => {
  const registry = new Registry();
  const stall = { cause: 'slow_target', sink: 'dwh', table: null, severity: 'warning' } as const;
  const budget = { setting: 's', leftPercent: 40, leftBytes: 400, leftMs: 8000, isEstimate: false };
  watchGauges(
    pipelineStatus({
      watch: {
        stalls: [{ ...stall, title: '', evidence: [], cure: '' }],
        retention: {
          floor: '0/1',
          heldBytes: 600,
          bytesPerSecond: 50,
          state: 'reserved',
          isLost: false,
          isHeldByTransaction: false,
          budget,
        },
        lookedMsAgo: 1,
        problem: null,
      },
    }),
    [registry],
  );
  const lines = (await registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('tidemark'));
  expect(lines).toEqual([
    'tidemark_stalled{name="shop",sink="dwh",cause="slow_target"} 1',
    'tidemark_retention_held_bytes{name="shop"} 600',
    'tidemark_retention_growth_bytes_per_second{name="shop"} 50',
    'tidemark_retention_lost{name="shop"} 0',
    'tidemark_retention_left_percent{name="shop"} 40',
    'tidemark_retention_left_bytes{name="shop"} 400',
    'tidemark_retention_left_seconds{name="shop"} 8',
  ]);
});

test('without a watch there are none', async () => {
  const registry = new Registry();
  watchGauges(pipelineStatus(), [registry]);
  expect(await registry.metrics()).toBe('\n');
});
