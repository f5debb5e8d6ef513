import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { familyPipeline, mysqlFamily } from '../support/family-pipeline.ts';
import { reconfigure } from '../support/lost-slot.ts';
import { sharedMysql } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const QUESTIONS = [
  'SELECT id, v FROM item ORDER BY id',
  'SELECT n FROM keyless ORDER BY n',
  'SELECT id FROM emptied ORDER BY id',
];

const TIMEOUT = { timeout: 240_000 };

test('what was purged unread is in the target behind when_needed (B19)', TIMEOUT, async () => {
  await using server = await startServer(sharedMysql().series);
  await using source = await mysqlFamily(server);
  await using folder = await temporaryFolder('purged');
  const { sink, ...sqlite } = sqliteFamily(path.join(folder.path, 'copy.db'));
  const target = { ...sqlite, sink: { ...sink, 'table.name.format': '${source.table}' } };
  await source.run('CREATE TABLE item (id int PRIMARY KEY, v varchar(20))');
  await source.run('CREATE TABLE keyless (n int)');
  await source.run('CREATE TABLE emptied (id int PRIMARY KEY)');
  await source.run(`INSERT INTO item VALUES (1, 'gone'), (2, 'old'), (3, 'kept')`);
  await source.run('INSERT INTO keyless VALUES (1), (1), (2)');
  await source.run('INSERT INTO emptied VALUES (1), (2)');
  await using pipeline = await familyPipeline(source, [target]);
  const untilEqual = async (): Promise<void> => {
    for (const question of QUESTIONS) {
      const wanted = (await source.rows(question)).map((row) => row.map(String));
      await eventually(() => expect(sqlite.rows(question)).toEqual(wanted));
    }
  };
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await untilEqual();
    expect(await daemon.stop()).toBe(0);
  }
  await source.run('DELETE FROM item WHERE id = 1');
  await source.run(`UPDATE item SET v = 'new' WHERE id = 2`);
  await source.run(`INSERT INTO item VALUES (9, 'unread')`);
  await source.run('DELETE FROM keyless WHERE n = 2');
  await source.run('TRUNCATE TABLE emptied');
  await source.run('FLUSH BINARY LOGS');
  await eventually(async () => {
    const files = await server.query<{ Log_name: string }>('SHOW BINARY LOGS');
    await server.query(`PURGE BINARY LOGS TO '${files.at(-1)?.Log_name}'`);
    // A server keeps a file as long as it thinks that somebody reads it.
    expect(await server.query('SHOW BINARY LOGS')).toHaveLength(1);
  });
  const refused = await runProgram(['run', pipeline.file], {}, AbortSignal.timeout(60_000));
  expect(refused.stderr).toMatch(/^MYSQL_BINLOG_LOST {2}\S.*\ncure: .*when_needed/m);
  expect(refused.code).toBe(3);
  await reconfigure(pipeline.file, { 'snapshot.mode': 'when_needed' });
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  await untilEqual();
  await source.run(`INSERT INTO item VALUES (10, 'behind')`);
  await untilEqual();
  expect(await daemon.stop()).toBe(0);
});
