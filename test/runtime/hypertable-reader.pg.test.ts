import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { HypertableReader } from '../../src/runtime/hypertable-reader.ts';
import { chunkKey } from '../../src/transform/hypertable-catalog.ts';
import { sourceOptionsFor } from '../support/postgres-source.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freshDatabase } from '../support/postgres.ts';
import { runningPipeline } from '../support/running-pipeline.ts';

/** As much of the extension's catalog as is asked for; the extension is in no package here. */
const CATALOG = `
  CREATE SCHEMA _timescaledb_catalog; CREATE SCHEMA _timescaledb_internal;
  CREATE TABLE _timescaledb_catalog.hypertable (id int PRIMARY KEY, schema_name name,
    table_name name);
  CREATE TABLE _timescaledb_catalog.chunk (id int PRIMARY KEY, hypertable_id int,
    schema_name name, table_name name);
  CREATE TABLE _timescaledb_catalog.continuous_agg (mat_hypertable_id int PRIMARY KEY,
    user_view_schema name, user_view_name name);
  INSERT INTO _timescaledb_catalog.hypertable VALUES (1, 'public', 'conditions'),
    (2, '_timescaledb_internal', '_materialized_hypertable_2');
  INSERT INTO _timescaledb_catalog.continuous_agg VALUES (2, 'public', 'daily');`;

/** A chunk with a row, as one statement list and so one transaction. */
const chunk = (id: number, hypertable: number): string => `
  CREATE TABLE _timescaledb_internal.chunk_${id} (id int PRIMARY KEY);
  INSERT INTO _timescaledb_catalog.chunk
    VALUES (${id}, ${hypertable}, '_timescaledb_internal', 'chunk_${id}');
  INSERT INTO _timescaledb_internal.chunk_${id} VALUES (${id});`;

const SOURCE = {
  'publication.autocreate.mode': 'all_tables',
  'table.include.list': '_timescaledb_internal\\..*,public\\..*',
  'key.converter': 'json',
  'value.converter': 'json',
  'heartbeat.interval.ms': 0,
  transforms: 'ts',
  'transforms.ts.type': 'io.debezium.connector.postgresql.transforms.timescaledb.TimescaleDb',
  'transforms.ts.database.hostname': 'elsewhere',
  'transforms.ts.target.topic.prefix': 'ts',
};

function readerOf(database: TestDatabase): HypertableReader {
  return new HypertableReader(() => sourceOptionsFor(database).connection, systemClock);
}

const { signal } = new AbortController();

describe('the catalog of hypertables', () => {
  test('is read with its aggregates', async () => {
    await using database = await freshDatabase();
    await database.query(CATALOG + chunk(1, 1) + chunk(3, 2));
    const found = await readerOf(database).load(null, signal);
    const key = (table: string): string => chunkKey({ schema: '_timescaledb_internal', table });
    expect([...found]).toEqual([
      [key('chunk_1'), { hypertable: { schema: 'public', table: 'conditions' }, aggregate: null }],
      [
        key('chunk_3'),
        {
          hypertable: { schema: '_timescaledb_internal', table: '_materialized_hypertable_2' },
          aggregate: { schema: 'public', table: 'daily' },
        },
      ],
    ]);
  });

  test('that is not there is told with what to do', async () => {
    await using database = await freshDatabase();
    await expect(readerOf(database).load(null, signal)).rejects.toMatchObject({
      code: 'TRANSFORM',
      message: expect.stringContaining('_timescaledb_catalog') as string,
      cure: expect.stringContaining('CREATE EXTENSION timescaledb') as string,
    });
  });
});

test('rows of chunks, also of new ones, are in the topics of their hypertables', async () => {
  await using database = await freshDatabase();
  await database.query(`${CATALOG}${chunk(1, 1)}${chunk(3, 2)}
    CREATE TABLE plain (id int PRIMARY KEY); INSERT INTO plain VALUES (9)`);
  await using running = await runningPipeline(database, { source: SOURCE });
  // The chunk is made in the transaction of its first row; a plain table comes behind it.
  await database.query(`${chunk(4, 1)} INSERT INTO plain VALUES (10);`);
  await database.query('UPDATE _timescaledb_internal.chunk_4 SET id = id');
  const conditions = await running.records('ts.public.conditions', 3);
  expect(
    conditions.map(({ value, headers }) => {
      const { op, after, source } = value as {
        op: string;
        after: { id: number };
        source: { schema: string; table: string };
      };
      const from = headers['__debezium_timescaledb_chunk_table'];
      return [op, after.id, `${source.schema}.${source.table}`, from];
    }),
  ).toEqual([
    ['r', 1, 'public.conditions', 'chunk_1'],
    ['c', 4, 'public.conditions', 'chunk_4'],
    ['u', 4, 'public.conditions', 'chunk_4'],
  ]);
  const [daily] = await running.records('ts.public.daily', 1);
  expect(daily?.headers).toMatchObject({
    __debezium_timescaledb_hypertable_table: '_materialized_hypertable_2',
  });
  const plain = await running.records('shop.public.plain', 2);
  expect(plain.map(({ key }) => key)).toEqual([{ id: 9 }, { id: 10 }]);
});
