import type { CatalogRow, ColumnInfo, TableInfo } from './postgres-catalog.ts';
import { flag, number, text } from './postgres-catalog.ts';
import type { ColumnShape, TableShape } from '../../src/model/table-shape.ts';

/*
 * Shapes of tables as the catalog has them, for those who watch it: what changed is found by the
 * versions of the catalog's rows, which costs no expression to be printed, and read only then.
 */

/** A table that is there. */
export interface NamedTable {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** It is a partition of another one. */
  readonly isPartition: boolean;
  /** Another one than last time: something of it was altered. Null: it was not asked for. */
  readonly digest: string | null;
}

/** All tables of users, with a digest of those whose oids are given. */
export function tableVersionsQuery(oids: readonly number[]): string {
  const list = oids.length === 0 ? '0' : oids.map((oid) => String(oid >>> 0)).join(', ');
  return versionsQuery(`c.oid IN (${list})`);
}

/** The same with a digest of those that fulfil a condition on the row `c` of pg_class. */
export function versionsQuery(condition: string): string {
  return `SELECT c.oid, n.nspname AS schema, c.relname AS table, c.relispartition AS partition,
  CASE WHEN ${condition} THEN md5(concat_ws('|', c.relreplident,
    (SELECT string_agg(concat_ws(':', a.attnum, a.xmin, a.attname, a.attisdropped, d.oid, d.xmin,
        t.xmin, (SELECT string_agg(e.oid || '=' || e.enumlabel, ',' ORDER BY e.enumsortorder)
          FROM pg_catalog.pg_enum e WHERE e.enumtypid IN (t.oid, t.typelem, t.typbasetype))),
        ';' ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = c.oid AND a.attnum > 0),
    (SELECT string_agg(concat_ws(':', i.indexrelid, i.xmin), ';' ORDER BY i.indexrelid)
      FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique))) END AS digest
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;
}

/** Reads the rows of `tableVersionsQuery`. */
export function parseTableVersions(rows: readonly CatalogRow[]): readonly NamedTable[] {
  return rows.map((row) => ({
    oid: number(row, 'oid'),
    schema: text(row, 'schema'),
    table: text(row, 'table'),
    isPartition: flag(row, 'partition'),
    digest: row['digest'] ?? null,
  }));
}

/** What `TableInfo` does not say of a column. */
export interface ColumnExtras {
  /** The expression of a generated column; null: it is none. */
  readonly generated: string | null;
  /** Another collation than that of the type. */
  readonly collation: string | null;
  /** Labels of an enum, or of the elements of an array. */
  readonly labels: readonly string[] | null;
}

/** Rows `oid` and `columns`: by number, what `TableInfo` does not say. */
export function columnExtrasQuery(oids: readonly number[]): string {
  const list = oids.length === 0 ? '0' : oids.map((oid) => String(oid >>> 0)).join(', ');
  return extrasQuery(`a.attrelid IN (${list})`);
}

/** The same by a condition on the row `a` of pg_attribute. */
export function extrasQuery(condition: string): string {
  return `SELECT a.attrelid AS oid, json_object_agg(a.attnum::text, json_build_object(
    'generated', CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
    'collation', CASE WHEN a.attcollation <> t.typcollation THEN l.collname END,
    'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
      FROM pg_catalog.pg_enum e WHERE e.enumtypid IN (t.oid, t.typelem, t.typbasetype)))
    ) AS columns
FROM pg_catalog.pg_attribute a
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE ${condition} AND a.attnum > 0 AND NOT a.attisdropped GROUP BY a.attrelid`;
}

/** Reads the rows of `columnExtrasQuery`: by table, then by number of the column. */
export function parseColumnExtras(
  rows: readonly CatalogRow[],
): ReadonlyMap<number, Readonly<Record<string, ColumnExtras>>> {
  return new Map(
    rows.map((row) => [
      number(row, 'oid'),
      JSON.parse(text(row, 'columns')) as Record<string, ColumnExtras>,
    ]),
  );
}

/** The shape of a table, of the columns given and with the key that its records have. */
export function postgresTableShape(
  database: string,
  table: TableInfo,
  columns: readonly ColumnInfo[],
  extras: Readonly<Record<string, ColumnExtras>>,
  key: readonly string[],
): TableShape {
  return {
    id: { catalog: database, schema: table.schema, table: table.name },
    incarnation: String(table.oid),
    columns: columns.map((column) => columnShape(column, extras[String(column.number)])),
    key,
    replicaIdentity: table.replicaIdentity,
    charset: null,
    // Records of PostgreSQL have no comments.
    comment: null,
  };
}

function columnShape(column: ColumnInfo, extras: ColumnExtras | undefined): ColumnShape {
  const { generated, identity } = column;
  return {
    name: column.name,
    number: column.number,
    type: column.typeText,
    nullable: !column.notNull,
    default: column.defaultExpression,
    generated: generated === null ? null : `${generated} ${extras?.generated ?? ''}`.trimEnd(),
    counted: identity === null ? null : `identity ${identity}`,
    members: extras?.labels ?? null,
    charset: extras?.collation ?? null,
    comment: null,
  };
}
