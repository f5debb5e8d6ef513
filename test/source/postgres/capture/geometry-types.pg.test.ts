import { expect, test } from 'vitest';
import { withoutPostgis } from '../../../support/golden-geometry.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import type { ReadRecord } from '../../../support/running-pipeline.ts';
import { runningPipeline } from '../../../support/running-pipeline.ts';

const POINT = '0101000020E6100000000000000000F03F0000000000000040';

const versionsOf = (record: ReadRecord | undefined): unknown =>
  record?.valueSchema?.fields
    ?.find(({ name }) => name === 'after')
    ?.schema.fields?.map(({ schema }) => (schema.valueSchema ?? schema).version ?? null);

test("PostGIS and the server's own shapes share a table under Avro", async () => {
  await using database = await freshDatabase();
  await database.query(
    withoutPostgis(`CREATE EXTENSION IF NOT EXISTS postgis;
      CREATE TABLE plain (id int PRIMARY KEY, g geometry, gs geometry[], earth geography);
      CREATE TABLE mixed (LIKE plain INCLUDING ALL, b box, p path, bs box[]);
      INSERT INTO plain VALUES (1, '${POINT}', ARRAY['${POINT}'::geometry], '${POINT}');
      INSERT INTO mixed VALUES (1, '${POINT}', ARRAY['${POINT}'::geometry], '${POINT}',
        '(1,1),(0,0)', '[(0,0),(1,1)]', '{(1,1),(0,0)}');`),
  );
  await using running = await runningPipeline(database);
  await database.query(`INSERT INTO plain SELECT 2, g, gs, earth FROM plain;
    INSERT INTO mixed SELECT 2, g, gs, earth, b, p, bs FROM mixed;
    ALTER TABLE plain ADD COLUMN l lseg; INSERT INTO plain (id, g) VALUES (3, '${POINT}')`);
  const plain = await running.records('shop.public.plain', 3);
  const mixed = await running.records('shop.public.mixed', 2);
  expect(plain.map(versionsOf)).toEqual([
    [null, 1, 1, 1],
    [null, 1, 1, 1],
    [null, 2, 2, 1, 2],
  ]);
  expect(mixed.map(versionsOf)).toEqual([
    [null, 2, 2, 1, 2, 2, 2],
    [null, 2, 2, 1, 2, 2, 2],
  ]);
  const after = mixed.map(({ value }) => (value as { after: Record<string, unknown> }).after);
  expect(after[0]).toMatchObject({
    g: { srid: 4326, extensions: null },
    b: { srid: null, extensions: { type: 'box' } },
    p: { srid: null, extensions: { type: 'path', closed: 'false' } },
  });
  expect({ ...after[1], id: 1 }).toEqual(after[0]);
});
