import type { TargetColumn, TargetDialect } from '../../dialects/dialect.ts';
import { duckdbTarget } from '../../dialects/duckdb/duckdb-target-dialect.ts';
import { mapMysqlType } from '../../dialects/mysql/mysql-types.ts';
import { mysqlTarget } from '../../dialects/mysql/mysql-target-dialect.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../dialects/mysql/mysql-value-modes.ts';
import { postgresTarget } from '../../dialects/postgres/postgres-target-dialect.ts';
import { takenBy } from '../../dialects/sqlite/sqlite-column-types.ts';
import { sqliteTarget } from '../../dialects/sqlite/sqlite-target-dialect.ts';
import { parseText } from '../../dialects/text-values.ts';
import type { ServerFlavor, ServerSeries } from '../../src/demo/mysql-programs.ts';
import { toTidemarkError } from '../../src/foundation/errors.ts';
import type { ColumnSchema } from '../../src/model/table-schema.ts';
import { fieldSchema } from '../../src/source/mysql/stream/mysql-field-schema.ts';
import { BASIC_TYPE_CASES } from './basic-type-cases.ts';
import { MORE_TYPE_CASES } from './more-type-cases.ts';
import { mysqlArrivals } from './mysql-arrivals.ts';
import { MARIADB, MYSQL, tableDefinition } from './mysql-definitions.ts';
import { postgresColumnForm } from './postgres-type-schemas.ts';
import type { Family } from './value-texts.ts';

/*
 * What every type of every source becomes in every target, as our own code makes it: the source's
 * mapping gives the schema, the dialect the column, its encoder says which values it has no place
 * for. `docs/type-mapping.md` is written from it. The same lists of types with their samples go
 * through real servers, which judge the values: families-oracle, sqlite-oracle and value-oracle.
 */

/** A product that tables are written to. A further one is a further line of `TARGETS`. */
export interface TypeTarget {
  readonly name: string;
  readonly dialect: TargetDialect;
  /** `TargetColumn.castType` of a table that the sink made. */
  castType(type: string): string;
  /** What its catalog calls the type, where that is not what DDL calls it. */
  shown?(ddl: string): string;
  /** Values that only the server refuses, and why. */
  readonly refused?: RefusedByServer;
  /** A type of the same name is the same, in capitals. */
  readonly inCapitals?: boolean;
  /** Types of sources that are the very same there, by the type in the target. */
  readonly same: Readonly<Record<string, readonly string[]>>;
}

interface RefusedByServer {
  readonly families: readonly Family[];
  readonly types: RegExp;
  readonly values: readonly string[];
  readonly reason: string;
}

