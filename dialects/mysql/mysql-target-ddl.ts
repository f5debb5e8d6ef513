import type {
  TargetColumn,
  TargetName,
  TargetTable,
  TypeChange,
  WantedColumn,
  WantedType,
} from '../dialect.ts';
import { parseMysqlType } from '../mysql-type-name.ts';
import { quoteName, quoteQualifiedName } from './mysql-identifiers.ts';
import { mysqlEncoder } from './mysql-literals.ts';
import { modifiedColumn } from './mysql-target-catalog.ts';

const qualify = (name: TargetName): string => quoteQualifiedName(name.schema, name.table);

/**
 * Texts are told apart by their bytes, spaces at the end included: different keys of the source are
 * different keys here. Each product has its own collation for that, and skips the comments of the
 * others; MySQL 5.7 has none, and there the statements look at the bytes themselves.
 */
export const TABLE_OPTIONS =
  ' ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 /*!50700 COLLATE=utf8mb4_bin */' +
  ' /*!80017 COLLATE=utf8mb4_0900_bin */ /*M!100202 COLLATE=utf8mb4_nopad_bin */';

/** All VARCHARs and VARBINARYs of a row have 65,535 bytes, of which some are for the others. */
const ROW_BYTES = 60_000;
const BYTES_PER_CHARACTER = 4;

/** Types without a literal for a default on any version. */
const WITHOUT_DEFAULT = /text|blob|json|geometry|point|polygon|linestring|collection|vector/;

function defaultLiteral({ name, schema, type }: WantedColumn): string | null {
  const value = schema.default;
  if (value === undefined || value === null) return null;
  const column: TargetColumn = {
    name,
    type: type.ddl,
    castType: type.ddl,
    isArray: false,
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
  return mysqlEncoder(schema, column).encode(value);
}

/** NULL is said, or an old server makes a TIMESTAMP of its own of it. */
function columnClause(column: WantedColumn, isKey: boolean, type = column.type.ddl): string {
  const isRequired = isKey || !column.schema.optional;
  const literal = isKey || WITHOUT_DEFAULT.test(type) ? null : defaultLiteral(column);
  const initial = literal === null ? '' : ` DEFAULT ${literal}`;
  return `${quoteName(column.name)} ${type} ${isRequired ? 'NOT NULL' : 'NULL'}${initial}`;
}

/** CREATE DATABASE, which a schema is here; to be asked for only where it is missing. */
export function createDatabase(schema: string): string {
  return `CREATE DATABASE IF NOT EXISTS ${quoteName(schema)} CHARACTER SET utf8mb4`;
}

function rowBytes(type: string): number {
  const parsed = parseMysqlType(type);
  if (parsed?.base === 'varchar') return (parsed.length ?? 0) * BYTES_PER_CHARACTER;
  return parsed?.base === 'varbinary' ? (parsed.length ?? 0) : 0;
}

/** CREATE TABLE. Texts that a row has no room for in itself become LONGTEXT. */
export function createMysqlTable(
  name: TargetName,
  columns: readonly WantedColumn[],
  key: readonly string[],
): readonly string[] {
  const isLong = columns.reduce((sum, { type }) => sum + rowBytes(type.ddl), 0) > ROW_BYTES;
  const typeOf = (column: WantedColumn): string => {
    const parsed = parseMysqlType(column.type.ddl);
    if (!isLong || key.includes(column.name)) return column.type.ddl;
    if (parsed?.base === 'varchar') return 'longtext';
    return parsed?.base === 'varbinary' ? 'longblob' : column.type.ddl;
  };
  const clauses = columns.map((column) =>
    columnClause(column, key.includes(column.name), typeOf(column)),
  );
  if (key.length > 0) clauses.push(`PRIMARY KEY (${key.map(quoteName).join(', ')})`);
  return [
    `CREATE TABLE IF NOT EXISTS ${qualify(name)} (\n  ${clauses.join(',\n  ')}\n)${TABLE_OPTIONS}`,
  ];
}

/**
 * ADD COLUMN with its constant default, so that rows already there get it: the source gave it to
 * its rows without a row event (ruling 5). NOT NULL only together with a default, or the rows would
 * get a zero that nobody wrote. Texts without end take a default as an expression, from MySQL
 * 8.0.17 (8.0.13 knows it, but 8.0.15 refuses it beside GTIDs) and MariaDB 10.2 on.
 */
export function addMysqlColumn(name: TargetName, column: WantedColumn): string {
  const { ddl } = column.type;
  const literal = /geometry|point|polygon|linestring|collection/.test(ddl)
    ? null
    : defaultLiteral(column);
  const add = `ALTER TABLE ${qualify(name)} ADD COLUMN ${quoteName(column.name)} ${ddl}`;
  if (literal === null) return `${add} NULL`;
  if (WITHOUT_DEFAULT.test(ddl)) {
    return `${add} NULL /*!80017 DEFAULT (${literal}) */ /*M!100201 DEFAULT (${literal}) */`;
  }
  return `${add} ${column.schema.optional ? 'NULL' : 'NOT NULL'} DEFAULT ${literal}`;
}

/** Lets a column take null; all else of it stays. */
export function dropMysqlNotNull(name: TargetName, column: TargetColumn): string {
  return `ALTER TABLE ${qualify(name)} MODIFY COLUMN ${modifiedColumn(column, column.type, true)}`;
}

/** Gives a column another type; all else of it stays. */
export function changeMysqlType(name: TargetName, column: TargetColumn, type: WantedType): string {
  const modified = modifiedColumn(column, type.ddl, !column.notNull);
  return `ALTER TABLE ${qualify(name)} MODIFY COLUMN ${modified}`;
}

/** Gives columns types that hold all they have, in one pass over the rows. */
export function widenMysqlColumns(name: TargetName, changes: readonly TypeChange[]): string {
  const clauses = changes.map(({ column, type, relax }) => {
    const modified = modifiedColumn(column, type.ddl, relax || !column.notNull);
    return `MODIFY COLUMN ${modified}`;
  });
  return `ALTER TABLE ${qualify(name)} ${clauses.join(', ')}`;
}

/** The statement that a person may run where the key has changed; no key: only drops it. */
export function changeMysqlKey(table: TargetTable, key: readonly string[]): string {
  const drop = table.primaryKeyName === null ? '' : ` DROP PRIMARY KEY${key.length > 0 ? ',' : ''}`;
  const add = key.length > 0 ? ` ADD PRIMARY KEY (${key.map(quoteName).join(', ')})` : '';
  return `ALTER TABLE ${qualify(table.name)}${drop}${add};`;
}
