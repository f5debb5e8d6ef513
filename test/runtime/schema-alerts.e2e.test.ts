import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { freshDatabase } from '../support/postgres.ts';

interface HistoryEntry {
  readonly version: number;
  readonly changes: readonly { readonly class: string; readonly column: string | null }[];
}

/** Lines of the log with such a title: `public.t.a is new`. */
function told(daemon: Daemon, title: string): number {
  return daemon.output.split('\n').filter((line) => line.includes(title)).length;
}

test('told before the first row, with the fate of the sink; once each, over kill -9', async () => {
  await using source = await postgresFamily(await freshDatabase());
  await using target = await postgresFamily(await freshDatabase());
  await source.run('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1)');
  await using pipeline = await familyPipeline(source, [target], {
    'table.include.list': 'public\\.t',
  });
  const history = async (): Promise<readonly HistoryEntry[]> => {
    const command = ['schema', 'history', pipeline.file, 'public.t', '--json'];
    const { stdout, stderr } = await runProgram(command);
    expect(stderr).toBe('');
    return JSON.parse(stdout) as HistoryEntry[];
  };
  {
    await using daemon = Daemon.start(pipeline);
    await eventually(async () => expect(await target.rows('SELECT id FROM t')).toHaveLength(1));
    await eventually(async () => expect(await history()).toHaveLength(1));
    // Nobody writes a row.
    await source.run('ALTER TABLE t ADD note text; CREATE INDEX ON t (n)');
    await eventually(() => expect(told(daemon, 'public.t.note is new: text')).toBe(1));
    expect(daemon.output).toMatch(/alters .*gets the column note/);
    await source.run('ALTER TABLE t ALTER n TYPE uuid USING NULL');
    await eventually(() => expect(told(daemon, 'public.t.n is uuid now (was integer)')).toBe(1));
    expect(daemon.output).toMatch(/parks the records of .*column n of/);
    // What a channel has, and the store does not know of, would be told again.
    await daemon.until(
      ({ alerts }) => alerts?.channels.every(({ queued }) => queued === 0) === true,
    );
    daemon.kill();
    await daemon.ended;
  }
  await source.run('ALTER TABLE t DROP note');
  await using daemon = Daemon.start(pipeline);
  await eventually(() => expect(told(daemon, 'public.t.note was dropped (was text)')).toBe(1));
  expect(told(daemon, 'is new')).toBe(0);
  expect(told(daemon, 'is uuid now')).toBe(0);
  const entries = (await history()).map(({ changes }) => changes.map((one) => one.class));
  expect(entries).toEqual([[], ['column_added'], ['column_retyped'], ['column_dropped']]);
  expect(await daemon.stop()).toBe(0);
});
