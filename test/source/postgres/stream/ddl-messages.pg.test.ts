import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DDL_TRIGGER_INSTALL,
  DDL_TRIGGER_REMOVE,
} from '../../../../dialects/postgres/postgres-ddl-trigger.ts';
import type { Clock } from '../../../../src/foundation/clock.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { PostgresSourceOptions } from '../../../../src/source/postgres/postgres-source-options.ts';
import { AlertRecorder, gradesOf } from '../../../support/alert-recorder.ts';
import { until } from '../../../support/eventually.ts';
import { DDL_CASES, ddlTables, statementsOf } from '../../../support/postgres-ddl-cases.ts';
import type { RunningSource } from '../../../support/postgres-source.ts';
import { sourceOptionsFor, startStreaming } from '../../../support/postgres-source.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';

/** A busy machine may be late, and a look would tell instead of the stream, without the text. */
const PATIENT: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() / 4 };

/** Of a receiver that tells truncations, as a task does. */
function receiverOf(listener: ReturnType<AlertRecorder['listener']>): RecordingReceiver {
  const receiver = new RecordingReceiver();
  const truncate = receiver.truncate.bind(receiver);
  receiver.truncate = (change) => {
    truncate(change);
    listener.truncated(change);
  };
  return receiver;
}

function optionsFor(
  database: TestDatabase,
  more: Partial<PostgresSourceOptions> = {},
): PostgresSourceOptions {
  return sourceOptionsFor(database, {
    schemaInclude: [/^public$/],
    snapshotMode: 'no_data',
    ...more,
  });
}

/** Three looks later everything has been told that will be. */
async function settled(database: TestDatabase, recorder: AlertRecorder, name: string) {
  for (const table of [`${name}_1`, `${name}_2`]) {
    await database.query(`CREATE TABLE ${table} (id int PRIMARY KEY)`);
    await until(() => recorder.of(table).length === 1);
  }
}

/** `npm run test:all` has all of them. */
const FEW = `add_nullable add_secret drop_required rename_required drop_not_null add_label rewrite
  other_key dropped moved_out remade truncated there_and_back index`.split(/\s+/);
const CASES = DDL_CASES.filter(
  ([name]) => process.env['TIDEMARK_TEST_ALL'] === '1' || FEW.includes(name),
);

describe('DDL that the event trigger tells', () => {
  let database: TestDatabase;
  let source: RunningSource;
  const recorder = new AlertRecorder('postgresql');

  beforeAll(async () => {
    database = await freshDatabase();
    await database.query(ddlTables(DDL_CASES));
    await database.query(DDL_TRIGGER_INSTALL);
    const listener = recorder.listener();
    const options = optionsFor(database, { columnExclude: [/^.*\.secret2?$/] });
    const parts = { shapes: listener, clock: PATIENT };
    source = await startStreaming(options, receiverOf(listener), parts);
    for (const one of CASES) {
      for (const statement of statementsOf(one)) await database.query(statement);
      // What is behind by more than a moment is told by a look, without its text.
      if (one[2] !== null) await until(() => recorder.of(one[0]).length > 0);
    }
    await settled(database, recorder, 'made');
  });

  afterAll(async () => {
    await source.stop();
    await database[Symbol.asyncDispose]();
  });

  const told = CASES.filter(([, , kind]) => kind !== null).map((one) => one.slice(0, 4));
  test.each(told)('%s: %s', (name, _ddl, kind, grades) => {
    const events = recorder.of(String(name));
    expect(events.map((event) => [event.class, gradesOf(event)])).toEqual([
      [`schema.${kind}`, grades],
    ]);
    // A truncation comes with the stream, without its text.
    if (kind === 'table_truncated') return;
    expect(events[0]?.details).toMatchObject({
      ddl: expect.stringMatching(/ALTER|DROP/) as string,
      by: expect.stringContaining(database.user) as string,
    });
  });

  const silent = CASES.filter(([, , kind]) => kind === null).map((one) => one.slice(0, 2));
  test.each(silent)('%s is told to nobody: %s', (name) => {
    expect(recorder.of(String(name))).toEqual([]);
  });

  test('nothing twice, and no message becomes an event', () => {
    expect(recorder.repeated).toBe(0);
    expect(source.receiver.events.filter(({ op }) => op === 'm')).toEqual([]);
  });
});

