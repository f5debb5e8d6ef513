import { expect, test } from 'vitest';
import { DDL_TRIGGER_INSTALL } from '../../dialects/postgres/postgres-ddl-trigger.ts';
import type { AlertNotice } from '../../src/alert/alert-notice.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import * as binlog from '../support/mysql-ddl-cases.ts';
import { startServer } from '../support/mysql-server.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';
import * as postgres from '../support/postgres-ddl-cases.ts';
import { freshDatabase, startOwnServer } from '../support/postgres.ts';
import type { ScriptedHttp } from '../support/scripted-http.ts';
import { answerJson, startScriptedHttp } from '../support/scripted-http.ts';

/*
 * DDL told at a webhook, by a whole daemon: each change once, in its class, and in time.
 * `npm run test:all` has all cases on all servers, and holds each of them to two seconds.
 */
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
/** The limit, from COMMIT to the receiver. */
const LIMIT_MS = 2000;
/** Of every kind of look: a column, a label, a file, a drop, a rename, a message. */
const FEW = ['add_nullable', 'rename_label', 'rewrite', 'renamed', 'truncated', 'index'];

/** A notice, and when it came. */
interface Arrival {
  readonly notice: AlertNotice;
  readonly atMs: number;
}

/** Takes every notice. */
async function receiverOf(arrivals: Arrival[]): Promise<ScriptedHttp> {
  return startScriptedHttp((request, response) => {
    const notice = JSON.parse(request.body.toString()) as AlertNotice;
    arrivals.push({ notice, atMs: performance.now() });
    answerJson(response, 200, {});
  });
}

/** Without lists of columns: a column that is not on one does not come, so nobody is told. */
const OF_POSTGRES = {
  'schema.include.list': 'public',
  'publication.autocreate.mode': 'all_tables',
};

async function pipelineOver(database: FamilyDatabase, url: string) {
  const port = await freeLoopbackPort();
  const secrets = String.raw`.*\.secret2?`;
  const { folder, file, ...rest } = await pipelineFolder({
    name: `told-${database.name}`,
    source: {
      ...database.source,
      'topic.prefix': 'told',
      'snapshot.mode': 'no_data',
      'key.converter': 'json',
      'value.converter': 'json',
      'ddl.rewrites': 'warn',
      'skipped.operations': 'none',
      'column.exclude.list': secrets,
      ...(database.family === 'postgres' ? OF_POSTGRES : {}),
    },
    alerts: {
      channels: [
        {
          type: 'webhook',
          name: 'oncall',
          url,
          severity: 'info',
          'rate.limit': 0,
          'retry.delay.max': '200ms',
        },
      ],
    },
    http: { listen: `127.0.0.1:${port}` },
  });
  return { ...rest, folder, file, port };
}

interface ToldCase {
  readonly name: string;
  /** In the order of their coming; null: nobody is told. */
  readonly classes: readonly string[] | null;
  readonly statements: readonly string[];
}

/** Runs the cases one after the other; how long each took to arrive, from before its statement. */
async function latencies(
  database: FamilyDatabase,
  cases: readonly ToldCase[],
): Promise<ReadonlyMap<string, number>> {
  const arrivals: Arrival[] = [];
  await using receiver = await receiverOf(arrivals);
  await using pipeline = await pipelineOver(database, `${receiver.origin}/hook`);
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source }) => source.phase === 'streaming');
  const of = (table: string): readonly Arrival[] =>
    arrivals.filter(({ notice }) => notice.table?.split('.')[1] === table);
  const took = new Map<string, number>();
  for (const { name, classes, statements } of cases) {
    let sentMs = 0;
    for (const statement of statements) {
      sentMs = performance.now();
      await database.run(statement);
    }
    if (classes === null) continue;
    await eventually(() => expect([name, of(name).length]).toEqual([name, classes.length]));
    took.set(name, (of(name).at(-1)?.atMs ?? Infinity) - sentMs);
  }
  // Two looks later everything has been told that will be.
  for (const table of ['made', 'made_later']) {
    await database.run(`CREATE TABLE ${table} (id int PRIMARY KEY)`);
    await eventually(() => expect(of(table)).toHaveLength(1));
  }
  const told = cases.map(({ name }) => [name, of(name).map(({ notice }) => notice.class)]);
  expect(told).toEqual(cases.map(({ name, classes }) => [name, classes ?? []]));
  expect(new Set(arrivals.map(({ notice }) => notice.id)).size).toBe(arrivals.length);
  expect(await daemon.stop()).toBe(0);
  return took;
}

