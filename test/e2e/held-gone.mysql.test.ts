import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { binlogPipeline } from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { answerHold, holdViews } from '../support/held-pipeline.ts';
import { sharedMysql } from '../support/mysql-database.ts';

const TABLES = ['gone', 'moved', 'anew'] as const;
const each = (sql: (table: string) => string): string => TABLES.map(sql).join('; ');

const SCHEMA = each(
  (table) => `CREATE TABLE ${table} (id int PRIMARY KEY, v int, w varchar(9));
    INSERT INTO ${table} VALUES (1, 1, 'a')`,
);
const POLICIES = [{ classes: 'column_dropped', policy: 'hold' }];

test.each(['spool', 'source'])(
  'what waits of a table goes out though it was dropped, renamed or made anew (%s)',
  async (buffer) => {
    await using pipeline = await binlogPipeline(sharedMysql(), { schema: SCHEMA });
    const { source, warehouse } = pipeline;
    const document = JSON.parse(await readFile(pipeline.file, 'utf8')) as object;
    const schema = { 'hold.buffer': buffer, 'change.policies': POLICIES };
    await writeFile(pipeline.file, JSON.stringify({ ...document, schema }));
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until(({ sinks }) => sinks[0]?.applied === 3);
      await source.query(each((table) => `ALTER TABLE ${table} DROP COLUMN w`));
      await source.query(each((table) => `INSERT INTO ${table} VALUES (2, 2)`));
      await daemon.until((now) => now.source.held.length === 3);
      await source.query(`INSERT INTO gone VALUES (3, 3); DROP TABLE gone;
        ALTER TABLE moved RENAME TO moved_on; INSERT INTO moved_on VALUES (4, 4);
        DROP TABLE anew; CREATE TABLE anew (id int PRIMARY KEY, v int, x varchar(9));
        INSERT INTO anew VALUES (5, 5, 'n')`);
      daemon.kill('SIGKILL');
      await daemon.ended;
    }
    await using daemon = Daemon.start(pipeline);
    await eventually(async () => {
      const states = (await holdViews(pipeline)).map(({ table, state }) => `${table} ${state}`);
      const expected = TABLES.map((table) => `${source.name}.${table} held`);
      expect(states.toSorted()).toEqual(expected.toSorted());
    });
    for (const table of TABLES) {
      expect(await answerHold(pipeline, `${source.name}.${table}`, 'approve')).toBe(200);
    }
    const rows = (table: string, columns: string): Promise<readonly unknown[]> =>
      warehouse.query(`SELECT ${columns} FROM ${table} ORDER BY id`);
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
