import type { ServerFlavor, ServerSeries } from '../../src/demo/mysql-programs.ts';
import type { TypeCase } from './basic-type-cases.ts';
import { BASIC_TYPE_CASES } from './basic-type-cases.ts';
import { MORE_TYPE_CASES, MORE_TYPES_SCHEMA } from './more-type-cases.ts';
import type { MysqlArrival } from './mysql-arrivals.ts';
import { mysqlArrivals } from './mysql-arrivals.ts';
import { postgresArrival } from './postgres-arrivals.ts';
import type { Family, ValueKind } from './value-texts.ts';

/** A column of a table with all types, and what becomes of it. */
export interface TypedColumn {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly kind: ValueKind;
  /** It is an array, and elements are of this kind. */
  readonly isArray: boolean;
  readonly arrives: (family: Family) => string;
}

/** A table whose second row these families refuse. */
export interface RefusedTable {
  readonly table: string;
  readonly value: string;
  readonly by: readonly Family[];
}

/** Tables with every type of a family, and one for each value that others have none for. */
export interface TypeTables {
  readonly schema: string;
  readonly columns: readonly TypedColumn[];
  readonly refused: readonly RefusedTable[];
  /** Statements that write each value once, from this id on. */
  write(firstId: number): string;
  readonly refusedRows: string;
}

const RANDOM_ROWS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 200 : 20;

/** Of a PostgreSQL of this major version. */
export function postgresTables(major: number): TypeTables {
  const cases = [...BASIC_TYPE_CASES, ...MORE_TYPE_CASES].filter(
    ({ since = 14 }) => major >= since,
  );
  const kept = cases.map((each) => {
    const { refused = [], refusedByMysql = [] } = postgresArrival(each.type);
    const isRefused = (value: string): boolean => [...refused, ...refusedByMysql].includes(value);
    return { ...each, boundaries: each.boundaries.filter((value) => !isRefused(value)) };
  });
  const refused = cases.flatMap(({ type }): Refusal[] => {
    const arrival = postgresArrival(type);
    const of = (values: readonly string[] = [], by: readonly Family[]): Refusal[] =>
      values.map((value) => ({ type, value, by }));
    return [...of(arrival.refused, ['mysql', 'mariadb']), ...of(arrival.refusedByMysql, ['mysql'])];
  });
  const ofArrays: Refusal = {
    type: 'double precision[]',
    value: "'{1,NaN}'",
    by: ['mysql', 'mariadb'],
  };
  const scalars = kept.map(({ type }, i) => `c${i} ${type}`);
  return {
    ...refusedTables([...refused, ofArrays]),
    schema: `CREATE TYPE mood AS ENUM ('sad', 'ok', 'so, so "fine"');
      ${MORE_TYPES_SCHEMA}
      CREATE TABLE scalars (id int PRIMARY KEY, ${scalars.join()});
      CREATE TABLE arrays (id int PRIMARY KEY, ${arraysOf(kept).join()});
      ${refusedTables([...refused, ofArrays]).schema}`,
    columns: kept.flatMap((each, i) => postgresColumns(each, i)),
    write: (firstId) => postgresRows(kept, firstId),
  };
}

interface Refusal {
  readonly type: string;
  readonly value: string;
  readonly by: readonly Family[];
}

function refusedTables(
  refusals: readonly Refusal[],
): Pick<TypeTables, 'schema' | 'refused' | 'refusedRows'> {
  const tables = refusals.map((each, i) => ({ ...each, table: `refused_${i}` }));
  return {
    schema: tables
      .map(({ table, type }) => `CREATE TABLE ${table} (id int PRIMARY KEY, v ${type})`)
      .join(';\n'),
    refused: tables.map(({ table, type, value, by }) => ({ table, value: `${type} ${value}`, by })),
    refusedRows: tables
      .map(({ table, value }) => `INSERT INTO ${table} VALUES (1, NULL), (2, ${value})`)
      .join(';\n'),
  };
}

