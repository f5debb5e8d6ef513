import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { decodeSnapshotState } from '../../../../src/source/incremental/snapshot-state.ts';
import { Daemon } from '../../../support/daemon.ts';
import type { FamilyDatabase, FamilyPipeline } from '../../../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily } from '../../../support/family-pipeline.ts';
import { sharedMysql } from '../../../support/mysql-database.ts';
import type { RewriteCase } from '../../../support/rewritten-cases.ts';
import { mysqlRewrites } from '../../../support/rewritten-cases.ts';
import type { SqliteFamily } from '../../../support/sqlite-arrivals.ts';
import { sqliteFamily } from '../../../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { comparable, selected } from '../../../support/value-texts.ts';

/*
 * DDL that changes stored rows without a row event (ruling 5, PITFALLS B43): afterwards each row of
 * every target is as the source's, although nothing else happened to the table.
 */

type Target = FamilyDatabase | SqliteFamily;

const SERVER = sharedMysql();
const CASES = mysqlRewrites(SERVER.flavor, SERVER.series);
/** One of each way to read a table again. */
const FEW = CASES.filter(({ table }) => ['added_zero', 'parted', 'keyless'].includes(table));

async function rowsOf(database: Target, { table, columns }: RewriteCase): Promise<string[]> {
  const types = await database.types(table);
  const expressions = columns.map(([name, kind]) =>
    selected(database.family, kind, name, types.get(name) ?? ''),
  );
  const rows = await database.rows(`SELECT ${expressions.join()} FROM ${table}`);
  return rows
    .map((row) => columns.map(([, kind], i) => comparable(kind, row[i] ?? null)).join('|'))
    .toSorted();
}

/** A target sees a new column with the next row: without one there is nothing to compare. */
function nextRow({ table, isRewritten }: RewriteCase): string {
  return isRewritten ? 'DO 0' : `INSERT INTO ${table} (id) VALUES (99)`;
}

async function untilEqual(
  source: FamilyDatabase,
  targets: readonly Target[],
  daemon: Daemon,
  cases: readonly RewriteCase[],
): Promise<void> {
  for (const target of targets) {
    for (const each of cases) {
      const wanted = await rowsOf(source, each);
      await vi.waitFor(
        async () => {
          const found = await rowsOf(target, each).catch(String);
          expect(found, `${each.table} in ${target.family}: ${daemon.output}`).toEqual(wanted);
        },
        { timeout: 45_000, interval: 100 },
      );
    }
  }
}

async function targetsOf(
  stack: AsyncDisposableStack,
): Promise<readonly [SqliteFamily, ...FamilyDatabase[]]> {
  const folder = stack.use(await temporaryFolder('rewritten'));
  const file = sqliteFamily(path.join(folder.path, 'copy.db'));
  // 5.6 may not be a target.
  return SERVER.series === '5.6' ? [file] : [file, stack.use(await mysqlFamily(SERVER))];
}

/** A registry would refuse a required column without a default, and hold its topic. */
const SOURCE = {
  'table.include.list': CASES.map(({ table }) => `.*\\.${table}`).join(),
  'key.converter': 'json',
  'value.converter': 'json',
  'key.converter.schemas.enable': true,
  'value.converter.schemas.enable': true,
};

/** Tables of which the daemon said that they are read again. */
function toldOf(daemon: Daemon): ReadonlySet<string> {
  const told = daemon.output.matchAll(/changed stored rows of [^.]+\.(\w+), which no event tells/g);
  return new Set([...told].map(([, table = '']) => table));
}

async function start(
  source: FamilyDatabase,
  targets: readonly Target[],
  cases: readonly RewriteCase[],
  more = {},
): Promise<FamilyPipeline> {
  for (const sql of cases.flatMap(({ before }) => before)) await source.run(sql);
  return await familyPipeline(source, targets, { ...SOURCE, ...more });
}

async function change(source: FamilyDatabase, cases: readonly RewriteCase[]): Promise<void> {
  await source.run("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'");
  for (const each of cases) {
    for (const sql of each.during) await source.run(sql);
    await source.run(nextRow(each));
  }
}

test('each row of every target is as the source has it; the alert names the tables', async () => {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await mysqlFamily(SERVER));
  const targets = await targetsOf(stack);
  const pipeline = stack.use(await start(source, targets, CASES));
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  await change(source, CASES);
  await untilEqual(source, targets, daemon, CASES);
  const rewritten = CASES.filter(({ isRewritten }) => isRewritten).map(({ table }) => table);
  expect([...toldOf(daemon)].toSorted()).toEqual(rewritten.toSorted());
  expect(daemon.output).toMatch(/is read again beside the stream \(ddl-\S+:\d+\)/);
  expect(await daemon.stop()).toBe(0);
});

test('a daemon that is killed between the statement and the read does not forget it', async () => {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await mysqlFamily(SERVER));
  const targets = await targetsOf(stack);
  const slow = { 'incremental.snapshot.chunk.size': 1, 'snapshot.max.rows.per.second': 3 };
  const pipeline = stack.use(await start(source, targets, FEW, slow));
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await change(source, FEW);
    await vi.waitFor(
      () => expect(toldOf(daemon).size, `the daemon said: ${daemon.output}`).toBe(FEW.length),
      {
        timeout: 45_000,
        interval: 50,
      },
    );
    daemon.kill();
    await daemon.ended;
  }
  {
    await using daemon = Daemon.start(pipeline);
    await untilEqual(source, targets, daemon, FEW);
    await daemon.until(({ source: { offset } }) => isRead(offset));
    daemon.kill();
    await daemon.ended;
  }
  // The offset lies behind the statements, and what they had asked for is read: not again.
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  await source.run('INSERT INTO added_zero (id, z) VALUES (77, 7)');
  await untilEqual(source, targets, daemon, FEW);
  expect([...toldOf(daemon)]).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});

/** No table is left to be read. */
function isRead(offset: Readonly<Record<string, unknown>> | null): boolean {
  const text = offset?.['tidemark.snapshots'];
  return decodeSnapshotState(typeof text === 'string' ? text : null).tasks.length === 0;
}
