import type { CatalogRow, SqlText, TargetColumn, TargetName, TargetTable } from '../dialect.ts';
import type { ServerVersion } from './ddl/ddl-dialect.ts';
import { parseServerVersion } from './ddl/ddl-dialect.ts';
import { portableText, quoteName, quoteQualifiedName } from './mysql-identifiers.ts';

/*
 * One query of three parts: the table, its columns, the columns of its indexes. The names of
 * information_schema's columns differ in case between versions, so all are named here.
 */
function query(schema: string, table: string): string {
  const here = `TABLE_SCHEMA = ${portableText(schema)} AND TABLE_NAME = ${portableText(table)}`;
  const text = (name: string): string => `CONVERT(${name} USING utf8mb4)`;
  return `
SELECT 'table' AS kind, 0 AS place, ${text('TABLE_NAME')} AS name, ${text('ENGINE')} AS a,
  ${text('VERSION()')} AS b, NULL AS c, NULL AS d, NULL AS e, NULL AS f
FROM information_schema.TABLES WHERE ${here} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
UNION ALL SELECT 'column', ORDINAL_POSITION, ${text('COLUMN_NAME')}, ${text('COLUMN_TYPE')},
  ${text('IS_NULLABLE')}, ${text('COLUMN_DEFAULT')}, ${text('EXTRA')},
  ${text('COLLATION_NAME')}, ${text('COLUMN_COMMENT')}
FROM information_schema.COLUMNS WHERE ${here}
UNION ALL SELECT 'key', SEQ_IN_INDEX, ${text('INDEX_NAME')}, ${text('COLUMN_NAME')}, SUB_PART,
  NON_UNIQUE, ${text('INDEX_TYPE')}, NULL, NULL
FROM information_schema.STATISTICS WHERE ${here}`;
}

/** Asks whether a database exists. */
export function databaseQuery(schema: string): SqlText {
  const text =
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ' +
    portableText(schema);
  return { text, values: [] };
}

/** Asks for one table of the target. */
export function mysqlTableQuery(name: TargetName): SqlText {
  return { text: query(name.schema, name.table), values: [] };
}

/** These tell all texts apart that differ. */
const EXACT = /^binary$|^utf8mb4_0900_bin$|_nopad_bin$/;
const TRANSACTIONAL = /^(?:innodb|rocksdb|tokudb|ndbcluster)$/i;

/** The answer to `mysqlTableQuery`; null when there is no such table. */
export function readMysqlTable(name: TargetName, rows: readonly CatalogRow[]): TargetTable | null {
  const found = rows.find((row) => row['kind'] === 'table');
  if (found === undefined) return null;
  const server = parseServerVersion(String(found['b']));
  const indexes = wholeIndexes(rows);
  const columns = rows
    .filter((row) => row['kind'] === 'column')
    .toSorted((left, right) => Number(left['place']) - Number(right['place']))
    .map((row) => columnOf(row, server, indexes));
  const keys = uniqueKeys(rows);
  const primary = keys.get('PRIMARY') ?? [];
  const engine = String(found['a']);
  const problem = {
    message: `has the engine ${engine}, which has no transactions`,
    cure: `ALTER TABLE ${quoteQualifiedName(name.schema, name.table)} ENGINE = InnoDB;`,
  };
  return {
    name,
    columns,
    primaryKey: primary,
    primaryKeyName: primary.length === 0 ? null : 'PRIMARY',
    uniqueKeys: [...keys.values()],
    referenced: false,
    ...(TRANSACTIONAL.test(engine) ? {} : { problem }),
  };
}

/** Indexes on whole columns: a prefix of one, or an expression, tells keys apart that are not. */
function uniqueKeys(rows: readonly CatalogRow[]): ReadonlyMap<string, readonly string[]> {
  const parts = rows
    .filter((row) => row['kind'] === 'key' && Number(row['c']) === 0)
    .toSorted((left, right) => Number(left['place']) - Number(right['place']));
  const keys = new Map<string, string[]>();
  const partial = new Set<string>();
  for (const part of parts) {
    const index = String(part['name']);
    const column = part['a'];
    if (typeof column !== 'string' || part['b'] !== null) partial.add(index);
    else keys.set(index, [...(keys.get(index) ?? []), column]);
  }
  return new Map([...keys].filter(([index]) => !partial.has(index)));
}

