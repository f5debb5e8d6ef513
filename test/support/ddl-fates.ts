import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pino from 'pino';
import { expect, vi } from 'vitest';
import type { AlertNotice } from '../../src/alert/alert-notice.ts';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import type { SinkFate } from '../../src/evolution/verdict.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import type { Pipeline } from '../../src/runtime/pipeline.ts';
import type { SinkView } from '../../src/runtime/pipeline-status.ts';
import { JSON_WITH_SCHEMAS } from './debezium-source.ts';
import type { FamilyDatabase } from './family-pipeline.ts';
import type { FateTarget } from './fate-targets.ts';
import { pipelineFolder } from './pipeline-text.ts';
import { answerJson, startScriptedHttp } from './scripted-http.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What a case of DDL does to a table of its name, and how often somebody is told. */
export interface FatedCase {
  readonly name: string;
  readonly statements: readonly string[];
  /** Of alerts; the last one has what is foretold. */
  readonly alerts: number;
  /** Where its table is afterwards; null: there is none, or nobody captures it. */
  readonly after: string | null;
}

/** A source of some family with the tables of its cases. */
export interface FatedSource {
  readonly database: FamilyDatabase;
  /** More properties, or others. */
  readonly source: Readonly<Record<string, unknown>>;
  readonly cases: readonly FatedCase[];
  /** As alerts call it. */
  readonly tableName: (table: string) => string;
  /** The columns that a row gives a value to, with one that each of them takes, in SQL. */
  values(table: string, isNew: boolean): Promise<ReadonlyMap<string, string>>;
}

type Outcome = SinkFate['outcome'] | 'loses it';

/** Of each sink what became of each table. */
type Outcomes = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

/** Rows of before and of after. */
const OLD = 100;
const NEW = 200;
/** A table that no case touches, whose rows tell how far the log has come. */
export const MARK_TABLE = 'mark_table';

/**
 * Runs each case of DDL on a table that all targets have, with a row in it, then writes a row of
 * the new shape, and expects of each sink what the alert has foretold; returns what came of it.
 */
export async function expectFates(
  source: FatedSource,
  targets: readonly FateTarget[],
): Promise<ReadonlySet<Outcome>> {
  const { foretold, did } = await play(source, targets);
  const outcomes = new Set<Outcome>();
  for (const { name } of targets) {
    const wanted: string[] = [];
    const got: string[] = [];
    for (const { name: table, after, alerts } of source.cases) {
      if (after === null) continue;
      // Nobody is told of what every target takes.
      const fate = alerts === 0 ? 'takes' : foretold.get(name)?.get(table);
      wanted.push(`${name} ${fate} ${table}`);
      const done = did.get(name)?.get(after);
      got.push(`${name} ${done} ${table}`);
      if (done !== undefined) outcomes.add(done);
    }
    expect.soft(got).toEqual(wanted);
  }
  return outcomes;
}

async function play(
  source: FatedSource,
  targets: readonly FateTarget[],
): Promise<{ readonly foretold: Outcomes; readonly did: Outcomes }> {
  const { database, cases } = source;
  const before = cases.map(({ name }) => name);
  const after = cases.flatMap((one) => one.after ?? []);
  for (const name of before) await insertRow(source, name, OLD);
  const notices: AlertNotice[] = [];
  await using receiver = await startScriptedHttp((request, response) => {
    const notice = JSON.parse(request.body.toString()) as AlertNotice;
    // A slow machine has other alerts, too.
    if (notice.class.startsWith('schema.')) notices.push(notice);
    answerJson(response, 200, {});
  });
  await using folder = await temporaryFolder('fates');
  const lines = path.join(folder.path, 'lines.txt');
  await using pipeline = await pipelineFolder(
    pipelineOf(source, targets, { lines, url: receiver.origin }),
  );
  await withPipeline(pipeline.file, (running) => drained(running, source, lines));
  const shapes = new Map<string, ReadonlyMap<string, string>>();
  for (const target of targets) shapes.set(target.name, await target.shapes(before));
  const { foretold, sinks } = await withPipeline(pipeline.file, async (running) => {
    // Without rows a table takes any change; the targets keep theirs.
    for (const name of before) await database.run(`DELETE FROM ${name}`);
    const told = await foretoldOf(source, notices);
    for (const name of after) await insertRow(source, name, NEW);
    await drained(running, source, lines);
    expectOnce(source, notices);
    return { foretold: told, sinks: running.status().sinks };
  });
  const did = new Map<string, ReadonlyMap<string, Outcome>>();
  for (const target of targets) {
    const view = sinks.find(({ name }) => name === target.name);
    did.set(target.name, await outcomesAt(target, view, shapes.get(target.name), after));
  }
  return { foretold, did };
}

