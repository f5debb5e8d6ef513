/**
 * The last line of a test run, from vitest's own counts. What is no failed test but no success
 * either counts as one failure: a file that does not load, an error outside of any test, a signal,
 * a run without tests. Skipped tests are named, so that none goes by unseen.
 *
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests?: number,
 *   numTodoTests?: number,
 *   testResults?: { status: string, assertionResults: { status: string }[] }[],
 * } | undefined} report
 * @param {{ code: number | null, signal: string | null }} ended
 */
export function summarise(report, ended) {
  const passed = report?.numPassedTests ?? 0;
  const brokenFiles = (report?.testResults ?? []).filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(isFailed),
  ).length;
  let failed = (report?.numFailedTests ?? 0) + brokenFiles;
  const fine = report !== undefined && ended.code === 0 && passed > 0;
  if (!fine && failed === 0) failed = 1;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const line = `${passed} passed, ${failed} failed`;
  return {
    line: skipped > 0 ? `${skipped} skipped\n${line}` : line,
    exitCode: failed > 0 ? 1 : 0,
  };
}

/** @param {{ status: string }} assertion */
function isFailed(assertion) {
  return assertion.status === 'failed';
}
