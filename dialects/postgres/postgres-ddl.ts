import { TidemarkError } from '../../src/foundation/errors.ts';
import type {
  EnumDialect,
  TargetColumn,
  TargetName,
  TargetTable,
  TypeChange,
  WantedColumn,
  WantedType,
} from '../dialect.ts';
import { quoteIdentifier, quoteLiteral, quoteQualified } from './postgres-identifiers.ts';
import { postgresEncoder } from './postgres-parameters.ts';

const qualify = (name: TargetName): string => quoteQualified(name.schema, name.table);

/**
 * The schema's default as a literal. A default that is not constant in the source never gets here:
 * the schema has none then, or, for a NOT NULL column, the type's zero (as Debezium has it).
 */
function defaultClause(column: WantedColumn): string {
  const value = column.schema.default;
  if (value === undefined || value === null) return '';
  const asColumn: TargetColumn = {
    name: column.name,
    type: column.type.ddl,
    castType: column.type.ddl.replace(/\([^)]*\)/, ''),
    isArray: column.type.ddl.endsWith('[]'),
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
  const text = postgresEncoder(column.schema, asColumn).encode(value);
  return text === null ? '' : ` DEFAULT ${quoteLiteral(text)}::${column.type.ddl}`;
}

function columnClause(column: WantedColumn, isKey: boolean): string {
  const notNull = isKey || !column.schema.optional ? ' NOT NULL' : '';
  const initial = isKey ? '' : defaultClause(column);
  return `${quoteIdentifier(column.name)} ${column.type.ddl}${initial}${notNull}`;
}

/** CREATE SCHEMA; to be asked for only where it is missing, see `schemaQuery`. */
export function createSchema(schema: string): string {
  return `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`;
}

/** CREATE TABLE; enum types are made before, by `postgresEnums`. */
export function createTable(
  name: TargetName,
  columns: readonly WantedColumn[],
  key: readonly string[],
): readonly string[] {
  const clauses = columns.map((column) => columnClause(column, key.includes(column.name)));
  if (key.length > 0) clauses.push(`PRIMARY KEY (${key.map(quoteIdentifier).join(', ')})`);
  return [`CREATE TABLE IF NOT EXISTS ${qualify(name)} (\n  ${clauses.join(',\n  ')}\n)`];
}

/**
 * ADD COLUMN with its constant default, so that rows already there get it: the source gave it to
 * its rows without a row event (ruling 5). NOT NULL only together with a default: without one the
 * statement fails on a filled table.
 */
export function addColumn(name: TargetName, column: WantedColumn): string {
  const initial = defaultClause(column);
  const notNull = initial !== '' && !column.schema.optional ? ' NOT NULL' : '';
  const definition = `${quoteIdentifier(column.name)} ${column.type.ddl}${initial}${notNull}`;
  return `ALTER TABLE ${qualify(name)} ADD COLUMN IF NOT EXISTS ${definition}`;
}

/** Lets a column take null. */
export function dropNotNull(name: TargetName, column: TargetColumn): string {
  return `ALTER TABLE ${qualify(name)} ALTER COLUMN ${quoteIdentifier(column.name)} DROP NOT NULL`;
}

/** The statement that a person may run where a type has changed; it rewrites the table. */
export function changeType(name: TargetName, column: TargetColumn, type: WantedType): string {
  const quoted = quoteIdentifier(column.name);
  const cast = `USING ${quoted}::${type.ddl}`;
  return `ALTER TABLE ${qualify(name)} ALTER COLUMN ${quoted} TYPE ${type.ddl} ${cast};`;
}

const COLLATABLE = /^(?:text|character|bpchar)/;

/**
 * Gives columns types that hold all they have, in one pass over the rows. No USING: what the server
 * would not convert in an assignment it refuses. A collation that is not named would be lost.
 */
export function widenColumns(name: TargetName, changes: readonly TypeChange[]): string {
  const clauses = changes.flatMap(({ column, type, relax }) => {
    const alter = `ALTER COLUMN ${quoteIdentifier(column.name)}`;
    const isOther = typeof column.collation === 'string' && COLLATABLE.test(type.ddl);
    const collate = isOther ? ` COLLATE ${column.collation}` : '';
    return [`${alter} TYPE ${type.ddl}${collate}`, ...(relax ? [`${alter} DROP NOT NULL`] : [])];
  });
  return `ALTER TABLE ${qualify(name)} ${clauses.join(', ')}`;
}

/** The statement that a person may run where the key has changed; no key: only drops it. */
export function changePrimaryKey(table: TargetTable, key: readonly string[]): string {
  const alter = `ALTER TABLE ${qualify(table.name)}`;
  const drop =
    table.primaryKeyName === null
      ? ''
      : ` DROP CONSTRAINT ${quoteIdentifier(table.primaryKeyName)}${key.length > 0 ? ',' : ''}`;
  const columns = key.map(quoteIdentifier).join(', ');
  return `${alter}${drop}${key.length > 0 ? ` ADD PRIMARY KEY (${columns})` : ''};`;
}

function label(text: string): string {
  if (Buffer.byteLength(text) <= 63 && !text.includes('\0')) return quoteLiteral(text);
  throw new TidemarkError('SINK_SCHEMA', 'an enum label is longer than 63 bytes');
}

/** Enum types. Renamed and removed labels are left alone: only what is missing is added. */
export const postgresEnums: EnumDialect = {
  labels: (schema, name) => ({
    text: `SELECT e.enumlabel AS label FROM pg_enum e
      JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE n.nspname = $1 AND t.typname = $2 ORDER BY e.enumsortorder`,
    values: [schema, name],
  }),
  create(schema, type) {
    const labels = type.labels.map(label).join(', ');
    return `CREATE TYPE ${quoteQualified(schema, type.name)} AS ENUM (${labels})`;
  },
  /**
   * Each label gets its place among the wanted ones. Outside of a transaction block: a label added
   * in a transaction cannot be used before its commit.
   */
  addLabels(schema, type, present) {
    const alter = `ALTER TYPE ${quoteQualified(schema, type.name)} ADD VALUE IF NOT EXISTS`;
    const known = new Set(present);
    return type.labels.flatMap((wanted, index) => {
      if (known.has(wanted)) return [];
      const previous = type.labels[index - 1];
      if (previous !== undefined) return [`${alter} ${label(wanted)} AFTER ${label(previous)}`];
      const next = type.labels.find((candidate) => known.has(candidate));
      return [`${alter} ${label(wanted)}${next === undefined ? '' : ` BEFORE ${label(next)}`}`];
    });
  },
};
