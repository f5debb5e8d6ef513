import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import type { CatalogRow, TypeInfo } from '../../../dialects/postgres/postgres-catalog.ts';
import { parseTypes, TYPES_QUERY } from '../../../dialects/postgres/postgres-catalog.ts';
import { postgresTypeHolds } from '../../../dialects/postgres/postgres-column-types.ts';
import { sourceTypeParameters } from '../../../dialects/postgres/postgres-source-type.ts';
import { parseText } from '../../../dialects/postgres/postgres-text-values.ts';
import { postgresWidening } from '../../../dialects/postgres/postgres-type-rules.ts';
import { mapPostgresType } from '../../../dialects/postgres/postgres-types.ts';
import { DEFAULT_VALUE_MODES } from '../../../dialects/postgres/postgres-value-modes.ts';
import type { ConnectField, ConnectValue } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, put, sinkOptions } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { WideningCase } from '../../support/widening-cases.ts';
import { WIDENING_CASES } from '../../support/widening-cases.ts';

/*
 * The source's own ALTER is the oracle: rows from before it, rows from before it that come behind
 * the sink's, and rows from after it are what the source has, as the server compares and prints
 * them. Whether rows were written anew is told by the file of the table.
 */

const SESSION = `SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC';
  SET bytea_output = 'hex'; SET extra_float_digits = 3`;
/** Values of every kind as they are. */
const MODES = { ...DEFAULT_VALUE_MODES, interval: 'string', decimal: 'string' } as const;

const CASES = WIDENING_CASES.filter(({ since = 14 }) => inject('postgres').major >= since);

let database: TestDatabase;
const types = new Map<number, TypeInfo>();