/** Of each column the indexes that have all of it; those of a full text have none. */
function wholeIndexes(rows: readonly CatalogRow[]): ReadonlyMap<string, readonly string[]> {
  const indexes = new Map<string, string[]>();
  for (const row of rows) {
    const { kind, name, a: column, b: prefix, d: type } = row;
    if (kind !== 'key' || typeof column !== 'string' || prefix !== null) continue;
    if (type === 'FULLTEXT' || type === 'SPATIAL') continue;
    indexes.set(column, [...(indexes.get(column) ?? []), String(name)]);
  }
  return indexes;
}

function columnOf(
  row: CatalogRow,
  server: ServerVersion | null,
  indexes: ReadonlyMap<string, readonly string[]>,
): TargetColumn {
  const isMariadb = server?.flavor === 'mariadb';
  const text = (field: string): string | null => {
    const value = row[field];
    return typeof value === 'string' ? value : null;
  };
  const type = text('a') ?? '';
  const extra = (text('d') ?? '').toLowerCase();
  const initial = text('c');
  const collation = text('e');
  const generated = /virtual|stored|persistent/.test(extra);
  const base = type.replace(/[( ].*$/s, '');
  const name = text('name') ?? '';
  const parts = { type, collation, extra, initial, comment: text('f') };
  const own = defaultOf(parts, isMariadb);
  return {
    name,
    type,
    castType: base,
    isArray: false,
    notNull: text('b') === 'NO',
    hasDefault: extra.includes('auto_increment') || (initial !== null && initial !== 'NULL'),
    generated,
    identityAlways: false,
    inexact: collation !== null && !EXACT.test(collation),
    definition: definitionOf(parts, own),
    unlimitedDefinition: unlimitedDefinition(parts, own, server),
    wholeInIndexes: indexes.get(name) ?? [],
  };
}

interface ColumnParts {
  readonly type: string;
  readonly collation: string | null;
  readonly extra: string;
  readonly initial: string | null;
  readonly comment: string | null;
}

/** What MODIFY has to say again, or it would be lost; type and nullability go where it says so. */
function definitionOf({ collation, extra, comment }: ColumnParts, initial: string): string {
  const onUpdate = /on update (current_timestamp(?:\(\d\))?)/.exec(extra)?.[1];
  return [
    '{type}',
    collation === null ? '' : `CHARACTER SET ${charsetOf(collation)} COLLATE ${collation}`,
    '{null}',
    initial,
    onUpdate === undefined ? '' : `ON UPDATE ${onUpdate}`,
    extra.includes('auto_increment') ? 'AUTO_INCREMENT' : '',
    comment === null || comment === '' ? '' : `COMMENT ${portableText(comment)}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** Defaults of types without a length are expressions in MySQL, and not known before 8.0.17. */
const EXPRESSION_DEFAULTS = 80_017;

function unlimitedDefinition(
  parts: ColumnParts,
  initial: string,
  server: ServerVersion | null,
): string | null {
  const isMariadb = server?.flavor === 'mariadb';
  if (initial === '' || isMariadb) return definitionOf(parts, initial);
  if (server === null || server.version < EXPRESSION_DEFAULTS) return null;
  const expression = initial.replace(/^DEFAULT (?!\()(.*)$/s, 'DEFAULT ($1)');
  return definitionOf(parts, expression);
}

function charsetOf(collation: string): string {
  return collation.replace(/_.*$/, '');
}

/** MariaDB shows a default as SQL, MySQL a literal without its quotes. */
function defaultOf({ initial, extra, type }: ColumnParts, isMariadb: boolean): string {
  if (initial === null || initial === 'NULL') return '';
  if (isMariadb || /^b'[01]*'$/.test(initial)) return `DEFAULT ${initial}`;
  const isNow =
    /^current_timestamp(?:\(\d\))?$/i.test(initial) && /^(?:timestamp|datetime)/.test(type);
  if (isNow) return `DEFAULT ${initial}`;
  if (extra.includes('default_generated')) return `DEFAULT (${initial})`;
  return `DEFAULT ${portableText(initial)}`;
}

/** The definition of a column with another type, or with its own. */
export function modifiedColumn(column: TargetColumn, type: string, isNullable: boolean): string {
  const keepsText = /char|text|^enum|^set/.test(type);
  const isUnlimited = /text$|blob$/.test(type) && type !== column.type;
  const whole = isUnlimited ? column.unlimitedDefinition : column.definition;
  const definition = whole ?? column.definition ?? '{type} {null}';
  const text = keepsText ? definition : definition.replace(/ CHARACTER SET \w+ COLLATE \w+/, '');
  const filled = text
    .replace('{null}', isNullable ? 'NULL' : 'NOT NULL')
    .replace('{type}', () => type);
  return `${quoteName(column.name)} ${filled}`;
}
