import { expect, test } from 'vitest';

import { Daemon } from '../support/daemon.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import type { TypeCase } from '../support/basic-type-cases.ts';
import { BASIC_TYPE_CASES } from '../support/basic-type-cases.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { MORE_TYPE_CASES, MORE_TYPES_SCHEMA } from '../support/more-type-cases.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261121);
const RANDOM_ROWS = 200;

/** `npm run test:all`: every major version; otherwise the newest. */
const MAJORS = process.env['TIDEMARK_TEST_ALL'] === '1' ? [14, 15, 16, 17, 18] : [18];

type Cases = readonly TypeCase[];

function schemaOf(cases: Cases): string {
  const columns = cases.flatMap((kind, i) => [
    `c${i} ${kind.type}`,
    ...(kind.scalarOnly === true ? [] : [`a${i} ${kind.type}[]`]),
  ]);
  return `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'so, so "fine"');
  ${MORE_TYPES_SCHEMA}
  CREATE TABLE every_type (id int PRIMARY KEY, ${columns.join(', ')});
  CREATE TABLE not_null (id bigint PRIMARY KEY, n numeric(10,2) NOT NULL DEFAULT 1.5,
    t text NOT NULL DEFAULT 'it''s');
`;
}

/** Boundary row number n: each column takes its own n-th boundary, then nulls, then empties. */
function insertBoundary(cases: Cases, id: number, n: number): string {
  const names: string[] = [];
  const values: string[] = [];
  cases.forEach((kind, i) => {
    const value = kind.boundaries[n];
    names.push(`c${i}`);
    values.push(value === undefined ? 'NULL' : cast(value, kind));
    if (kind.scalarOnly === true) return;
    names.push(`a${i}`);
    values.push(value === undefined ? (n % 2 === 0 ? `'{}'` : 'NULL') : arrayOf(kind, value));
  });
  return `INSERT INTO every_type (id, ${names.join(', ')}) VALUES (${id}, ${values.join(', ')})`;
}

function cast(literal: string, kind: TypeCase): string {
  return `CAST(${literal} AS ${kind.type})`;
}

function arrayOf(kind: TypeCase, value: string): string {
  const others = kind.boundaries.map((other) => cast(other, kind));
  return `ARRAY[${[cast(value, kind), `NULL::${kind.type}`, ...others].join(', ')}]`;
}

function insertRandom(cases: Cases, firstId: number, count: number): string {
  const names = cases.map((_, i) => `c${i}`);
  const values = cases.map((kind) => `(${kind.random})::${kind.type}`);
  return `INSERT INTO every_type (id, ${names.join(', ')})
    SELECT g, ${values.join(', ')} FROM generate_series(${firstId}, ${firstId + count - 1}) g`;
}

test.each(MAJORS)(`PostgreSQL %i: each value arrives as it was (seed ${SEED})`, async (major) => {
  // What the server prints must come out as the same value.
  const cases = [...BASIC_TYPE_CASES, ...MORE_TYPE_CASES].filter(
    ({ since = 14 }) => major >= since,
  );
  await using pipeline = await daemonPipeline({ schema: schemaOf(cases), major });
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  const boundaries = Math.max(...cases.map((kind) => kind.boundaries.length)) + 2;
  const seed = randomFrom(SEED)() * 2 - 1;
  const write = async (firstId: number): Promise<void> => {
    await source.query('SELECT setseed($1)', [seed]);
    for (let n = 0; n < boundaries; n++) await source.query(insertBoundary(cases, firstId + n, n));
    await source.query(insertRandom(cases, firstId + boundaries, RANDOM_ROWS));
  };
  // The same values once by way of the snapshot, once by way of the stream (P104).
  await write(1);
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  await write(10_001);
  await source.query('INSERT INTO not_null VALUES (1, 2.25, $1), (2, DEFAULT, DEFAULT)', ['x']);
  await source.query('INSERT INTO not_null (id) VALUES (3)');
  await daemon.until(
    (status) => status.sinks[0]?.applied === 2 * (boundaries + RANDOM_ROWS) + 3 || parked(status),
  );

  const held = (await daemon.status())?.sinks[0]?.parked;
  if (held?.length !== 0) expect.fail(`${JSON.stringify(held)}\n${daemon.output}`);
  for (const table of ['every_type', 'not_null']) {
    const types = `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull
      FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 ORDER BY attnum`;
    const kept = (await source.query<ColumnRow>(types)).rows.map((row) => inTarget(cases, row));
    expect((await warehouse.query(types)).rows).toEqual(kept);
    // As the database prints them: one column at a time, so that a difference names its type.
    for (const { attname } of kept) {
      const value = shown(cases, attname, table);
      const values = `SELECT id, ${value} AS value FROM ${table} ORDER BY id`;
      const ofSource = values.replace('::text::jsonb', '::json::text::jsonb');
      const [wanted, got] = [await source.query(ofSource), await warehouse.query(values)];
      const kind = cases[Number(attname.slice(1))]?.type ?? attname;
      expect(got.rows, `${table}.${attname} (${kind})`).toEqual(wanted.rows);
    }
  }
  expect(await daemon.stop()).toBe(0);
});

interface ColumnRow {
  readonly attname: string;
  readonly type: string;
  readonly attnotnull: boolean;
}

/** The column as the target has it: of types that only the source has, another type. */
function inTarget(cases: Cases, column: ColumnRow): ColumnRow {
  const kind = cases[Number(column.attname.slice(1))];
  if (kind?.target === undefined || column.attname === 'id') return column;
  return { ...column, type: column.attname.startsWith('a') ? `${kind.target}[]` : kind.target };
}

/**
 * As the database prints the column. Of numeric without scale, records carry the value and not its
 * trailing zeros (as Debezium's VariableScaleDecimal does), so they are taken off on both sides.
 */
function shown(cases: Cases, column: string, table: string): string {
  const kind = cases[Number(column.slice(1))];
  if (kind?.shown !== undefined && table === 'every_type') return kind.shown(`"${column}"`);
  if (table !== 'every_type' || kind?.type !== 'numeric') return `"${column}"::text`;
  return column.startsWith('c')
    ? `trim_scale("${column}")::text`
    : `(SELECT array_agg(trim_scale(e)) FROM unnest("${column}") e)::text`;
}

function parked(status: {
  readonly sinks: readonly { readonly parked: readonly unknown[] }[];
}): boolean {
  return status.sinks.some((sink) => sink.parked.length > 0);
}
