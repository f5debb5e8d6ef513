import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { CheckFindings } from '../../src/runtime/check-findings.ts';
import { checkFileSink } from '../../src/runtime/file-sink-check.ts';
import { openLines, OWNER } from '../support/line-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function checked(file: string | null, owner = OWNER): Promise<CheckFindings> {
  return checkFileSink('lines', { file, owner, format: 'json' });
}

test('a file that can be made or written has no findings, and is not touched', async () => {
  await using folder = await temporaryFolder('check');
  const file = path.join(folder.path, 'a.jsonl');
  expect(await checked(file)).toEqual({ problems: [], warnings: [] });
  await using _lines = await openLines(file);
  expect(await checked(file)).toEqual({ problems: [], warnings: [] });
});

test('each problem is told with its sink and its cure', async () => {
  await using folder = await temporaryFolder('check');
  const inside = path.join(folder.path, 'logs');
  const problem = async (file: string, owner?: string): Promise<unknown> =>
    (await checked(file, owner)).problems[0];
  expect(await problem(path.join(inside, 'a.jsonl'))).toMatchObject({
    code: 'SINK_FILE',
    message: expect.stringMatching(/^sink lines: .*there is no folder/) as string,
    cure: `mkdir -p ${inside}`,
  });
  await mkdir(inside);
  expect(await problem(inside)).toMatchObject({ code: 'SINK_FILE' });
  const file = path.join(inside, 'a.jsonl');
  await using _lines = await openLines(file);
  expect(await problem(file, 'shop/other')).toMatchObject({ code: 'SINK_FILE_STATE' });
});

test('standard output is a warning: it keeps no offsets', async () => {
  expect(await checked(null)).toEqual({
    problems: [],
    warnings: [expect.stringContaining('a crash may repeat lines')],
  });
});
