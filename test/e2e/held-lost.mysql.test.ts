import path from 'node:path';
import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { familyPipeline, mysqlFamily } from '../support/family-pipeline.ts';
import { answerHold, holdViews } from '../support/held-pipeline.ts';
import { reconfigure } from '../support/lost-slot.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// A table waits in a binlog that the server removes, while the others are behind what was removed.

const QUESTIONS = [
  'SELECT id, v FROM items ORDER BY id',
  'SELECT id, v FROM others ORDER BY id',
] as const;
const HOLDS = {
  'hold.buffer': 'source',
  'change.policies': [{ classes: 'column_dropped', policy: 'hold' }],
};

const TIMEOUT = { timeout: 240_000 };

test('approved, it stops at what is gone, and all is read anew when needed', TIMEOUT, async () => {
  await using server = await startServer(sharedMysql().series);
  await using source = await mysqlFamily(server);
  await using folder = await temporaryFolder('held-lost');
  const { sink, ...sqlite } = sqliteFamily(path.join(folder.path, 'copy.db'));
  const target = { ...sqlite, sink: { ...sink, 'table.name.format': '${source.table}' } };
  await source.run('CREATE TABLE items (id int PRIMARY KEY, v varchar(20), w varchar(20))');
  await source.run('CREATE TABLE others (id int PRIMARY KEY, v varchar(20))');
  await source.run(`INSERT INTO items VALUES (1, 'one', 'w'), (2, 'two', 'w')`);
  await source.run(`INSERT INTO others VALUES (1, 'one')`);
  await using pipeline = await familyPipeline(source, [target]);
  await reconfigure(pipeline.file, {}, { schema: HOLDS });
  const untilEqual = async (questions: readonly string[] = QUESTIONS): Promise<void> => {
    for (const question of questions) {
      const wanted = (await source.rows(question)).map((row) => row.map(String));
      await eventually(() => expect(sqlite.rows(question)).toEqual(wanted));
    }
  };
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((now) => now.source.phase === 'streaming');
    await untilEqual();
    await source.run('ALTER TABLE items DROP COLUMN w');
    await source.run(`UPDATE items SET v = 'waits' WHERE id = 1`);
    await source.run('DELETE FROM items WHERE id = 2');
    await daemon.until(({ source: { held } }) => held.length === 1);
    await source.run('FLUSH BINARY LOGS');
    await source.run(`INSERT INTO others VALUES (2, 'two')`);
    await untilEqual(QUESTIONS.slice(1));
    expect(await daemon.stop()).toBe(0);
  }
  await eventually(async () => {
    const files = await server.query<{ Log_name: string }>('SHOW BINARY LOGS');
    await server.query(`PURGE BINARY LOGS TO '${files.at(-1)?.Log_name}'`);
    expect(await server.query('SHOW BINARY LOGS')).toHaveLength(1);
  });
  {
    await using daemon = Daemon.start(pipeline);
    // What the others need is there.
    await source.run(`INSERT INTO others VALUES (3, 'three')`);
    await untilEqual(QUESTIONS.slice(1));
    expect(await answerHold(pipeline, `${source.name}.items`, 'approve')).toBe(200);
    await daemon.ended;
    expect(daemon.output).toContain('what tables wait for is lost');
    expect(daemon.output).toMatch(/MYSQL_BINLOG_LOST.*\ncure: .*when_needed/);
  }
  expect(sqlite.rows(QUESTIONS[0])).toEqual([
    ['1', 'one'],
    ['2', 'two'],
  ]);
  await reconfigure(pipeline.file, { 'snapshot.mode': 'when_needed' });
  await using daemon = Daemon.start(pipeline);
  await daemon.until((now) => now.source.phase === 'streaming');
  await untilEqual();
  expect(await holdViews(pipeline)).toEqual([]);
  await source.run(`INSERT INTO items VALUES (4, 'behind')`);
  await untilEqual();
  expect(await daemon.stop()).toBe(0);
});
