import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';

test.each([
  [['--to-earliest', '--to-latest'], 'say where to'],
  [[], 'say where to'],
  [['--to-offset', '3'], '--to-offset needs --topic'],
  [['--partition', '3', '--to-earliest'], '--partition needs --topic'],
  [['--to-timestamp', '2026-11-21 08:00'], 'a time such as'],
  [['--to-offset', 'x', '--topic', 't'], 'a whole number'],
] as const)('%j is a mistake, whatever the file says', async (flags, message) => {
  const { code, stderr } = await runProgram(['offsets', 'set', 'shop.yaml', ...flags]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
