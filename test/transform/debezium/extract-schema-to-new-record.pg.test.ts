import { expect, test } from 'vitest';
import { freshDatabase } from '../../support/postgres.ts';
import { runningPipeline } from '../../support/running-pipeline.ts';

const DEBEZIUM = {
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  'publication.autocreate.mode': 'filtered',
};

test.each([
  ['json', {}],
  ['avro', {}],
  ['json', DEBEZIUM],
])('sourceSchema tells the columns as the server has them (%s, %o)', async (format, own) => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE t (id int PRIMARY KEY, name varchar(40), price numeric(10,2));
    INSERT INTO t VALUES (1, 'a', 1.5)`);
  await using running = await runningPipeline(database, {
    source: {
      ...own,
      'column.propagate.source.type': '.*',
      'key.converter': format,
      'value.converter': format,
      transforms: 'schema',
      'transforms.schema.type': 'io.debezium.transforms.ExtractSchemaToNewRecord',
    },
  });
  await database.query('ALTER TABLE t ADD more text; DELETE FROM t');
  const records = await running.records('shop.public.t', 3);
  const columns = records.map(({ value }) => {
    const told = (value as { sourceSchema?: { table: { columns: { name: string }[] } } } | null)
      ?.sourceSchema;
    return told?.table.columns;
  });
  const id = { name: 'id', typeName: 'INT4', length: 10, scale: 0, comment: null };
  const name = { name: 'name', typeName: 'VARCHAR', length: 40, scale: 0, comment: null };
  const price = { name: 'price', typeName: 'NUMERIC', length: 10, scale: 2, comment: null };
  expect(columns[0]).toEqual([id, name, price]);
  expect(columns[1]?.map((column) => column.name)).toEqual(['id', 'name', 'price', 'more']);
  expect(columns[2]).toBeUndefined();
  expect(records[1]?.value).toMatchObject({ op: 'd', sourceSchema: { id: 't' } });
});
