import { expect, test } from 'vitest';
import { reportJson } from '../../src/cli/verify-report.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { VerifiedTable } from '../../src/runtime/verify-pipeline.ts';
import { reportProblems } from '../support/verify-report-schema.ts';

const verdict = {
  sample: null,
  rows: 12,
  readAgain: 3,
  missing: 1,
  surplus: 1,
  different: 1,
  repaired: 1,
  repairProblem: new TidemarkError('VERIFY_REPAIR', 'no'),
  unsettled: 0,
  differences: [
    { kind: 'missing', key: ['1'], row: 0, columns: [], repaired: true },
    { kind: 'surplus', key: ['2'], row: null, columns: [], repaired: false },
    {
      kind: 'different',
      key: ['3'],
      row: 1,
      columns: [{ name: 'v', source: null, target: 'x' }],
      repaired: null,
    },
  ],
} as const;
const TABLE: VerifiedTable = {
  sink: 's',
  source: 'public.a',
  target: '"a"',
  keyColumns: ['id'],
  verdict,
  problem: null,
};

test('reports are what their schema says, and nothing else is', async () => {
  const problem = new TidemarkError('CONFIG_UNSUPPORTED', 'no key');
  const open: VerifiedTable = { ...TABLE, target: null, keyColumns: [], verdict: null, problem };
  const report = reportJson([TABLE, open]) as { tables: readonly object[] };
  const printed = JSON.parse(JSON.stringify(report)) as typeof report;
  expect(await reportProblems(printed)).toBe('');
  const sample = { seed: 1, ranges: 10, findsSurplus: false };
  const sampled = reportJson([{ ...TABLE, verdict: { ...verdict, sample } }]);
  expect(await reportProblems(JSON.parse(JSON.stringify(sampled)))).toBe('');
  const [first, second] = printed.tables;
  expect(await reportProblems({ equal: true, tables: [first, first, second] })).toBe('');
  expect(await reportProblems({ ...printed, more: 1 })).toContain('additional');
  expect(await reportProblems({ ...printed, tables: [{ ...first, rows: -1 }] })).not.toBe('');
  expect(await reportProblems({ ...printed, tables: [{ ...second, problem: null }] })).not.toBe('');
});
