import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SchemaChange } from '../../../../src/model/change-event.ts';
import { StoredShapes } from '../../../../src/runtime/stored-shapes.ts';
import { AlertRecorder, gradesOf } from '../../../support/alert-recorder.ts';
import { eventually, until } from '../../../support/eventually.ts';
import type { MysqlDatabase } from '../../../support/mysql-database.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import type { ReaderState } from '../../../support/mysql-reader-run.ts';
import { copyOf, newReaderState, startReader } from '../../../support/mysql-reader-run.ts';
import { DDL_COLUMNS, ddlCases, statementsOf } from '../../../support/mysql-ddl-cases.ts';
import { mysqlSourceOptions } from '../../../support/mysql-snapshot-run.ts';

const { flavor, series } = sharedMysql();
const CASES = ddlCases({ flavor, series });

describe('DDL of captured tables', () => {
  let database: MysqlDatabase;
  let began: ReaderState;
  const recorder = new AlertRecorder(flavor === 'mariadb' ? 'mariadb' : 'mysql');
  const options = (): ReturnType<typeof mysqlSourceOptions> =>
    mysqlSourceOptions(database, {
      topicPrefix: database.name,
      columnExclude: [/^.*\.secret2?$/],
    });

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    await database.query(`CREATE TABLE mark (id INT PRIMARY KEY); INSERT INTO mark VALUES (1)`);
    for (const [name] of CASES)
      await database.query(`CREATE TABLE ${name} (${DDL_COLUMNS}) CHARACTER SET utf8mb4`);
    const state = newReaderState();
    let run = startReader(options(), state, { shapes: recorder.listener() });
    await until(() => run.reader.status().phase === 'streaming');
    await run.stop();
    began = copyOf(state);
    run = startReader(options(), state, { shapes: recorder.listener() });
    for (const one of CASES) {
      for (const statement of statementsOf(one)) await database.query(statement);
    }
    await database.query('INSERT INTO mark VALUES (2)');
    await until(() => run.told.includes('c mark 2'));
    await run.stop();
  });

  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  const told = CASES.filter(([, , kinds]) => kinds !== null);
  test.each(told)('%s: %s', (name, _ddl, kinds, grades) => {
    const events = recorder.of(String(name));
    expect(events.map((event) => event.class.replace('schema.', '')).join(' ')).toBe(kinds);
    const last = events.at(-1);
    expect(last && gradesOf(last)).toBe(grades);
    expect(last?.details['ddl']).toEqual(expect.stringMatching(/\S/));
  });

  const silent = CASES.filter(([, , kinds]) => kinds === null);
  test.each(silent)('%s is told to nobody: %s', (name) => {
    expect(recorder.of(String(name))).toEqual([]);
  });

  test('what a crash has the stream tell again is told once', async () => {
    const { length } = recorder.events;
    await using again = startReader(options(), began, { shapes: recorder.listener() });
    await again.until(1);
    await eventually(() => expect(again.told).toContain('c mark 2'));
    expect(recorder.events).toHaveLength(length);
    // A truncation makes no shape, so only its id tells that it was told before.
    expect(recorder.repeated).toBe(1);
    const { documents } = recorder;
    expect(new StoredShapes(documents, 'tested').versions(`${database.name}.remade`)).toHaveLength(
      3,
    );
  });
});

test('a row right behind its ALTER finds the change told', async () => {
  await using database = await freshMysqlDatabase();
  const tables = Array.from({ length: 5 }, (_, i) => `at_once_${i}`);
  for (const name of tables) await database.query(`CREATE TABLE ${name} (id INT PRIMARY KEY)`);
  const recorder = new AlertRecorder(flavor === 'mariadb' ? 'mariadb' : 'mysql');
  const listener = recorder.listener();
  const late: string[] = [];
  let isStreaming = false;
  const onSchema = ({ table: { id, columns } }: SchemaChange): void => {
    const told = listener.known(`${id.schema}.${id.table}`)?.shape?.columns.length;
    if (isStreaming && told !== columns.length) late.push(`${id.table}: ${String(told)}`);
  };
  const options = mysqlSourceOptions(database, { topicPrefix: database.name });
  const shapes = { shapes: listener, onSchema };
  await using run = startReader(options, newReaderState(), shapes);
  await until(() => run.reader.status().phase === 'streaming');
  isStreaming = true;
  for (const name of tables) {
    await database.query(`ALTER TABLE ${name} ADD c INT; INSERT INTO ${name} VALUES (1, 1)`);
  }
  await until(() => run.told.length === tables.length);
  expect(late).toEqual([]);
  expect(tables.map((name) => recorder.of(name).map((event) => event.class))).toEqual(
    tables.map(() => ['schema.column_added']),
  );
});
