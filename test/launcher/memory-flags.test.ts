import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { MEMORY_FLAGS } from '../../src/launcher/memory-flags.mjs';
import { PACKAGE_ROOT } from '../../src/launcher/modern-node.mjs';

const MODULE = pathToFileURL(path.join(PACKAGE_ROOT, 'src/launcher/memory-flags.mjs')).href;

/** Bytes of young objects' space behind work that lets it grow. */
function youngSpace(flags: readonly string[], first = ''): number {
  const program = `${first}
    const { getHeapSpaceStatistics } = await import('node:v8');
    const kept = [];
    for (let i = 0; i < 6e6; i++) kept[i % 400_000] = { i, text: 'x' + i };
    const spaces = getHeapSpaceStatistics();
    console.log(spaces.find((space) => space.space_name === 'new_space').space_size);`;
  const args = [...flags, '--input-type=module', '-e', program];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('young objects have little room, in a Node that is started and in one that runs', () => {
  const alone = youngSpace([]);
  expect(youngSpace(MEMORY_FLAGS)).toBeLessThanOrEqual(alone / 2);
  const running = youngSpace([], `(await import('${MODULE}')).keepHeapSmall();`);
  expect(running).toBeLessThanOrEqual(alone / 2);
});
