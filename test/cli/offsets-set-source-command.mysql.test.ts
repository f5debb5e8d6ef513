import { expect, test } from 'vitest';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { type CliResult, runProgram } from '../support/cli-process.ts';
import { mysqlProperties } from '../support/examined-mysql-source.ts';
import { createMysqlDatabase, sharedMysql } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';
import { readStoredRecords } from '../support/ledger-log.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';
import { expectRisingPositions } from '../support/position-oracle.ts';

type Offset = Readonly<Record<string, string | number | null>>;

interface Change {
  readonly op: string;
  readonly after: unknown;
  readonly source: { readonly file: string; readonly pos: number };
}

interface Answer {
  readonly before: Offset | null;
  readonly after: Offset | null;
  readonly notes: readonly string[];
}

/** Read from the same log, each has the place that it had, and an epoch above those before. */
async function expectSamePlaces(storePath: string, read: number): Promise<void> {
  const records = await readStoredRecords(storePath, /^shop\.\w+\.t$/);
  expect(expectRisingPositions(records)).toEqual([1, 2, 3]);
  const places = records.map(({ position }) => position?.slice(8));
  const first = places.slice(read - 3, read);
  expect(places.slice(read)).toEqual([...first, ...first]);
}

test('a source is sent back, by position and by GTID; what cannot be is refused', async () => {
  // Its own: binlog is purged.
  await using server = await startServer(sharedMysql().series);
  await using database = await createMysqlDatabase(server);
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: mysqlProperties(server, { 'database.include.list': database.name }),
    http: { listen: 'none' },
  });
  const { file } = pipeline;
  const command = (...flags: string[]): Promise<CliResult> =>
    runProgram(['offsets', 'set-source', file, ...flags, '--json']);
  const set = async (...flags: string[]): Promise<Answer> => {
    const { code, stdout, stderr } = await command(...flags);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Answer;
  };
  const runOnce = async (): Promise<void> => {
    const { code, stderr, stdout } = await runProgram(['bootstrap', file]);
    expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
  };
  /** What changed, and where it stands. */
  const values = async (): Promise<readonly string[]> => {
    const topic = `shop.${database.name}.t`;
    const tail = ['tail', topic, '--file', file, '--from-beginning', '--json'];
    const { stdout } = await runProgram(tail);
    const lines = stdout.trim().split('\n');
    return lines.map((line) => {
      const { value } = JSON.parse(line) as { readonly value: Change };
      return JSON.stringify([value.op, value.after, value.source.file, value.source.pos]);
    });
  };
  await runOnce();
  const first = (await set('--reset', '--dry-run')).before ?? {};
  await database.query('INSERT INTO t VALUES (2); ALTER TABLE t ADD v INT; UPDATE t SET v = 1');
  await runOnce();
  const read = (await values()).length;
  const position = `${first['file']}:${first['pos']}`;
  const moved = await set('--to-position', position);
  expect(moved.after).toMatchObject({ file: first['file'], pos: first['pos'] });
  await runOnce();
  // The row in the old shape and two updates in the new one, again.
  expect((await values()).slice(read)).toEqual((await values()).slice(read - 3, read));
  const gtids = String(first['gtids']);
  expect((await set('--to-gtids', gtids)).after).toMatchObject({ gtids });
  await runOnce();
  await expectSamePlaces(loadPipelineFile(file, {}).storePath, read);

  for (const [flags, code] of [
    [['--to-position', 'here'], 2],
    [['--to-gtids', 'nonsense'], 2],
    [['--to-end', '--reset'], 2],
    [[], 2],
    [['--to-position', `${first['file']}:99999999`], 3],
  ] as const) {
    expect({ flags, code: (await command(...flags)).code }).toEqual({ flags, code });
  }
  await database.query('FLUSH BINARY LOGS; INSERT INTO t VALUES (3, 3)');
  await runOnce();
  const [newest] = (await database.query<{ Log_name: string }>('SHOW BINARY LOGS')).slice(-1);
  await database.query(`PURGE BINARY LOGS TO '${newest?.Log_name}'`);
  const purged = await command('--to-position', position);
  expect(purged.code).toBe(3);
  expect(purged.stdout + purged.stderr).toContain('MYSQL_BINLOG_LOST');
  const lost = await command('--to-gtids', gtids);
  expect(lost.stdout + lost.stderr).toContain('MYSQL_BINLOG_LOST');
  expect((await set('--reset')).after).toBeNull();
  expect((await set('--reset')).before).toBeNull();
});
