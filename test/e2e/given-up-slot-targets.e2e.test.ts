import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { askDuckdb, duckdbFamily } from '../support/duckdb-arrivals.ts';
import { eventually } from '../support/eventually.ts';
import type { FamilyDatabase, FamilyPipeline } from '../support/family-pipeline.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import {
  loseSlot,
  reconfigure,
  startForgetfulServer,
  untilGapHealed,
} from '../support/lost-slot.ts';
import { freshDatabase } from '../support/postgres.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/*
 * A slot that is lost in the midst of everything that a pipeline can be doing: a transaction of
 * which half is told, a table that waits before a change, an incremental snapshot under way.
 * Afterwards every target is the source again (P106).
 */

const SCHEMA = `
  CREATE TABLE item (id int PRIMARY KEY, v text, n int);
  INSERT INTO item SELECT n, 'old ' || n, n FROM generate_series(1, 100) n;
  CREATE TABLE quiet (id int PRIMARY KEY, v text);
  INSERT INTO quiet VALUES (1, 'gone'), (2, 'kept');
  CREATE TABLE bulk (id int PRIMARY KEY, v text);
  INSERT INTO bulk VALUES (0, 'first'), (-1, 'kept');
  CREATE TABLE governed (id int PRIMARY KEY, v text, w text);
  INSERT INTO governed VALUES (1, 'one', 'w'), (2, 'two', 'w');
`;

/** More than one append has; `quiet` is told in the half that comes before the end. */
const LARGE = `BEGIN; UPDATE quiet SET v = 'half' WHERE id = 2;
  INSERT INTO bulk SELECT n, repeat(md5(n::text), 10) FROM generate_series(1, 20000) n;
  UPDATE item SET v = 'never told'; COMMIT`;

const IN_THE_GAP = `
  DELETE FROM item WHERE id % 7 = 0; UPDATE item SET id = id + 1000 WHERE id % 7 = 1;
  INSERT INTO item VALUES (5000, 'in the gap', 1);
  DELETE FROM quiet WHERE id = 1; DELETE FROM bulk WHERE id % 2 = 0;
  UPDATE governed SET v = 'in the gap' WHERE id = 2; INSERT INTO governed VALUES (3, 'three')`;

const QUESTIONS = {
  item: 'SELECT id, v, n FROM item ORDER BY id',
  quiet: 'SELECT id, v FROM quiet ORDER BY id',
  bulk: 'SELECT count(*), sum(id), max(v) FROM bulk',
  governed: 'SELECT id, v FROM governed ORDER BY id',
};

const SOURCE = {
  'status.update.interval.ms': 100,
  'provide.transaction.metadata': true,
  'notification.enabled.channels': 'log',
};

const POLICIES = [{ tables: 'public[.]governed', classes: 'column_dropped', policy: 'hold' }];

async function stateOf(rows: FamilyDatabase['rows']): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const [table, question] of Object.entries(QUESTIONS)) {
    all[table] = (await rows(question)).map((row) => row.map(String));
  }
  return all;
}

/** Signals are taken by the daemon that runs. */
async function asked({ port }: FamilyPipeline, table: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/signals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id: 'asked',
      type: 'execute-snapshot',
      data: { 'data-collections': [table] },
    }),
  });
  expect([response.ok, await response.text()]).toEqual([true, expect.anything()]);
}

/** A snapshot is under way; then half of a transaction is told, and no more. */
async function untilCutOff(source: FamilyDatabase, pipeline: FamilyPipeline): Promise<void> {
  const slow = { 'incremental.snapshot.chunk.size': 1, 'snapshot.max.rows.per.second': 1 };
  {
    await using daemon = Daemon.start(pipeline);
    await untilCopied(daemon);
    expect(await daemon.stop()).toBe(0);
  }
  await reconfigure(pipeline.file, slow);
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await asked(pipeline, 'public.item');
    await daemon.until(({ source: { offset } }) =>
      String(offset?.['tidemark.snapshots']).includes('"asked"'),
    );
    expect(await daemon.stop()).toBe(0);
  }
  await source.run(LARGE);
  await using daemon = Daemon.start({ ...pipeline, faultPoint: 'source.appended:2' });
  expect((await daemon.ended).signal).toBe('SIGKILL');
  const { stdout } = await runProgram(['offsets', 'show', '--file', pipeline.file, '--json']);
  expect(stdout).toContain('tidemark.transaction_id');
}

async function untilCopied(daemon: Daemon): Promise<void> {
  await daemon.until(
    ({ source: { phase }, sinks }) =>
      phase === 'streaming' &&
      sinks.every(({ applied, lagRecords }) => applied > 0 && lagRecords === 0),
  );
}

