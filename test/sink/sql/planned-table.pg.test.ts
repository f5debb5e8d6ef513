import { expect, test } from 'vitest';
import { changeColumns } from '../../../src/sink/sql/change-columns.ts';
import { planTargetTable, planUnseenTable } from '../../../src/sink/sql/planned-table.ts';
import type { SchemaEvolution } from '../../../src/sink/sql/sql-sink-options.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import { TableNaming } from '../../../src/sink/sql/table-naming.ts';
import { recordColumns, wantedTable } from '../../../src/sink/sql/wanted-table.ts';
import { must } from '../../../src/foundation/assert.ts';
import { never, put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { postgresSinkTarget } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const mood = column('mood', 'mood', {
  type: 'string',
  name: 'io.debezium.data.Enum',
  parameters: { allowed: 'a,b' },
});
const all = { create: true, evolve: true };

function wantedOf(target: SinkTarget, topic: SinkTopic) {
  const options = target.options();
  const naming = new TableNaming(options, target.dialect.identifierMax);
  const record = topic.insert({ id: 1 });
  const name = must(naming.target(record), 'it names its table');
  const columns = recordColumns(record, naming, options);
  return wantedTable(name, columns, target.dialect, options, changeColumns(options));
}

async function plan(target: SinkTarget, topic: SinkTopic, evolution: SchemaEvolution = all) {
  const session = await target.open();
  try {
    return await planTargetTable(session, target.dialect, evolution, wantedOf(target, topic));
  } finally {
    await session.close();
  }
}

test('what is planned is what the sink then runs, and nothing is left to plan', async () => {
  await using target = await postgresSinkTarget();
  await target.query('CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL)');
  const n = column('n', 'bigint', { type: 'int64' });
  const text = column('later', 'text', { type: 'string' });
  const topic = new SinkTopic({ table: 't', columns: [id, n, text], key: ['id'] });
  const planned = await plan(target, topic);
  expect(planned).toMatchObject({ exists: true, refusal: null });
  expect(planned.statements).toHaveLength(2);
  const told: unknown[] = [];
  const sink = createSqlSink(target.options(), (statement, effect) => {
    told.push({ statement, effect });
  });
  await sink.start(never);
  await put(sink, [topic.insert({ id: 1 })]);
  expect(told).toEqual(planned.statements);
  expect(await plan(target, topic)).toEqual({ exists: true, statements: [], refusal: null });
  await sink[Symbol.asyncDispose]();
});

test('a missing table comes with its schema, its enum types and their labels', async () => {
  await using target = await postgresSinkTarget();
  const topic = new SinkTopic({ table: 't', columns: [id, mood], key: ['id'] });
  const texts = async (): Promise<readonly string[]> =>
    (await plan(target, topic)).statements.map(({ statement }) => statement.split('(')[0] ?? '');
  expect(await texts()).toEqual([
    'CREATE TYPE "public"."mood" AS ENUM ',
    'CREATE TABLE IF NOT EXISTS "public"."t" ',
  ]);
  await target.query("CREATE TYPE mood AS ENUM ('b')");
  expect((await texts())[0]).toBe(
    `ALTER TYPE "public"."mood" ADD VALUE IF NOT EXISTS 'a' BEFORE 'b'`,
  );
  await target.query('DROP SCHEMA public CASCADE');
  expect((await texts())[0]).toBe('CREATE SCHEMA IF NOT EXISTS "public"');
  const unseen = planUnseenTable(target.dialect, all, wantedOf(target, topic));
  expect(unseen.map(({ statement }) => statement.slice(0, 11))).toEqual([
    'CREATE SCHE',
    'CREATE TYPE',
    'CREATE TABL',
  ]);
  const none = { create: false, evolve: false };
  expect(planUnseenTable(target.dialect, none, wantedOf(target, topic))).toEqual([]);
  const { refusal } = await plan(target, topic, none);
  expect(refusal?.cure).toContain('CREATE TABLE');
});

test('a table that cannot be made to fit is a refusal with its cure', async () => {
  await using target = await postgresSinkTarget();
  await target.query('CREATE TABLE t (id integer PRIMARY KEY, v date)');
  const v = column('v', 'integer', { type: 'int32' });
  const topic = new SinkTopic({ table: 't', columns: [id, v], key: ['id'] });
  const { exists, statements, refusal } = await plan(target, topic);
  expect({ exists, statements }).toEqual({ exists: true, statements: [] });
  expect(refusal?.message).toMatch(/has the type date/);
  expect(refusal?.cure).toMatch(/^ALTER TABLE .* USING /);
});
