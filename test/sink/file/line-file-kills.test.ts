import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { diesWithItsTest } from '../../support/dies-with-its-test.ts';
import { randomFrom } from '../../support/ledger-load.ts';
import { offsetsOf, openLines, textOf, writtenLine } from '../../support/line-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? 12);
const WRITER = path.join(import.meta.dirname, '../../support/line-writer.ts');

// PITFALLS S7, S26.
test(`killed ${KILLS} times in its writes (seed ${SEED}), a file has each line once`, async () => {
  await using folder = await temporaryFolder('kills');
  const file = path.join(folder.path, 'a.jsonl');
  const random = randomFrom(SEED);
  const told: string[] = [];
  let written = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [WRITER, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    diesWithItsTest(child);
    await once(child.stdout, 'data');
    const untilMs = performance.now() + random() * 30;
    await vi.waitUntil(() => performance.now() >= untilMs, { interval: 1 });
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    await using lines = await openLines(file, told);
    const [next = 0] = offsetsOf(lines);
    expect(next).toBeGreaterThan(written);
    const found = (await textOf(file)).split('\n');
    const wrong = found.findIndex((line, n) => line !== (n < next ? writtenLine(n) : ''));
    expect([wrong, found.length]).toEqual([-1, next + 1]);
    written = next;
  }
  for (const text of told) expect(text).toMatch(/^note: FILE: \d+ bytes that a crash had cut off/);
});