/** What is done while nobody reads is lost; the next start heals it. */
async function lostAndHealed(source: FamilyDatabase, pipeline: FamilyPipeline): Promise<Daemon> {
  await source.run(IN_THE_GAP);
  await loseSlot(source);
  await reconfigure(pipeline.file, {
    'retention.budget.exceeded': 'drop_and_heal',
    'snapshot.max.rows.per.second': 0,
  });
  const daemon = Daemon.start(pipeline);
  await untilGapHealed(daemon);
  return daemon;
}

test('whole transactions: half of one that is told is no reason to wait for ever', async () => {
  await using server = await startForgetfulServer();
  await using source = await postgresFamily(await server.freshDatabase());
  await using folder = await temporaryFolder('given-up-slot');
  const { sink, ...sqlite } = sqliteFamily(path.join(folder.path, 'copy.sqlite'));
  const whole = { 'table.name.format': '${source.table}', 'transaction.mode': 'source' };
  await source.run(SCHEMA);
  const targets = [{ ...sqlite, sink: { ...sink, ...whole } }];
  await using pipeline = await familyPipeline(source, targets, SOURCE, { partitions: 2 });
  await untilCutOff(source, pipeline);
  await using daemon = await lostAndHealed(source, pipeline);
  const untilEqual = async (): Promise<void> => {
    const wanted = await stateOf((sql) => source.rows(sql));
    const rows = async (sql: string) => sqlite.rows(sql);
    await eventually(async () => expect(await stateOf(rows)).toEqual(wanted));
  };
  // No other transaction follows, behind which what waits would be let go.
  await untilEqual();
  expect(daemon.output).toContain('the incremental snapshot asked of public.item ends here');
  await source.run(`INSERT INTO quiet VALUES (9, 'behind'); UPDATE item SET v = 'b' WHERE id = 3`);
  await untilEqual();
  expect(daemon.output).not.toContain('its records are applied as they come');
  expect(await daemon.stop()).toBe(0);
});

test('histories, files and a table that waits before a change are the source again', async () => {
  await using server = await startForgetfulServer();
  await using source = await postgresFamily(await server.freshDatabase());
  await using postgres = await postgresFamily(await freshDatabase());
  await using folder = await temporaryFolder('given-up-slot');
  const duckdb = path.join(folder.path, 'copy.duckdb');
  const both = { ...postgres, sink: { ...postgres.sink, 'write.mode': 'both' } };
  await source.run(SCHEMA);
  await using pipeline = await familyPipeline(source, [both, duckdbFamily(duckdb)], SOURCE);
  await reconfigure(pipeline.file, {}, { schema: { 'change.policies': POLICIES } });
  {
    await using daemon = Daemon.start(pipeline);
    await untilCopied(daemon);
    await source.run('ALTER TABLE governed DROP COLUMN w');
    await source.run(`UPDATE governed SET v = 'waits' WHERE id = 1`);
    await daemon.until(({ source: { held } }) => held.length === 1);
    expect(await daemon.stop()).toBe(0);
  }
  await using daemon = await lostAndHealed(source, pipeline);
  // Nothing but a person's word lets it go.
  const { stdout } = await runProgram(['schema', 'held', pipeline.file, '--json']);
  const [{ id }] = JSON.parse(stdout) as [{ readonly id: string }];
  expect(await postgres.rows(QUESTIONS.governed)).toEqual([
    [1, 'one'],
    [2, 'two'],
  ]);
  expect(await runProgram(['schema', 'approve', pipeline.file, id])).toMatchObject({ code: 0 });
  await source.run(`INSERT INTO quiet VALUES (9, 'behind'); UPDATE item SET v = 'b' WHERE id = 3`);
  const wanted = await stateOf((sql) => source.rows(sql));
  const current = (sql: string): string => sql.replace(/ FROM (\w+)/, ' FROM $1__current');
  await eventually(async () => {
    expect(await stateOf((sql) => postgres.rows(sql))).toEqual(wanted);
    expect(await stateOf((sql) => postgres.rows(current(sql)))).toEqual(wanted);
  });
  // The gap is where it was emptied, and all that is true behind it was read.
  expect(
    await postgres.rows(`SELECT _cdc_op, v FROM quiet__history
      WHERE _cdc_image <> 'before' ORDER BY _cdc_pos, _cdc_op DESC, id`),
  ).toEqual([
    ['r', 'gone'],
    ['r', 'kept'],
    ['t', null],
    ['r', 'kept'],
    ['c', 'behind'],
  ]);
  await daemon.until(({ sinks }) => sinks.every(({ lagRecords }) => lagRecords === 0));
  expect(await daemon.stop()).toBe(0);
  await askDuckdb(duckdb, async (rows) => expect(await stateOf(rows)).toEqual(wanted));
});