const classesOf = (kinds: string | null): readonly string[] | null =>
  kinds?.split(' ').map((kind) => `schema.${kind}`) ?? null;

function postgresCases(): readonly ToldCase[] {
  const wanted = postgres.DDL_CASES.filter(([name]) => ALL || FEW.includes(name));
  return wanted.map((one) => ({
    name: one[0],
    classes: classesOf(one[2]),
    statements: postgres.statementsOf(one),
  }));
}

/** Those that took longer than the limit. */
function late(took: ReadonlyMap<string, number>): readonly string[] {
  const slow = [...took].filter(([, ms]) => ms > LIMIT_MS);
  return slow.map(([name, ms]) => `${name}: ${Math.round(ms)} ms`);
}

test('DDL of PostgreSQL arrives, each once and in its class', async () => {
  await using family = await postgresFamily(await freshDatabase());
  await family.run(postgres.ddlTables(postgres.DDL_CASES));
  const took = await latencies(family, postgresCases());
  // What has other work beside it may be late; that all of it is would be ours.
  expect(late(took).length).toBeLessThan(ALL ? 1 : took.size);
});

const MAJORS = ALL ? ([14, 18] as const) : [];
test.each(MAJORS)('DDL of PostgreSQL %i arrives, with and without the trigger', async (major) => {
  await using server = await startOwnServer({ major });
  for (const script of ['SELECT 1', DDL_TRIGGER_INSTALL]) {
    await using family = await postgresFamily(await server.freshDatabase());
    await family.run(postgres.ddlTables(postgres.DDL_CASES));
    await family.run(script);
    expect(late(await latencies(family, postgresCases()))).toEqual([]);
  }
});

const BINLOG = ALL ? (['9.7', '5.6', '11.4', '10.11'] as const) : [];
test.each(BINLOG)('DDL of a binlog arrives: %s', async (series) => {
  await using server = await startServer(series);
  await using family = await mysqlFamily(server);
  const cases = binlog.ddlCases(server);
  for (const [name] of cases) {
    await family.run(`CREATE TABLE ${name} (${binlog.DDL_COLUMNS}) CHARACTER SET utf8mb4`);
  }
  const wanted = cases.map((one) => ({
    name: one[0],
    classes: classesOf(one[2]),
    statements: binlog.statementsOf(one),
  }));
  expect(late(await latencies(family, wanted))).toEqual([]);
});

// PITFALLS S25: found is told, wherever the process dies between finding and telling.
test('killed between finding and telling, DDL is told all the same, under one id', async () => {
  await using family = await postgresFamily(await freshDatabase());
  await family.run('CREATE TABLE items (id int PRIMARY KEY)');
  const arrivals: Arrival[] = [];
  await using receiver = await receiverOf(arrivals);
  await using pipeline = await pipelineOver(family, `${receiver.origin}/hook`);
  const killedAt = async (faultPoint: string, ddl: string | null): Promise<void> => {
    await using daemon = Daemon.start({ ...pipeline, faultPoint });
    if (ddl !== null) {
      await daemon.until(({ source }) => source.phase === 'streaming');
      await family.run(ddl);
    }
    expect(await daemon.ended).toMatchObject({ signal: 'SIGKILL' });
  };
  // Each of the next processes goes one step further with the same alert.
  await killedAt('alert.shape-stored', 'ALTER TABLE items ADD c int');
  await killedAt('alert.stored', null);
  expect(arrivals).toEqual([]);
  await killedAt('alert.delivered', null);
  // While nobody looked.
  await family.run('ALTER TABLE items ALTER c TYPE bigint');
  await using daemon = Daemon.start(pipeline);
  const told = () => [...new Set(arrivals.map(({ notice }) => `${notice.class} ${notice.id}`))];
  await eventually(() =>
    expect(told().map((one) => one.split(' ')[0])).toEqual([
      'schema.column_added',
      'schema.column_widened',
    ]),
  );
  expect(await daemon.stop()).toBe(0);
  expect(told()).toHaveLength(2);
});
