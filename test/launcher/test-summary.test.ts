import { expect, test } from 'vitest';
import { summarise } from '../../src/launcher/test-summary.mjs';

const report = (change: object): Parameters<typeof summarise>[0] => ({
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...change,
});
const ok = { code: 0, signal: null };
const bad = { code: 1, signal: null };
const failedTest = { status: 'failed', assertionResults: [{ status: 'failed' }] };
const brokenFile = { status: 'failed', assertionResults: [] };

test.each([
  ['all passed', report({}), ok, '5 passed, 0 failed', 0],
  [
    'a failed test',
    report({ numFailedTests: 1, testResults: [failedTest] }),
    bad,
    '5 passed, 1 failed',
    1,
  ],
  [
    'a file that does not load',
    report({ testResults: [brokenFile] }),
    bad,
    '5 passed, 1 failed',
    1,
  ],
  ['an error outside of any test', report({}), bad, '5 passed, 1 failed', 1],
  ['no tests at all', report({ numPassedTests: 0 }), ok, '0 passed, 1 failed', 1],
  ['no report', undefined, bad, '0 passed, 1 failed', 1],
  ['no report, though vitest said 0', undefined, ok, '0 passed, 1 failed', 1],
  ['killed', report({}), { code: null, signal: 'SIGKILL' }, '5 passed, 1 failed', 1],
  [
    'skipped',
    report({ numPendingTests: 2, numTodoTests: 1 }),
    ok,
    '3 skipped\n5 passed, 0 failed',
    0,
  ],
])('%s', (_, given, ended, line, exitCode) => {
  expect(summarise(given, ended)).toEqual({ line, exitCode });
});
