import { formatLsn } from '../../../../src/model/lsn.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertEvent } from '../../../../src/model/alert.ts';
import { AlertRecorder, gradesOf } from '../../../support/alert-recorder.ts';
import type { RunningSource } from '../../../support/postgres-source.ts';
import { sourceOptionsFor, startStreaming } from '../../../support/postgres-source.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { DDL_CASES, ddlTables, statementsOf } from '../../../support/postgres-ddl-cases.ts';
import { until } from '../../../support/eventually.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { freshDatabase } from '../../../support/postgres.ts';

describe('DDL of captured tables', () => {
  let database: TestDatabase;
  let source: RunningSource;
  const recorder = new AlertRecorder('postgresql');

  beforeAll(async () => {
    database = await freshDatabase();
    await database.query(ddlTables(DDL_CASES));
    const options = sourceOptionsFor(database, {
      schemaInclude: [/^public$/],
      columnExclude: [/^.*\.secret2?$/],
      snapshotMode: 'no_data',
    });
    const listener = recorder.listener();
    const receiver = new RecordingReceiver();
    const truncate = receiver.truncate.bind(receiver);
    receiver.truncate = (change) => {
      truncate(change);
      listener.truncated(change);
    };
    source = await startStreaming(options, receiver, { shapes: listener });
    // All of them have been looked at.
    await until(() => listener.known('public.granted') !== null);
    for (const one of DDL_CASES) {
      for (const statement of statementsOf(one)) await database.query(statement);
    }
    await database.query('ALTER TABLE elsewhere.other_table ADD c int; CREATE TABLE made (id int)');
    // Two looks later everything has been told that will be.
    await until(() => recorder.of('made').length === 1);
    await database.query('CREATE TABLE made_later (id int PRIMARY KEY)');
    await until(() => recorder.of('made_later').length === 1);
  });

  afterAll(async () => {
    await source.stop();
    await database[Symbol.asyncDispose]();
  });

  const told = DDL_CASES.filter(([, , kind]) => kind !== null).map((one) => one.slice(0, 4));
  test.each(told)('%s: %s', (name, _ddl, kind, grades) => {
    const events = recorder.of(String(name));
    expect(events.map((event) => [event.class, gradesOf(event)])).toEqual([
      [`schema.${kind}`, grades],
    ]);
  });

  const silent = DDL_CASES.filter(([, , kind]) => kind === null).map((one) => one.slice(0, 2));
  test.each(silent)('%s is told to nobody: %s', (name) => {
    expect(recorder.of(String(name))).toEqual([]);
  });

  test('a table that is made is told, one that is not captured is not', () => {
    const classes = (table: string): readonly string[] =>
      recorder.of(table).map((event: AlertEvent) => event.class);
    expect(classes('made')).toEqual(['schema.table_created']);
    expect(classes('other_table')).toEqual([]);
    expect(recorder.repeated).toBe(0);
  });
});

/*
 * The stream can bring a row of the new shape before the next look: its table's alert is stored
 * before the receiver hears of the shape, and the look that follows tells nothing more.
 */
test('a row right behind its ALTER finds the change told', async () => {
  await using database = await freshDatabase();
  const recorder = new AlertRecorder('postgresql');
  const listener = recorder.listener();
  const tables = Array.from({ length: 8 }, (_, i) => `at_once_${i}`);
  await database.query(tables.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY)`).join(';'));
  const receiver = new RecordingReceiver();
  const late: string[] = [];
  const positions = new Map<string, string>();
  const schemaChanged = receiver.schemaChanged.bind(receiver);
  receiver.schemaChanged = (change) => {
    const { id, columns } = change.table;
    const told = listener.known(`${id.schema}.${id.table}`)?.shape?.columns ?? [];
    const names = (list: readonly { readonly name: string }[]) =>
      list.map(({ name }) => name).join();
    if (source !== null && names(told) !== names(columns)) late.push(`${id.table}: ${names(told)}`);
    positions.set(id.table, change.position);
    return schemaChanged(change);
  };
  const options = sourceOptionsFor(database, { snapshotMode: 'no_data' });
  let source: RunningSource | null = null;
  source = await startStreaming(options, receiver, { shapes: listener });
  await until(() => listener.known('public.at_once_7') !== null);
  for (const name of tables) {
    const steps = [`ALTER TABLE ${name} ADD c int`, `INSERT INTO ${name} VALUES (1, 1)`];
    // In one transaction, or in two.
    await database.query(
      `BEGIN; ${steps.join(name.endsWith('1') ? '; COMMIT; BEGIN; ' : ';')}; COMMIT`,
    );
  }
  await receiver.until((events) => events.length === tables.length);
  // Another look has been taken since.
  await database.query('CREATE TABLE made_after (id int)');
  await until(() => recorder.of('made_after').length === 1);
  expect(late).toEqual([]);
  expect(tables.map((name) => recorder.of(name).map((event) => event.class))).toEqual(
    tables.map(() => ['schema.column_added']),
  );
  const [first] = recorder.of('at_once_0');
  // A relation message comes without a place; it used to be told as 0/0.
  const commits = receiver.commits.map(({ commitLsn }) => formatLsn(commitLsn));
  expect(commits).toContain(positions.get('at_once_0'));
  expect(first?.position).toBe(positions.get('at_once_0'));
  expect(recorder.repeated).toBe(0);
  await source.stop();
});
