import { expect, test } from 'vitest';
import { tablesQuery } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  columnExtrasQuery,
  parseColumnExtras,
} from '../../../../dialects/postgres/postgres-table-shapes.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import {
  seenTables,
  TableShapeReader,
} from '../../../../src/source/postgres/stream/table-shape-reader.ts';
import { catalogRows } from '../../../../src/source/postgres/wire/catalog-session.ts';
import { PostgresWire } from '../../../../src/source/postgres/wire/postgres-wire.ts';
import { connectionTo, sourceOptionsFor } from '../../../support/postgres-source.ts';
import { freshDatabase } from '../../../support/postgres.ts';

test('a shape is the same read from the catalog, or told by who prints schemas', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE FUNCTION next_word() RETURNS text LANGUAGE sql AS $$ SELECT 'word' $$;
    CREATE TABLE t (id serial PRIMARY KEY, m mood DEFAULT 'ok', ms mood[],
      w text DEFAULT next_word(),
      at timestamptz DEFAULT '2020-01-01 00:00:00+00', n numeric(8,2) NOT NULL)`);
  const { signal } = new AbortController();
  const session = { replication: false, applicationName: 'test' };
  const connection = connectionTo(database);
  await using wire = await PostgresWire.connect(connection, session, signal, systemClock);
  const reader = new TableShapeReader(sourceOptionsFor(database), {
    listed: () => null,
    sendsGenerated: () => false,
  });
  const [named, ...others] = (await seenTables(wire, [])).tables;
  expect(others).toEqual([]);
  const oid = named?.oid ?? 0;
  const read = (await reader.read(wire, [oid])).get(oid);
  expect(read?.shape.columns.map((column) => column.default)).toEqual([
    "nextval('t_id_seq'::regclass)",
    "'ok'::mood",
    null,
    'next_word()',
    "'2020-01-01 00:00:00+00'::timestamp with time zone",
    null,
  ]);
  const extras =
    parseColumnExtras(await catalogRows(wire, columnExtrasQuery([oid]))).get(oid) ?? {};
  const asOther = `SET search_path = pg_catalog; ${tablesQuery(`c.oid = ${oid}`)}`;
  const [row = {}] = await catalogRows(wire, asOther);
  await wire.query('RESET search_path');
  expect(row['columns']).toContain('public.mood');
  // Of another digest, so that it has to be taken as it was told.
  const told = { named: { ...seen(oid), digest: 'older' }, row, extras };
  expect((await reader.told(wire, new Map([[oid, told]]))).get(oid)).toEqual(read);
  await database.query('DROP TABLE t');
  expect((await reader.told(wire, new Map([[oid, told]]))).get(oid)?.shape).toEqual(read?.shape);
});

function seen(oid: number) {
  return { oid, schema: 'public', table: 't', isPartition: false };
}