function bareColumn(type: string, castType: string): TargetColumn {
  return {
    name: 'v',
    type,
    castType,
    isArray: type.endsWith('[]'),
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
}

const withoutSize = (ddl: string): string => ddl.replace(/\(.*\)/, '');

/** Of the family, which shows no widths from 8.0.19 on. */
const withoutWidth = (ddl: string): string =>
  ddl.replace(/^(?!tinyint\(1\)$)((?:tiny|small|medium|big)?int|year)\(\d+\)/, '$1');

const DIGITS: RefusedByServer = {
  families: ['postgres'],
  types: /^numeric$/,
  values: ['1e40', '-1e-31'],
  reason: 'a DECIMAL has 35 digits before the point and 30 behind it',
};
const NO_NUL: RefusedByServer = {
  families: ['mysql', 'mariadb'],
  types: /^(?:tiny|medium|long)?text$/,
  values: ['a\\0b'],
  reason: 'a text of PostgreSQL has no NUL',
};

const MYSQL_SAME = {
  int: ['integer'],
  float: ['real'],
  double: ['double precision'],
  longblob: ['bytea'],
  longtext: ['text'],
  'datetime(6)': ['timestamp without time zone'],
};

/** In the order of the table's columns. */
export const TARGETS: readonly TypeTarget[] = [
  {
    name: 'PostgreSQL',
    dialect: postgresTarget,
    castType: withoutSize,
    shown: (ddl) => ddl.replace(/^"public"\."(\w+)"/, '$1'),
    refused: NO_NUL,
    same: {
      integer: ['int'],
      real: ['float'],
      'double precision': ['double'],
      text: ['longtext'],
      bytea: ['longblob'],
    },
  },
  {
    name: 'MySQL',
    dialect: mysqlTarget,
    castType: withoutSize,
    shown: withoutWidth,
    refused: DIGITS,
    same: MYSQL_SAME,
  },
  {
    name: 'MariaDB',
    dialect: mysqlTarget,
    castType: withoutSize,
    shown: (ddl) => (ddl === 'json' ? 'longtext' : withoutWidth(ddl)),
    refused: DIGITS,
    same: MYSQL_SAME,
  },
  {
    name: 'SQLite',
    dialect: sqliteTarget,
    castType: (type) => takenBy(type, true),
    same: {
      INTEGER: ['bigint'],
      REAL: ['double', 'double precision'],
      TEXT: ['text', 'longtext'],
      BLOB: ['bytea', 'longblob'],
    },
  },
  {
    name: 'DuckDB',
    dialect: duckdbTarget,
    castType: (type) => type,
    inCapitals: true,
    same: {
      INTEGER: ['int'],
      UTINYINT: ['tinyint unsigned'],
      USMALLINT: ['smallint unsigned'],
      UINTEGER: ['int unsigned'],
      UBIGINT: ['bigint unsigned'],
      FLOAT: ['real'],
      DOUBLE: ['double precision'],
      VARCHAR: ['text', 'longtext'],
      BLOB: ['bytea', 'longblob'],
      TIMESTAMP: ['timestamp without time zone', 'datetime(6)'],
      'TIMESTAMP WITH TIME ZONE': ['timestamp(6)'],
      TIME: ['time without time zone'],
    },
  },
];

/** A type of a source, and what its records have for it. */
export interface SourceType {
  readonly family: Family;
  readonly type: string;
  readonly form: Pick<ColumnSchema, 'schema' | 'format'>;
  /** Values at its ends, as SQL and as the source prints them. */
  readonly samples: readonly { readonly literal: string; readonly text: string }[];
}

/** Types whose literals are what the server prints. */
const PLAIN = /^(?:numeric|real|double|date$|time|json)/;

/** Of PostgreSQL the newest, with its arrays; of the others what their newest server has. */
export const SOURCES: Readonly<Record<Family, readonly SourceType[]>> = {
  postgres: [...BASIC_TYPE_CASES, ...MORE_TYPE_CASES].flatMap(
    ({ type, boundaries, scalarOnly }) => {
      const samples = boundaries.flatMap((literal) => {
        const text = printed(type, literal);
        return text === null ? [] : [{ literal, text }];
      });
      const family = 'postgres' as const;
      const scalar = { family, type, form: postgresColumnForm(type), samples };
      if (scalarOnly === true) return [scalar];
      const array = {
        family,
        type: `${type}[]`,
        form: postgresColumnForm(`${type}[]`),
        samples: [],
      };
      return [scalar, array];
    },
  ),
  mysql: mysqlTypes('mysql', '9.7'),
  mariadb: mysqlTypes('mariadb', '11.4'),
};

function mysqlTypes(flavor: ServerFlavor, series: ServerSeries): readonly SourceType[] {
  const types = new Set(mysqlArrivals(flavor, series).map(({ type }) => type));
  return [...types].map((type) => mysqlType(flavor, type));
}

function mysqlType(flavor: ServerFlavor, type: string): SourceType {
  const server = flavor === 'mysql' ? MYSQL : { ...MARIADB, version: 110_400 };
  const [column] = tableDefinition(`CREATE TABLE t (v ${type} NULL)`, server).columns;
  if (column === undefined) throw new Error(`${type} is no type of ${flavor}`);
  const modes = { ...DEFAULT_MYSQL_VALUE_MODES, bigintUnsigned: 'precise' } as const;
  const mapping = mapMysqlType(column.type, modes);
  if (!mapping.supported) throw new Error(`${type} is refused by the source`);
  const schema = fieldSchema('g.t.v', column, mapping, { propagateSourceType: [/^/] }, server);
  const form = { schema, format: mapping.format };
  return { family: flavor, type, form, samples: [] };
}

/** What the server prints of a literal; null where that is not plain to see. */
function printed(type: string, literal: string): string | null {
  const quoted = /^'([^'\\]*)'$/.exec(literal)?.[1];
  if (!PLAIN.test(type) || quoted === undefined || literal === "'00:00'") return null;
  if (!type.startsWith('time') || !type.endsWith('with time zone')) return quoted;
  if (quoted.includes('infinity')) return quoted;
  if (quoted.includes('+')) return null;
  const [, time = '', era = ''] = /^(.*?)( BC)?$/.exec(quoted) ?? [];
  return `${time.includes(':') ? time : `${time} 00:00:00`}+00${era}`;
}

/** A cell of the table. */
export interface TypeCell {
  /** As the target's catalog has it. */
  readonly type: string;
  readonly kind: 'exact' | 'lossless';
  /** Values that park their table, or their row, and why. */
  readonly refused: readonly { readonly value: string; readonly reason: string }[];
}

/** What becomes of a type. */
export function typeCell(source: SourceType, target: TypeTarget): TypeCell {
  const { schema, format } = source.form;
  const { ddl } = target.dialect.columnType(schema, { schema: 'public', table: 't' }, 0);
  const type = target.shown?.(ddl) ?? ddl;
  const encoder = target.dialect.encoder(schema, bareColumn(type, target.castType(type)));
  const byEncoder = source.samples.flatMap(({ literal, text }) => {
    const value = parseText(format, schema, text);
    try {
      encoder.encode(value);
      return [];
    } catch (error) {
      return [{ value: literal, reason: toTidemarkError(error).message }];
    }
  });
  const { families = [], types, values = [], reason = '' } = target.refused ?? {};
  const byServer =
    families.includes(source.family) && types?.test(source.type) === true ? values : [];
  return {
    type,
    kind: isSame(source.type, type, target) ? 'exact' : 'lossless',
    refused: [...byEncoder, ...byServer.map((value) => ({ value, reason }))],
  };
}

/** Equal by name, or by another name of the same type. */
function isSame(source: string, type: string, { same, inCapitals }: TypeTarget): boolean {
  if (same[type]?.includes(source) === true) return true;
  if (inCapitals === true) return type === source.toUpperCase().replace(/^NUMERIC\b/, 'DECIMAL');
  const plain = (name: string): string =>
    name
      .replace(/^numeric\b/, 'decimal')
      .replace('character varying', 'varchar')
      .replace(/^timestamp\((\d)\) without time zone$/, 'datetime($1)')
      .replace(/^time(\(\d\))? without time zone$/, 'time$1')
      .replace(/^(?:timestamp|datetime)(?: without time zone)?$/, 'datetime(6)');
  return source === type || plain(source) === plain(type);
}