/** Streams the changes of a database that has the trigger. */
async function toldSource(ddl: string) {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await freshDatabase());
  await database.query(ddl);
  await database.query(DDL_TRIGGER_INSTALL);
  const recorder = new AlertRecorder('postgresql');
  const receiver = receiverOf(recorder.listener());
  const start = () => {
    const parts = { shapes: recorder.listener(), clock: PATIENT };
    return startStreaming(optionsFor(database), receiver, parts);
  };
  const kept = stack.move();
  return { database, recorder, receiver, start, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const classesOf = (recorder: AlertRecorder, table: string): readonly string[] =>
  recorder.of(table).map((event) => event.class.replace('schema.', ''));

test('what no look could see is told: two changes at once, and a table of a moment', async () => {
  await using told = await toldSource('CREATE TABLE t (id int PRIMARY KEY)');
  const { database, recorder } = told;
  const source = await told.start();
  await database.query('ALTER TABLE t ADD a int');
  await database.query('ALTER TABLE t DROP a');
  await database.query('CREATE TABLE brief (id int PRIMARY KEY)');
  await database.query('DROP TABLE brief');
  await settled(database, recorder, 'after');
  expect(classesOf(recorder, 't')).toEqual(['column_added', 'column_dropped']);
  expect(classesOf(recorder, 'brief')).toEqual(['table_created', 'table_dropped']);
  await source.stop();
});

test('a transaction is one change, and rows in the midst of it find theirs told', async () => {
  await using told = await toldSource('CREATE TABLE t (id int PRIMARY KEY)');
  const { database, recorder, receiver } = told;
  const source = await told.start();
  await database.query('BEGIN; ALTER TABLE t ADD a int; ALTER TABLE t ADD b int; COMMIT');
  await until(() => recorder.of('t').length === 1);
  await database.query(`BEGIN; ALTER TABLE t DROP a; INSERT INTO t VALUES (1, 1);
    ALTER TABLE t DROP b; INSERT INTO t VALUES (2); COMMIT`);
  await receiver.until((events) => events.length === 2);
  await settled(database, recorder, 'after');
  expect(classesOf(recorder, 't')).toEqual(['column_added', 'column_dropped', 'column_dropped']);
  await source.stop();
});

test('what was done while nobody read is told by the stream, statement by statement', async () => {
  await using told = await toldSource('CREATE TABLE t (id int PRIMARY KEY)');
  const { database, recorder, receiver } = told;
  await (await told.start()).stop();
  await database.query('ALTER TABLE t ADD a int');
  await database.query('ALTER TABLE t ALTER a TYPE bigint');
  // Nothing is stored, as before a kill -9: the next one is told all of it again.
  receiver.autoFlush = false;
  const source = await told.start();
  await until(() => recorder.of('t').length === 2);
  expect(recorder.of('t').map(({ details }) => details['ddl'])).toEqual([
    'ALTER TABLE t ADD a int',
    'ALTER TABLE t ALTER a TYPE bigint',
  ]);
  await source.stop();
  receiver.autoFlush = true;
  const again = await told.start();
  await settled(database, recorder, 'after');
  expect(recorder.of('t')).toHaveLength(2);
  expect(recorder.repeated).toBe(0);
  await again.stop();
});

test('secrets are not told, nor is what is no table of the lists; DDL never fails', async () => {
  await using told = await toldSource('CREATE TABLE t (id int PRIMARY KEY); CREATE SCHEMA other');
  const { database, recorder } = told;
  const source = await told.start();
  const name = `r_${database.name}`;
  await database.query(`CREATE ROLE ${name} PASSWORD 'hush'; ALTER TABLE t ADD a text DEFAULT 'x'`);
  await database.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${name}; SET ROLE ${name};
    CREATE TABLE by_anybody (id int PRIMARY KEY); RESET ROLE`);
  await until(() => recorder.of('by_anybody').length === 1);
  expect(recorder.of('by_anybody')[0]?.details['ddl']).toContain('CREATE TABLE by_anybody');
  await database.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  await until(() => recorder.of('t').length === 1);
  expect(recorder.of('t')[0]?.details['ddl']).toBe(
    `CREATE ROLE ${name} PASSWORD '…'; ALTER TABLE t ADD a text DEFAULT '…'`,
  );
  await database.query(`CREATE TEMP TABLE passing (id int); DROP TABLE passing;
    CREATE TABLE other.elsewhere (id int); DROP SCHEMA other CASCADE`);
  // Nobody can write a message that stops the stream.
  for (const content of ['null', '{"version":1}', 'x', '{"version":1,"tables":[{}],"gone":[]}']) {
    await database.query(`SELECT pg_logical_emit_message(true, 'tidemark.ddl', $1::text)`, [
      content,
    ]);
  }
  await database.query(`ALTER FUNCTION tidemark_ddl.tell() SET search_path = nowhere`);
  await database.query('ALTER TABLE t ADD b int');
  await until(() => recorder.of('t').length === 2);
  await database.query(DDL_TRIGGER_INSTALL);
  await database.query(DDL_TRIGGER_REMOVE);
  await database.query(DDL_TRIGGER_REMOVE);
  await settled(database, recorder, 'after');
  expect(classesOf(recorder, 't')).toEqual(['column_added', 'column_added']);
  expect(classesOf(recorder, 'passing')).toEqual([]);
  expect(classesOf(recorder, 'elsewhere')).toEqual([]);
  await source.stop();
});
