import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkSink } from '../../src/runtime/sink-check.ts';
import { never } from '../support/sink-harness.ts';
import type { FileTarget } from '../support/sink-target.ts';
import { startTargetSink } from '../support/sink-target.ts';

/** What `check` says of a file as a target. */
export function contractOfFileChecks(scheme: string, open: () => Promise<FileTarget>): void {
  test('a file that can be written to has no problems, and is not made', async () => {
    await using target = await open();
    expect(await checkSink(target.options(), never)).toEqual({ problems: [], warnings: [] });
    expect(existsSync(target.file)).toBe(false);
    {
      await using _sink = await startTargetSink(target);
      expect(await checkSink(target.options(), never)).toEqual({ problems: [], warnings: [] });
    }
    expect(await checkSink(target.options(), never)).toEqual({ problems: [], warnings: [] });
  });

  test('what is in the way is named, with its cure', async () => {
    await using target = await open();
    const problemsOf = async (file: string): Promise<unknown> =>
      (await checkSink(target.options({ connectionUrl: `${scheme}:${file}` }), never)).problems;
    const folder = path.dirname(target.file);
    expect(await problemsOf(folder)).toMatchObject([
      { code: 'SINK_SCHEMA', message: /is a folder/ },
    ]);
    expect(await problemsOf(`${folder}/not/a.db`)).toMatchObject([
      { code: 'SINK_CONNECT', cure: expect.stringContaining(`mkdir -p ${folder}/not`) as string },
    ]);
    expect(await problemsOf(import.meta.filename)).toMatchObject([{ code: 'SINK_SCHEMA' }]);
  });
}