function arraysOf(cases: readonly TypeCase[]): readonly string[] {
  return cases.flatMap(({ type, scalarOnly }, i) => (scalarOnly === true ? [] : `a${i} ${type}[]`));
}

function postgresColumns({ type, scalarOnly }: TypeCase, i: number): readonly TypedColumn[] {
  const { kind, type: arrives } = postgresArrival(type);
  const of = (wanted: string) => (family: Family) =>
    family === 'mariadb' && wanted === 'json' ? 'longtext' : wanted;
  const isDomainOfArray = kind === 'list' && type === 'd_numbers';
  const scalar = { table: 'scalars', name: `c${i}`, type, kind };
  const column = { ...scalar, isArray: isDomainOfArray, arrives: of(arrives) };
  if (scalarOnly === true) return [column];
  const elements = kind;
  const array = {
    table: 'arrays',
    name: `a${i}`,
    type: `${type}[]`,
    kind: elements,
    isArray: true,
  };
  return [column, { ...array, arrives: of('json') }];
}

/** Row n has the n-th value of each column, then come NULLs, then values made at random. */
function postgresRows(cases: readonly TypeCase[], firstId: number): string {
  const rows = Math.max(...cases.map(({ boundaries }) => boundaries.length)) + 1;
  const cast = (literal: string, type: string): string => `CAST(${literal} AS ${type})`;
  const statements = Array.from({ length: rows }, (_, n) => {
    const scalars = cases.map(({ type, boundaries }) => {
      const value = boundaries[n];
      return value === undefined ? 'NULL' : cast(value, type);
    });
    const arrays = cases.flatMap(({ type, boundaries, scalarOnly }) => {
      if (scalarOnly === true) return [];
      const value = boundaries[n];
      if (value === undefined) return n % 2 === 0 ? "'{}'" : 'NULL';
      const others = boundaries.map((other) => cast(other, type));
      return `ARRAY[${[cast(value, type), `NULL::${type}`, ...others].join()}]`;
    });
    return `INSERT INTO scalars VALUES (${[firstId + n, ...scalars].join()});
      INSERT INTO arrays VALUES (${[firstId + n, ...arrays].join()});`;
  });
  const random = cases.map((each) => `(${each.random})::${each.type}`);
  return `SELECT setseed(0.5); ${statements.join('\n')}
    INSERT INTO scalars SELECT g, ${random.join()}
      FROM generate_series(${firstId + rows}, ${firstId + rows + RANDOM_ROWS - 1}) g`;
}

/** Of a MySQL or MariaDB. */
export function mysqlTables(flavor: ServerFlavor, series: ServerSeries): TypeTables {
  const arrivals = mysqlArrivals(flavor, series);
  const byFamily: readonly Refusal[] = [
    { type: 'text', value: String.raw`'a\0b'`, by: ['postgres'] },
  ];
  const columns = arrivals.map(({ name, type }) => `${name} ${type} NULL`);
  const refused = refusedTables(byFamily);
  return {
    ...refused,
    schema: `CREATE TABLE scalars (id int PRIMARY KEY, ${columns.join()}); ${refused.schema}`,
    columns: arrivals.map(mysqlColumn),
    write: (firstId) => mysqlRows(arrivals, firstId),
  };
}

function mysqlColumn(arrival: MysqlArrival): TypedColumn {
  const { name, type, kind, postgres, other = type } = arrival;
  return {
    table: 'scalars',
    name,
    type,
    kind,
    isArray: false,
    arrives: (family) => {
      if (family === 'postgres') return postgres;
      return family === 'mariadb' && other === 'json' ? 'longtext' : other;
    },
  };
}

function mysqlRows(arrivals: readonly MysqlArrival[], firstId: number): string {
  const rows = Math.max(...arrivals.map(({ values }) => values.length)) + 1;
  return Array.from({ length: rows }, (_, n) => {
    const values = arrivals.map(({ values: all }) => all[n] ?? 'NULL');
    return `INSERT INTO scalars VALUES (${[firstId + n, ...values].join()})`;
  }).join(';');
}
