import { randomBytes } from 'node:crypto';
import path from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import type { AlertNotice } from '../../src/alert/alert-notice.ts';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import type { SinkFate } from '../../src/evolution/verdict.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import type { Pipeline } from '../../src/runtime/pipeline.ts';
import { JSON_WITH_SCHEMAS } from '../support/debezium-source.ts';
import { eventually } from '../support/eventually.ts';
import { mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import {
  databaseTarget,
  duckdbTarget,
  type FateTarget,
  searchTarget,
  sqliteTarget,
} from '../support/fate-targets.ts';
import { startServer } from '../support/mysql-server.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { DDL_CASES, ddlTables, statementsOf } from '../support/postgres-ddl-cases.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { answerJson, startScriptedHttp } from '../support/scripted-http.ts';
import { startSearch } from '../support/search-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/*
 * What an alert foretells of each sink is what the sink then does: each case of DDL on a table that
 * its targets have, then a row of the new shape.
 */
/** Rows of before and of after. */
const OLD = 100;
const NEW = 200;

/** Where a case's table is afterwards; null: there is none, or nobody captures it. */
const MOVED: Readonly<Record<string, string | null>> = {
  dropped: null,
  moved_out: null,
  renamed: 'renamed_on',
};

type Outcome = SinkFate['outcome'];

async function withPipeline<T>(file: string, work: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  const logger = pino({ level: 'silent' });
  const { pipeline } = await composePipeline(loadPipelineFile(file), {
    clock: systemClock,
    logger,
    fault: noFaults,
    // An alert would rather say that a target was too slow to answer.
    askingMs: 60_000,
  });
  await using _running = pipeline;
  pipeline.start();
  return await work(pipeline);
}

/** Labels that a type has had since a case: whoever does not know them has the old shape still. */
const NEW_LABELS: Readonly<Record<string, string>> = { add_label: 'glad', rename_label: 'blue' };

/** A value of every type that the cases have. */
function literal(type: string): string {
  if (type === 'jsonb') return `'{}'`;
  if (type.startsWith('timestamp')) return `'2026-01-02 03:04:05'`;
  return `'7'`;
}

/** A row with a value for each column that takes one. */
async function insertRow(database: TestDatabase, table: string, id: number): Promise<void> {
  const columns = await database.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'
      AND is_identity = 'NO' AND column_name <> 'id'`,
    [table],
  );
  const names = ['id', ...columns.map(({ name }) => name)];
  const label = (id === NEW ? NEW_LABELS[table] : undefined) ?? 'ok';
  const values = columns.map(({ type }) =>
    type === 'USER-DEFINED' ? `'${label}'` : literal(type),
  );
  await database.query(`INSERT INTO ${table} (${names.join()}) VALUES (${[id, ...values].join()})`);
}

/** What is foretold of each case, by sink. */
type Foretold = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

async function foretoldOf(
  database: TestDatabase,
  notices: readonly AlertNotice[],
): Promise<Foretold> {
  const foretold = new Map<string, ReadonlyMap<string, Outcome>>();
  for (const one of DDL_CASES) {
    const [name, , kind] = one;
    for (const statement of statementsOf(one)) await database.query(statement);
    if (kind === null) continue;
    await eventually(() => {
      const notice = notices.find(({ table }) => table === `public.${name}`);
      const fates = notice?.details['sinks'] as readonly SinkFate[] | undefined;
      if (fates === undefined) throw new Error(`${name} is not told`);
      foretold.set(name, new Map(fates.map(({ sink, outcome }) => [sink, outcome])));
    });
  }
  return foretold;
}

/** All that is committed now is in the log. */
async function received(pipeline: Pipeline, database: TestDatabase): Promise<void> {
  await database.query(`SELECT pg_logical_emit_message(false, 'tidemark', 'x')`);
  const [at] = await database.query('SELECT pg_current_wal_lsn()::text AS at');
  await eventually(() => {
    expect(pipeline.source.reader?.hasReceived(String(at?.['at']))).toBe(true);
  });
}

/** All has come to all sinks, or waits. */
function drained(pipeline: Pipeline): Promise<void> {
  return eventually(() => {
    const { source, sinks } = pipeline.status();
    expect(source.phase).toBe('streaming');
    // A parked table has one record that waits.
    expect(sinks.map(({ name, lagRecords }) => [name, lagRecords])).toEqual(
      sinks.map(({ name, parked }) => [name, parked.length]),
    );
  });
}

/** All tables before, then all cases and a row of each, and what it came to. */
async function play(targets: readonly FateTarget[], more: readonly object[]) {
  await using database = await freshDatabase();
  await database.query(ddlTables(DDL_CASES));
  const before = DDL_CASES.map(([name]) => name);
  for (const name of before) await insertRow(database, name, OLD);
  const notices: AlertNotice[] = [];
  await using receiver = await startScriptedHttp((request, response) => {
    notices.push(JSON.parse(request.body.toString()) as AlertNotice);
    answerJson(response, 200, {});
  });
  const channel = { type: 'webhook', name: 'oncall', url: receiver.origin, severity: 'info' };
  await using folder = await pipelineFolder({
    name: `fates-${database.name}`,
    transport: { type: 'embedded' },
    source: sourceSection(database, {
      'schema.include.list': 'public',
      'table.include.list': undefined,
      'publication.autocreate.mode': 'all_tables',
      'column.exclude.list': String.raw`.*\.secret2?`,
      'ddl.rewrites': 'warn',
      'heartbeat.interval.ms': 0,
      // A registry would refuse some of them, and no sink would see anything of these.
      ...JSON_WITH_SCHEMAS,
    }),
    sinks: [...targets.map(({ name, sink }) => ({ name, ...sink })), ...more],
    alerts: { channels: [{ ...channel, 'rate.limit': 0 }] },
  });
  const after = DDL_CASES.flatMap(([name]) => {
    const moved = MOVED[name];
    return moved === null ? [] : (moved ?? name);
  });
  await withPipeline(folder.file, drained);
  const shapes = new Map<string, ReadonlyMap<string, string>>();
  for (const target of targets) shapes.set(target.name, await target.shapes(before));
  const [foretold, parked] = await withPipeline(folder.file, async (pipeline) => {
    // Without rows a table takes any change; its targets have it all the same.
    await database.query(before.map((name) => `DELETE FROM ${name}`).join(';'));
    await drained(pipeline);
    const told = await foretoldOf(database, notices);
    for (const name of after) await insertRow(database, name, NEW);
    await received(pipeline, database);
    await drained(pipeline);
    const held = pipeline
      .status()
      .sinks.map(({ name, parked: tables }) => [name, tables.map(({ topic }) => topic)] as const);
    return [told, new Map(held)] as const;
  });
  const did = new Map<string, ReadonlyMap<string, string>>();
  for (const target of targets) {
    const now = await target.shapes(after);
    const rows = await target.having(after, NEW);
    const held = parked.get(target.name) ?? [];
    const outcomes = after.map((table) => {
      const was = shapes.get(target.name)?.get(table);
      const isParked = held.some((topic) => topic.endsWith(`.${table}`));
      const shape = was === now.get(table) || was === undefined ? 'takes' : 'alters';
      return [table, isParked ? 'parks' : rows.has(table) ? shape : 'loses it'] as const;
    });
    did.set(target.name, new Map(outcomes));
  }
  return { foretold, did };
}

test('each kind of DDL comes to in each target what its alert has foretold', async () => {
  await using folder = await temporaryFolder('fates');
  const file = (name: string): string => path.join(folder.path, name);
  await using stack = new AsyncDisposableStack();
  const targets = [
    sqliteTarget('sqlite', file('evolving.db')),
    sqliteTarget('fixed', file('fixed.db'), { 'auto.evolve': false }),
    duckdbTarget('duckdb', file('target.duckdb')),
    databaseTarget(stack.use(await postgresFamily(await freshDatabase()))),
    databaseTarget(stack.use(await mysqlFamily(await startServer('9.7')))),
    databaseTarget(stack.use(await mysqlFamily(await startServer('11.4')))),
    searchTarget(await startSearch('elasticsearch-9'), `f${randomBytes(6).toString('hex')}`),
  ];
  const lines = { name: 'lines', 'connector.class': 'file', file: file('lines.txt') };
  const { foretold, did } = await play(targets, [lines]);
  const kinds = new Set([...foretold.values()].flatMap((fates) => [...fates.values()]));
  expect([...kinds]).toEqual(expect.arrayContaining(['takes', 'alters', 'parks']));
  for (const target of targets) {
    const outcomes = did.get(target.name);
    for (const [name] of DDL_CASES) {
      const table = MOVED[name] === undefined ? name : MOVED[name];
      if (table === null) continue;
      const wanted = foretold.get(name)?.get(target.name) ?? 'takes';
      expect.soft([target.name, name, outcomes?.get(table)]).toEqual([target.name, name, wanted]);
    }
  }
});
