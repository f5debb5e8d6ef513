import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { answerHold, holdViews } from '../support/held-pipeline.ts';

const TABLES = ['gone', 'moved', 'anew'] as const;
const each = (sql: (table: string) => string): string => TABLES.map(sql).join('; ');

const SCHEMA = each(
  (table) => `CREATE TABLE ${table} (id int PRIMARY KEY, v int, w text);
    INSERT INTO ${table} VALUES (1, 1, 'a')`,
);

test.each(['spool', 'source'])(
  'what waits of a table goes out though it was dropped, renamed or made anew (%s)',
  async (buffer) => {
    await using pipeline = await daemonPipeline({ schema: SCHEMA });
    const text = await readFile(pipeline.file, 'utf8');
    const policies = '  change.policies: [{classes: column_dropped, policy: hold}]';
    const schema = `schema:\n  hold.buffer: ${buffer}\n${policies}\n`;
    await writeFile(pipeline.file, `${text}${schema}`);
    const source = await pipeline.connect('source');
    const target = await pipeline.connect('warehouse');
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until(({ sinks }) => sinks[0]?.applied === 3);
      await source.query(each((table) => `ALTER TABLE ${table} DROP COLUMN w`));
      await source.query(each((table) => `INSERT INTO ${table} VALUES (2, 2)`));
      await daemon.until((now) => now.source.held.length === 3);
      await source.query(`INSERT INTO gone VALUES (3, 3); DROP TABLE gone;
        ALTER TABLE moved RENAME TO moved_on; INSERT INTO moved_on VALUES (4, 4);
        DROP TABLE anew; CREATE TABLE anew (id int PRIMARY KEY, v int, x text);
        INSERT INTO anew VALUES (5, 5, 'n')`);
      daemon.kill('SIGKILL');
      await daemon.ended;
    }
    await using daemon = Daemon.start(pipeline);
    await eventually(async () => {
      const states = (await holdViews(pipeline)).map(({ table, state }) => `${table} ${state}`);
      const expected = TABLES.map((table) => `public.${table} held`);
      expect(states.toSorted()).toEqual(expected.toSorted());
    });
    for (const table of TABLES) {
      expect(await answerHold(pipeline, `public.${table}`, 'approve')).toBe(200);
    }
    const rows = async (table: string, columns: string): Promise<readonly object[]> =>
      (await target.query<object>(`SELECT ${columns} FROM ${table} ORDER BY id`)).rows;
    const first = { id: 1, v: 1 };
    const second = { id: 2, v: 2 };
    await eventually(async () => {
      expect(await rows('gone', 'id, v')).toEqual([first, second, { id: 3, v: 3 }]);
      expect(await rows('moved', 'id, v')).toEqual([first, second]);
      expect((await rows('moved_on', 'id, v')).at(-1)).toEqual({ id: 4, v: 4 });
      expect((await rows('anew', 'id, v, x')).at(-1)).toEqual({ id: 5, v: 5, x: 'n' });
    });
    await daemon.until(({ source: { held, phase } }) => held.length === 0 && phase === 'streaming');
    expect(await holdViews(pipeline)).toEqual([]);
    expect(await daemon.stop(), `the daemon said: ${daemon.output}`).toBe(0);
  },
);