beforeAll(async () => {
  database = await freshDatabase();
  await database.query(
    `CREATE SCHEMA src; CREATE TYPE mood AS ENUM ('sad', 'happy, or not', 'it''s')`,
  );
  const rows = await database.query<{ row: CatalogRow }>(
    `SELECT (SELECT jsonb_object_agg(key, value #>> '{}') FROM jsonb_each(to_jsonb(q))) AS row
     FROM (${TYPES_QUERY}) q`,
  );
  for (const type of parseTypes(rows.map(({ row }) => row))) types.set(type.oid, type);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const texts = (values: readonly string[]): string =>
  values.map((value) => `('${value.replaceAll("'", "''")}')`).join(', ');

/** The column of the source as its records have it now, and how its values are read. */
async function sourceColumn(table: string) {
  const [found] = await database.query<{ oid: string; typmod: number; text: string }>(
    `SELECT atttypid::int8::text AS oid, atttypmod AS typmod, format_type(atttypid, atttypmod)
       AS text FROM pg_attribute WHERE attrelid = 'src.${table}'::regclass AND attname = 'v'`,
  );
  const info = {
    typeOid: Number(found?.oid),
    typmod: Number(found?.typmod),
    typeText: String(found?.text),
    dimensions: 1,
  };
  const lookup = (oid: number): TypeInfo | undefined => types.get(oid);
  const mapped = mapPostgresType(info, lookup, MODES);
  if (!mapped.supported) throw new Error(`${info.typeText} is not supported`);
  const { schema, format } = mapped;
  const parameters = {
    ...schema.parameters,
    ...sourceTypeParameters({ ...info, name: 'v' }, lookup),
  };
  const field: ConnectField = { name: 'v', schema: { ...schema, optional: true, parameters } };
  const read = (text: string | null): ConnectValue =>
    text === null ? null : parseText(format, schema, text);
  return { field, read };
}

const id = column('id', 'integer', { type: 'int32', optional: false });

/** Records of the rows with these ids, as the source has them. */
async function recordsOf(topic: SinkTopic, table: string, where: string): Promise<SinkRecord[]> {
  const { field, read } = await sourceColumn(table);
  topic.alter({ columns: [id, field] });
  const rows = await database.query<{ id: number; v: string | null }>(
    `${SESSION}; SELECT id, CASE WHEN v IS NOT NULL THEN format('%s', v) END AS v
     FROM src.${table} WHERE ${where} ORDER BY id`,
  );
  return rows.map((row) => topic.read({ id: row.id, v: read(row.v) }));
}

async function fileOf(table: string): Promise<unknown> {
  const [row] = await database.query(`SELECT pg_relation_filenode('public.${table}') AS file`);
  return row?.['file'];
}

async function differences(table: string): Promise<unknown> {
  return database.query(
    `${SESSION}; SELECT id, s.v::text AS source, t.v::text AS target
     FROM src.${table} s FULL JOIN public.${table} t USING (id)
     WHERE s.v::text IS DISTINCT FROM t.v::text OR pg_column_size(s.v) IS DISTINCT FROM
       pg_column_size(t.v)`,
  );
}

describe('every widening keeps every value', () => {
  test.each(
    CASES.flatMap((entry, i) =>
      [true, false].map((keyed) => ({
        entry,
        keyed,
        table: `t${i}_${keyed ? 'keyed' : 'bag'}`,
        title: `${entry.from} → ${entry.to}${keyed ? '' : ', without a key'}`,
      })),
    ),
  )('$title', async ({ entry, keyed, table }) => {
    await makeSource(table, entry);
    const topic = new SinkTopic({ table, columns: [id], key: keyed ? ['id'] : [] });
    const told: string[] = [];
    const options = sinkOptions(database, { name: table });
    await using sink = createSqlSink(options, (_statement, effect) => told.push(effect));
    await sink.start(never);
    await put(sink, await recordsOf(topic, table, 'id % 2 = 0'));
    const early = await recordsOf(topic, table, 'id % 2 = 1');
    const gone = await recordsOf(topic, table, 'id <= 2');
    const before = await fileOf(table);
    await alterSource(table, entry);
    const late = await recordsOf(topic, table, 'id > 1000');
    // New, old, new: what was read by the older schema comes also behind the ALTER.
    await put(sink, [...late.slice(0, 1), ...early, ...late.slice(1)]);
    expect(sink.status().parked).toEqual([]);
    const [made] = await database.query(
      `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = 'public.${table}'::regclass AND attname = 'v'`,
    );
    expect(made?.['type']).toBe(entry.to);
    expect(await differences(table)).toEqual([]);
    const wasKept = (await fileOf(table)) === before;
    expect(wasKept).toBe(entry.inCatalog === true);
    const cost = wasKept ? 'only the catalog changes' : 'every row is written anew';
    expect(told.at(-1)).toContain(cost);
    await removed(table, gone, sink);
  });

  /** Deletes that were read by the older schema find the rows, although they are others now. */
  async function removed(
    table: string,
    gone: readonly SinkRecord[],
    sink: Parameters<typeof put>[0],
  ): Promise<void> {
    const topic = gone.map((record) => asDelete(record));
    await put(sink, topic);
    expect(sink.status().parked).toEqual([]);
    await database.query(`DELETE FROM src.${table} WHERE id <= 2`);
    expect(await differences(table)).toEqual([]);
  }
});

/** The record of a row as that of its delete, one later in the log. */
function asDelete(record: SinkRecord): SinkRecord {
  const value = record.value;
  if (value === null) throw new Error('no row');
  const [, after, source] = value.values;
  const values = [after ?? null, null, source ?? null, 'd'];
  return { ...record, offset: record.offset + 1_000_000, value: { ...value, values } };
}

async function makeSource(table: string, { from, values }: WideningCase): Promise<void> {
  // Each value twice: one row comes before the sink's ALTER, the other behind it.
  await database.query(
    `${SESSION}; CREATE TABLE src.${table} (id serial PRIMARY KEY, v ${from});
     INSERT INTO src.${table} (v) SELECT v::${from}
     FROM (VALUES ${texts(values)}, (NULL)) AS given (v), generate_series(1, 2)`,
  );
}

async function alterSource(table: string, { to, wider }: WideningCase): Promise<void> {
  await database.query(
    `${SESSION}; ALTER TABLE src.${table} ALTER v TYPE ${to};
     INSERT INTO src.${table} (id, v)
     SELECT 1000 + row_number() OVER (), v::${to} FROM (VALUES ${texts(wider)}) AS given (v)`,
  );
}

/** All types that stand in the rules, and some that do not. */
const OTHERS = ['boolean', 'uuid', 'bytea', 'json', 'jsonb', 'date', 'money', 'xml', '"char"'];
const TYPES = new Set([...WIDENING_CASES.flatMap(({ from, to }) => [from, to]), ...OTHERS]);

const wanted = (ddl: string) => ({
  ddl,
  enumType: ddl.startsWith('mood') ? { name: 'mood', labels: [] } : null,
  exact: true,
});

test('what a column is widened into holds all that it had, and never the other way round', () => {
  const widened: string[] = [];
  for (const from of TYPES) {
    const had = { type: from, generated: false, isEnum: from.startsWith('mood') } as TargetColumn;
    for (const to of TYPES) {
      const type = wanted(to);
      if (type.enumType !== null || postgresWidening(had, type) === null) continue;
      widened.push(`${from} → ${to}`);
      expect.soft(postgresTypeHolds(to, wanted(from)), `${to} holds ${from}`).toBe(true);
      expect.soft(postgresTypeHolds(from, wanted(to)), `${from} holds ${to}`).toBe(false);
    }
  }
  expect(widened).toEqual(
    expect.arrayContaining(WIDENING_CASES.map(({ from, to }) => `${from} → ${to}`)),
  );
});

test.each([
  ['date', 'timestamp without time zone', 'a date may lie later, and midnight is not meant'],
  ['timestamp without time zone', 'timestamp with time zone', 'whose zone?'],
  ['bigint', 'double precision', 'more than 53 bits'],
  ['integer', 'real', 'more than 24 bits'],
  ['real', 'numeric', 'the server rounds'],
  ['numeric(10,2)', 'numeric(10,4)', 'two digits fewer in front of the point'],
  ['numeric', 'numeric(1000,100)', 'no end'],
  ['bit(4)', 'bit(8)', 'filled up'],
  ['text', 'character varying(1000)', 'longer ones'],
  ['integer', 'text', 'another kind'],
  ['json', 'jsonb', 'blanks and duplicate keys'],
  ['integer', 'bigint[]', 'no array'],
  ['bigint', 'integer', 'narrower'],
])('%s does not become %s: %s', (from, to) => {
  const had = { type: from, generated: false } as TargetColumn;
  expect(postgresWidening(had, wanted(to))).toBeNull();
});

test('a domain is no enum, and a generated column is written by nobody', () => {
  const had = { type: 'public.mood', generated: false, isEnum: false } as TargetColumn;
  expect(postgresWidening(had, wanted('text'))).toBeNull();
  const generated = { type: 'integer', generated: true } as TargetColumn;
  expect(postgresWidening(generated, wanted('bigint'))).toBeNull();
});
