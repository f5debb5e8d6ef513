import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FAULT_POINTS, noFaults } from '../../src/foundation/fault-points.ts';

const MODULE = fileURLToPath(new URL('../../src/foundation/fault-points.ts', import.meta.url));

/** Passes every point three times in a process of its own; the points it lived to print. */
function pass(setting: string): { readonly signal: NodeJS.Signals | null; readonly seen: number } {
  const script = `
    import { writeSync } from 'node:fs';
    import { FAULT_POINTS, killAtFaultPoint } from ${JSON.stringify(MODULE)};
    const fault = killAtFaultPoint(process.argv[1]);
    for (let round = 0; round < 3; round++) {
      for (const point of FAULT_POINTS) {
        fault(point);
        writeSync(1, point + '\\n');
      }
    }`;
  const { signal, stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script, '--', setting],
    { encoding: 'utf8' },
  );
  return { signal, seen: stdout.split('\n').length - 1 };
}

test('the process dies at the n-th passage of the point, and only there', () => {
  const at = FAULT_POINTS.indexOf('source.appended');
  expect(pass('source.appended')).toEqual({ signal: 'SIGKILL', seen: at });
  expect(pass('source.appended:2')).toEqual({
    signal: 'SIGKILL',
    seen: FAULT_POINTS.length + at,
  });
  expect(pass('source.appended:4')).toEqual({ signal: null, seen: 3 * FAULT_POINTS.length });
});

test('in production a point does nothing', () => {
  for (const point of FAULT_POINTS) expect(noFaults(point)).toBeUndefined();
});
