import { describe, expect, test } from 'vitest';
import type { ConnectSchema } from '../../../../src/model/connect-schema.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import type { ReadRecord } from '../../../support/running-pipeline.ts';
import { runningPipeline } from '../../../support/running-pipeline.ts';

const fieldOf = (record: ReadRecord | undefined, name: string): ConnectSchema | undefined =>
  record?.valueSchema?.fields
    ?.find((field) => field.name === 'after')
    ?.schema.fields?.find((field) => field.name === name)?.schema;

describe('message.key.columns', () => {
  test('another order, a keyless table, a moved row, a key that is not told', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE item (id int PRIMARY KEY, "Odd name" text NOT NULL, n int);
      ALTER TABLE item REPLICA IDENTITY FULL;
      CREATE TABLE log (a int, b text); ALTER TABLE log REPLICA IDENTITY FULL;
      CREATE TABLE other (id int PRIMARY KEY, n int);
      INSERT INTO item VALUES (1, 'x', 5); INSERT INTO log VALUES (1, NULL);`);
    await using running = await runningPipeline(database, {
      source: {
        'key.converter': 'json',
        'value.converter': 'json',
        'message.key.columns': 'PUBLIC\\.ITEM:Odd name,id;public\\.(log|none):b;.*\\.other:n',
      },
    });
    await database.query(`UPDATE item SET "Odd name" = 'y'; DELETE FROM item;
      INSERT INTO other VALUES (1, 1); UPDATE other SET n = 2; DELETE FROM other`);
    const items = await running.records('shop.public.item', 6);
    expect(items.map(({ key }) => key)).toEqual(
      ['x', 'x', 'x', 'y', 'y', 'y'].map((odd) => ({ Odd_name: odd, id: 1 })),
    );
    expect(items[3]?.headers['__debezium.oldkey']).toBe('{"Odd_name":"x","id":1}');
    const [log] = await running.records('shop.public.log', 1);
    expect(log?.key).toEqual({ b: null });
    // The old row does not tell this key, and everybody is told so.
    const others = await running.records('shop.public.other', 4);
    expect(others[2]?.headers['__tidemark.absent']).toBe('["n"]');
    expect(running.lines).toContainEqual(
      expect.stringMatching(
        /^40 the key of public\.other has n, .*"other" REPLICA IDENTITY FULL;$/,
      ),
    );
  });

  test.each([
    ['a column that is not there', 'public\\.item:nope', /names nope, which public\.item does not/],
    [
      'a column that is left out',
      'public\\.item:hidden',
      /hidden belongs to message\.key\.columns/,
    ],
  ])('%s is refused', async (_, keys, message) => {
    await using database = await freshDatabase();
    await database.query(`CREATE TABLE item (id int PRIMARY KEY, hidden text)`);
    await using running = await runningPipeline(database, {
      source: { 'message.key.columns': keys, 'column.exclude.list': '.*\\.hidden' },
    });
    expect(running.pipeline.sourceFailure()?.code).toBe('CONFIG_INVALID');
    expect(running.pipeline.sourceFailure()?.message).toMatch(message);
  });
});

test('source types are told by column, and by type', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE item (id int PRIMARY KEY, price numeric(9,2), name varchar(7));
    INSERT INTO item VALUES (1, 2, 'a')`);
  await using running = await runningPipeline(database, {
    source: {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'publication.autocreate.mode': 'filtered',
      'column.propagate.source.type': 'PUBLIC\\.ITEM\\.PRICE',
      'datatype.propagate.source.type': 'public\\.item\\.varchar',
    },
  });
  const [record] = await running.records('shop.public.item', 1);
  expect(fieldOf(record, 'id')?.parameters).toBeUndefined();
  expect(fieldOf(record, 'price')?.parameters).toMatchObject({
    '__debezium.source.column.type': 'NUMERIC',
    '__debezium.source.column.length': '9',
    '__debezium.source.column.scale': '2',
  });
  expect(fieldOf(record, 'name')?.parameters).toMatchObject({
    '__debezium.source.column.type': 'VARCHAR',
    '__debezium.source.column.length': '7',
  });
});

