import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { letterSink } from '../support/letter-sink.ts';

// Each command is a start of the program.
test('as tables for people, with exit codes for scripts', { timeout: 90_000 }, async () => {
  await using sink = await letterSink();
  const dlq = (command: string, ...flags: string[]) =>
    runProgram(['dlq', command, sink.file, ...flags]);
  await sink.feed([[7, 700]]);
  const listed = await dlq('list');
  expect(listed.stdout).toMatch(/^connector +topic +key +records +since +cause\n.*\{"id":7\} +1 /);
  const shown = await dlq('show', '--limit', '1');
  expect(shown.stdout).toContain('shop.public.items 0/0  TASK_PUT SINK_RECORD, waits');
  const misspelt = await dlq('show', '--key', '{"ID":7}');
  expect(misspelt.stdout).toBe('There are no such dead letters.\n');
  const failed = await dlq('replay');
  expect(failed.stdout).toContain('{"id":7}: 1 records wait on: ');
  expect(failed.code).toBe(1);
  const unsure = await dlq('drop');
  expect(unsure.stderr).toContain('1 records of 1 keys would never be applied; say --yes');
  expect(unsure.code).toBe(2);
  expect((await dlq('drop', '--yes')).stdout).toContain('w: 1 keys are free, 1 records');
  expect((await dlq('list')).stdout).toContain('There are no dead letters.');
});
