import type { CatalogRow, SqlText, TargetColumn, TargetName, TargetTable } from '../dialect.ts';
import { takenBy } from './sqlite-column-types.ts';
import { quoteSqliteTable, sqliteLiteral } from './sqlite-identifiers.ts';

/*
 * One query of three parts: the table, its columns, the columns of its unique indexes. Names are
 * compared as SQLite does, without regard to the case of ASCII letters.
 */
function query(schema: string, table: string): string {
  const [at, name] = [sqliteLiteral(schema), sqliteLiteral(table)];
  return `
SELECT 'table' AS kind, 0 AS place, l.name AS name, l.strict AS a, NULL AS b, NULL AS c,
  NULL AS d, NULL AS e
FROM pragma_table_list AS l
WHERE l.schema = ${at} AND l.name = ${name} COLLATE NOCASE AND l.type = 'table'
UNION ALL SELECT 'column', x.cid, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden
FROM pragma_table_xinfo(${name}, ${at}) AS x
UNION ALL SELECT 'key', c.seqno, i.name, c.name, c.coll, i.origin, i.partial, NULL
FROM pragma_index_list(${name}, ${at}) AS i, pragma_index_xinfo(i.name, ${at}) AS c
WHERE i."unique" = 1 AND c."key" = 1`;
}

/** Has a row for `main`. */
export function sqliteSchemaQuery(schema: string): SqlText {
  const text = `SELECT name FROM pragma_database_list WHERE name = ${sqliteLiteral(schema)}`;
  return { text, values: [] };
}

/** Asks for one table of the target. */
export function sqliteTableQuery(name: TargetName): SqlText {
  return { text: query(name.schema, name.table), values: [] };
}

/** The answer to `sqliteTableQuery`; null when there is no such table, or it is a view. */
export function readSqliteTable(name: TargetName, rows: readonly CatalogRow[]): TargetTable | null {
  const found = rows.find((row) => row['kind'] === 'table');
  if (found === undefined) return null;
  const isStrict = Number(found['a']) === 1;
  const columnRows = rows
    .filter((row) => row['kind'] === 'column')
    .toSorted((left, right) => Number(left['place']) - Number(right['place']));
  const primaryKey = columnRows
    .filter((row) => Number(row['d']) > 0)
    .toSorted((left, right) => Number(left['d']) - Number(right['d']))
    .map((row) => String(row['name']));
  const { keys, ofPrimaryKey } = uniqueKeys(rows);
  // A key that is the rowid has no index.
  const isRowid = primaryKey.length === 1 && ofPrimaryKey === null;
  const problem = keyProblem(name, ofPrimaryKey);
  return {
    name,
    columns: columnRows.map((row) => columnOf(row, isStrict)),
    primaryKey,
    primaryKeyName: null,
    uniqueKeys: isRowid ? [primaryKey, ...keys] : keys,
    // Rows are emptied by DELETE, which asks no foreign key: the sessions do not enforce them.
    referenced: false,
    ...(problem === null ? {} : { problem }),
  };
}

interface IndexColumns {
  readonly columns: (string | null)[];
  readonly isExact: boolean[];
  readonly isPartial: boolean;
  readonly origin: string;
}

/** Indexes on whole columns of all rows, which hold texts equal only if their bytes are. */
function uniqueKeys(rows: readonly CatalogRow[]): {
  readonly keys: readonly (readonly string[])[];
  readonly ofPrimaryKey: IndexColumns | null;
} {
  const indexes = new Map<string, IndexColumns>();
  const parts = rows
    .filter((row) => row['kind'] === 'key')
    .toSorted((left, right) => Number(left['place']) - Number(right['place']));
  for (const part of parts) {
    const index = String(part['name']);
    const known = indexes.get(index) ?? {
      columns: [],
      isExact: [],
      isPartial: Number(part['d']) !== 0,
      origin: String(part['c']),
    };
    known.columns.push(typeof part['a'] === 'string' ? part['a'] : null);
    known.isExact.push(String(part['b']).toUpperCase() === 'BINARY');
    indexes.set(index, known);
  }
  const all = [...indexes.values()];
  const keys = all.flatMap(({ columns, isExact, isPartial }) => {
    const whole = columns.filter((column) => column !== null);
    return isPartial || !isExact.every(Boolean) || whole.length < columns.length ? [] : [whole];
  });
  return { keys, ofPrimaryKey: all.find(({ origin }) => origin === 'pk') ?? null };
}

type KeyProblem = NonNullable<TargetTable['problem']>;

/** NOCASE and RTRIM hold keys equal that are different ones in the source. */
function keyProblem(name: TargetName, key: IndexColumns | null): KeyProblem | null {
  if (key === null || key.isExact.every(Boolean)) return null;
  const table = quoteSqliteTable(name.schema, name.table);
  return {
    message: 'has a primary key whose collation holds different texts equal (NOCASE, RTRIM)',
    cure: `Make ${table} anew with a key of COLLATE BINARY, or drop it: the sink makes it.`,
  };
}

function columnOf(row: CatalogRow, isStrict: boolean): TargetColumn {
  const declared = typeof row['a'] === 'string' ? row['a'] : '';
  const initial = row['c'];
  const hasDefault = typeof initial === 'string' && initial.toUpperCase() !== 'NULL';
  return {
    name: String(row['name']),
    type: declared === '' ? 'ANY' : declared,
    castType: takenBy(declared, isStrict),
    isArray: false,
    notNull: Number(row['b']) === 1,
    hasDefault,
    // 2 and 3: virtual and stored.
    generated: Number(row['e']) > 1,
    identityAlways: false,
    ...(hasDefault ? { definition: initial } : {}),
  };
}