test.each([
  ['none', 'shop.public.Mixed-Case.Value', ['id', 'ä b', '1st', '_x']],
  ['avro', 'shop.public.Mixed_Case.Value', ['id', '__b', '_1st', '_x']],
  [
    'avro_unicode',
    'shop.public.Mixed_u002dCase.Value',
    ['id', '_u00e4_u0020b', '_u0031st', '_u005fx'],
  ],
])('names under %s', async (mode, name, fields) => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE "Mixed-Case" (id int PRIMARY KEY, "ä b" int,
    "1st" int, _x int);
    INSERT INTO "Mixed-Case" VALUES (1, 2, 3, 4)`);
  await using running = await runningPipeline(database, {
    source: {
      'key.converter': 'json',
      'value.converter': 'json',
      'schema.name.adjustment.mode': mode,
      'field.name.adjustment.mode': mode,
    },
  });
  const [record] = await running.records('shop.public.Mixed-Case', 1);
  const row = record?.valueSchema?.fields?.find((field) => field.name === 'after')?.schema;
  expect(row?.name).toBe(name);
  expect(row?.fields?.map((field) => field.name)).toEqual(fields);
  expect(record?.keySchema?.name).toBe(name.replace('Value', 'Key'));
});

describe('a column of the key that the lists leave out', () => {
  const table = `CREATE TABLE item (id int PRIMARY KEY, n int, hidden text);
    INSERT INTO item VALUES (1, 1, 'x')`;
  const rowOf = (record: ReadRecord): unknown =>
    record.value === null ? null : (record.value as { after: unknown }).after;

  test.each([
    ['json', { 'column.exclude.list': 'public\\.item\\.(id|hidden)' }],
    ['avro', { 'column.include.list': 'public\\.item\\.n' }],
  ])("stays in the key with Debezium's class (%s)", async (converter, lists) => {
    await using database = await freshDatabase();
    await database.query(table);
    await using running = await runningPipeline(database, {
      source: {
        'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
        'publication.autocreate.mode': 'filtered',
        'key.converter': converter,
        'value.converter': converter,
        ...lists,
      },
    });
    await database.query(`UPDATE item SET n = 2; UPDATE item SET id = 2; DELETE FROM item`);
    const records = await running.records('shop.public.item', 7);
    expect(records.map(({ key }) => key)).toEqual([1, 1, 1, 1, 2, 2, 2].map((id) => ({ id })));
    expect(records.map(rowOf)).toEqual([{ n: 1 }, { n: 2 }, null, null, { n: 2 }, null, null]);
    const fields = records[0]?.valueSchema?.fields?.[1]?.schema.fields;
    expect(fields?.map(({ name }) => name)).toEqual(['n']);
    expect(records[4]?.headers['__debezium.oldkey']).toBe('{"id":1}');
    const data = JSON.stringify({ 'data-collections': ['public.item'] });
    await database.query(`INSERT INTO item VALUES (3, 3, 'x')`);
    await running.records('shop.public.item', 8);
    running.pipeline.signal({ id: 's', type: 'execute-snapshot', data });
    const again = await running.records('shop.public.item', 9);
    expect(again.slice(7).map(({ key }) => key)).toEqual([{ id: 3 }, { id: 3 }]);
    expect(again.slice(7).map(rowOf)).toEqual([{ n: 3 }, { n: 3 }]);
    expect(running.lines).toContainEqual(
      expect.stringMatching(/^40 public\.item\.id is left out of the rows, and stays in the key/),
    );
  });

  test('is refused otherwise', async () => {
    await using database = await freshDatabase();
    await database.query(table);
    await using running = await runningPipeline(database, {
      source: { 'column.exclude.list': 'public\\.item\\.id' },
    });
    expect(running.pipeline.sourceFailure()).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('public.item.id belongs to the key') as string,
    });
  });
});
