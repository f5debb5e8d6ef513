import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from 'vitest';
import { must } from '../../src/foundation/assert.ts';
import { mysqlArrivals } from '../support/mysql-arrivals.ts';
import { postgresArrival } from '../support/postgres-arrivals.ts';
import { sqliteArrival, UNUSUAL_VALUES } from '../support/sqlite-arrivals.ts';
import { BASIC_TYPE_CASES } from '../support/basic-type-cases.ts';
import { MORE_TYPE_CASES } from '../support/more-type-cases.ts';
import type { SourceType } from '../support/type-mapping.ts';
import { SOURCES, TARGETS, typeCell } from '../support/type-mapping.ts';
import type { Family } from '../support/value-texts.ts';

/*
 * The table of the docs is computed; the lists of what arrives where are held to real servers by
 * the oracles of test/e2e. Here both are held to each other, cell by cell.
 */

const POSTGRES_CASES = new Map(
  [...BASIC_TYPE_CASES, ...MORE_TYPE_CASES].map((each) => [each.type, each] as const),
);

function seen(family: Family, type: string, target: string): string {
  const isArray = family === 'postgres' && type.endsWith('[]') && !type.endsWith('[][]');
  if (target === 'SQLite') {
    const isList = isArray || type === 'd_numbers';
    return sqliteArrival(family, type, isList);
  }
  if (family === 'postgres') return postgresSeen(type, isArray, target);
  const series = family === 'mysql' ? '9.7' : '11.4';
  const arrival = mysqlArrivals(family, series).find((each) => each.type === type);
  if (target === 'PostgreSQL') return arrival?.postgres ?? '';
  const other = arrival?.other ?? type;
  return target === 'MariaDB' && other === 'json' ? 'longtext' : other;
}

function postgresSeen(type: string, isArray: boolean, target: string): string {
  if (target === 'PostgreSQL') {
    const element = isArray ? type.slice(0, -2) : type;
    return (POSTGRES_CASES.get(element)?.target ?? element) + (isArray ? '[]' : '');
  }
  const wanted = isArray ? 'json' : postgresArrival(type).type;
  return target === 'MariaDB' && wanted === 'json' ? 'longtext' : wanted;
}

/** Literals that servers were seen to refuse. */
function seenRefused(family: Family, type: string, target: string): readonly string[] {
  if (family !== 'postgres') {
    const isText = target === 'PostgreSQL' && /^(?:tiny|medium|long)?text$/.test(type);
    return isText ? [String.raw`a\0b`] : [];
  }
  const { refused = [], refusedByMysql = [] } = postgresArrival(type);
  switch (target) {
    case 'MySQL':
      return [...refused, ...refusedByMysql];
    case 'MariaDB':
      return refused;
    case 'SQLite':
      return [...refused, ...refusedByMysql].filter(
        (value) => UNUSUAL_VALUES[`${type} ${value}`] === null,
      );
    default:
      return [];
  }
}

const CHECKED = ['PostgreSQL', 'MySQL', 'MariaDB', 'SQLite'];

describe.for(Object.entries(SOURCES) as [Family, readonly SourceType[]][])(
  'from %s',
  ([family, types]) => {
    test.for(TARGETS.filter(({ name }) => CHECKED.includes(name)))('into $name', (target) => {
      const cells = types.map((source) => ({ source, cell: typeCell(source, target) }));
      expect(cells.map(({ source, cell }) => `${source.type}: ${cell.type}`)).toEqual(
        types.map(({ type }) => `${type}: ${seen(family, type, target.name)}`),
      );
      for (const { source, cell } of cells) {
        expect(
          cell.refused.map(({ value }) => value).toSorted(),
          `${source.type} into ${target.name}`,
        ).toEqual(seenRefused(family, source.type, target.name).toSorted());
      }
    });
  },
);

test('DuckDB has each type by the name that stands there', async () => {
  const target = must(
    TARGETS.find(({ name }) => name === 'DuckDB'),
    'target',
  );
  const types = Object.values(SOURCES).flatMap((sources) =>
    sources.map((source) => typeCell(source, target).type),
  );
  const wanted = [...new Set(types)];
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const columns = wanted.map((type, i) => `c${i} ${type}`).join(', ');
    await connection.run(`CREATE TABLE t (${columns})`);
    const found = await connection.runAndReadAll(
      "SELECT data_type FROM duckdb_columns() WHERE table_name = 't' ORDER BY column_index",
    );
    expect(found.getRowsJson().flat()).toEqual(wanted);
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
});

test('a type of another name is the same only where it holds the same', () => {
  const kind = (family: Family, type: string, target: string): string => {
    const source = SOURCES[family].find((each) => each.type === type);
    const at = TARGETS.find(({ name }) => name === target);
    return source === undefined || at === undefined ? '' : typeCell(source, at).kind;
  };
  expect(kind('postgres', 'integer', 'MySQL')).toBe('exact');
  expect(kind('postgres', 'numeric(12,2)', 'MariaDB')).toBe('exact');
  expect(kind('postgres', 'timestamp with time zone', 'MySQL')).toBe('lossless');
  expect(kind('mysql', 'datetime(3)', 'PostgreSQL')).toBe('exact');
  expect(kind('mysql', 'int unsigned', 'PostgreSQL')).toBe('lossless');
  expect(kind('mysql', 'bigint', 'SQLite')).toBe('exact');
  expect(kind('postgres', 'numeric(12,2)', 'DuckDB')).toBe('exact');
  expect(kind('mysql', 'tinyint(1)', 'DuckDB')).toBe('lossless');
  expect(kind('postgres', 'character varying(40)', 'DuckDB')).toBe('lossless');
});