function pipelineOf(
  { database, source }: FatedSource,
  targets: readonly FateTarget[],
  { lines, url }: { readonly lines: string; readonly url: string },
): object {
  const channel = { type: 'webhook', name: 'oncall', url, severity: 'info', 'rate.limit': 0 };
  return {
    name: `fates-${database.name}`,
    transport: { type: 'embedded' },
    source: {
      ...database.source,
      'topic.prefix': 'fates',
      'column.exclude.list': String.raw`.*\.secret2?`,
      'ddl.rewrites': 'warn',
      'heartbeat.interval.ms': 0,
      // A registry would refuse some of them, and no sink would see anything of these.
      ...JSON_WITH_SCHEMAS,
      ...source,
    },
    sinks: [
      ...targets.map(({ name, sink }) => ({ name, ...sink })),
      { name: 'lines', 'connector.class': 'file', file: lines },
    ],
    alerts: { channels: [channel] },
  };
}

async function withPipeline<T>(file: string, work: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  const { pipeline } = await composePipeline(loadPipelineFile(file), {
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    fault: noFaults,
    // An alert would rather say that a target was too slow to answer.
    askingMs: 60_000,
  });
  await using _running = pipeline;
  pipeline.start();
  return await work(pipeline);
}

async function insertRow(source: FatedSource, table: string, id: number): Promise<void> {
  const values = await source.values(table, id === NEW);
  const [names, texts] = [
    ['id', ...values.keys()],
    [id, ...values.values()],
  ];
  await source.database.run(`INSERT INTO ${table} (${names.join()}) VALUES (${texts.join()})`);
}

async function foretoldOf(
  { database, cases, tableName }: FatedSource,
  notices: readonly AlertNotice[],
): Promise<Outcomes> {
  const foretold = new Map<string, Map<string, Outcome>>();
  for (const { name, statements, alerts } of cases) {
    for (const statement of statements) await database.run(statement);
    if (alerts === 0) continue;
    await patiently(() => {
      const told = notices.filter(({ table }) => table === tableName(name));
      expect([name, told.length]).toEqual([name, alerts]);
      const fates = (told.at(-1)?.details['sinks'] ?? []) as readonly SinkFate[];
      for (const { sink, outcome } of fates) {
        foretold.set(sink, (foretold.get(sink) ?? new Map<string, Outcome>()).set(name, outcome));
      }
    });
  }
  return foretold;
}

/** A search server takes its time for fifty new indices. */
function patiently(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 240_000, interval: 100 });
}

/** Each case as often as it should be, also once all is done. */
function expectOnce({ cases, tableName }: FatedSource, notices: readonly AlertNotice[]): void {
  const ids = (table: string): readonly string[] =>
    notices.flatMap((notice) => (notice.table === tableName(table) ? notice.id : []));
  expect(cases.map(({ name }) => [name, ids(name).length])).toEqual(
    cases.map(({ name, alerts }) => [name, alerts]),
  );
  expect(new Set(notices.map(({ id }) => id)).size).toBe(notices.length);
}

/** All that is committed now has come to all sinks, or waits. */
async function drained(pipeline: Pipeline, source: FatedSource, lines: string): Promise<void> {
  const note = randomBytes(8).toString('hex');
  await source.database.run(`INSERT INTO ${MARK_TABLE} (note) VALUES ('${note}')`);
  await patiently(async () => expect(await readFile(lines, 'utf8')).toContain(note));
  await patiently(() => {
    const { source: view, sinks } = pipeline.status();
    expect(view.phase).toBe('streaming');
    // A parked table has one record that waits.
    expect(sinks.map(({ name, lagRecords }) => [name, lagRecords])).toEqual(
      sinks.map(({ name, parked }) => [name, parked.length]),
    );
  });
}

/** What has become of the tables at a target that no daemon has open. */
async function outcomesAt(
  target: FateTarget,
  view: SinkView | undefined,
  shapes: ReadonlyMap<string, string> | undefined,
  after: readonly string[],
): Promise<ReadonlyMap<string, Outcome>> {
  const now = await target.shapes(after);
  const rows = await target.having(after, NEW);
  const isOf = (table: string) => (topic: string) => topic.endsWith(`.${table}`);
  return new Map(
    after.map((table): readonly [string, Outcome] => {
      const parked = view?.parked.find(({ topic }) => isOf(table)(topic));
      if (parked !== undefined) return [table, parked.held === true ? 'holds' : 'parks'];
      if (letterTopics(view).some(isOf(table))) return [table, 'dead letters'];
      if (!rows.has(table)) return [table, 'loses it'];
      const was = shapes?.get(table);
      return [table, was === undefined || was === now.get(table) ? 'takes' : 'alters'];
    }),
  );
}

/** Topics with records that went to the dead letters. */
function letterTopics(view: SinkView | undefined): readonly string[] {
  const { count = 0, first = [] } = view?.parkedKeys ?? {};
  // A status shows but some of many, and then this would tell of too few.
  expect(first.length).toBe(count);
  return first.map(({ topic }) => topic);
}
