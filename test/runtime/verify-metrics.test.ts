import { expect, test } from 'vitest';
import { renderMetrics } from '../../src/runtime/metrics.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';

const TABLE = {
  sink: 's',
  table: 'public.a',
  rows: 10,
  missing: 3,
  surplus: 2,
  different: 1,
  repaired: 4,
  unsettled: 0,
  seed: null,
  problem: null,
};

test('comparisons are measured by table and kind; without any there are no gauges', async () => {
  const status = pipelineStatus();
  expect(await renderMetrics(status)).not.toContain('tidemark_verify');
  const problem = { code: 'CONFIG_UNSUPPORTED', message: 'no key', cure: 'none' };
  const verify = {
    running: true,
    beganAtMs: 1_000,
    endedAtMs: 2_500,
    durationMs: 1_500,
    nextAtMs: 9_000,
    error: null,
    tables: [TABLE, { ...TABLE, table: 'public.b', problem }],
  };
  const lines = (await renderMetrics({ ...status, verify })).split('\n');
  const found = lines.filter((line) => line.startsWith('tidemark_verify'));
  const name = `name="${status.name}"`;
  const at = `${name},sink="s",table="public.a"`;
  expect(found).toEqual([
    `tidemark_verify_running{${name}} 1`,
    `tidemark_verify_failed{${name}} 0`,
    `tidemark_verify_last_run_timestamp_seconds{${name}} 2.5`,
    `tidemark_verify_duration_seconds{${name}} 1.5`,
    `tidemark_verify_rows{${at}} 10`,
    `tidemark_verify_drift_rows{${at}} 2`,
    `tidemark_verify_repaired_rows{${at}} 4`,
    `tidemark_verify_differences{${at},kind="missing"} 3`,
    `tidemark_verify_differences{${at},kind="surplus"} 2`,
    `tidemark_verify_differences{${at},kind="different"} 1`,
  ]);
});
