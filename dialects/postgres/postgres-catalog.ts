import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ReplicaIdentity } from '../../src/model/table-schema.ts';
import { quoteLiteral } from './postgres-identifiers.ts';

/**
 * What the catalog says about tables and types: queries as text, and rows read into objects. Every
 * value arrives as text, whatever protocol carried it; nested lists come as JSON. The queries work
 * from PostgreSQL 14 on and with the rights of any role.
 */
export type CatalogRow = Readonly<Record<string, string | null>>;

export type TypeKind = 'base' | 'composite' | 'domain' | 'enum' | 'pseudo' | 'range' | 'multirange';

/** One row of pg_type, with the relations between types resolved to oids. */
export interface TypeInfo {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: TypeKind;
  /** pg_type.typcategory: `N` numeric, `S` string, `A` array, … */
  readonly category: string;
  /** Of a true array type its element's type; 0 otherwise (also for `point` and int2vector). */
  readonly elementOid: number;
  /** The array type over this one; 0 when there is none. */
  readonly arrayOid: number;
  /** What a domain stands on (may be a domain again, P84); 0 otherwise. */
  readonly baseOid: number;
  /** The domain's own typmod, to be used instead of the column's; -1 otherwise. */
  readonly baseTypmod: number;
  /** Between elements of an array of this type; for an array type, that of its own elements. */
  readonly delimiter: string;
  /** Labels of an enum in sort order. */
  readonly labels: readonly string[];
  /** Name of the extension that made the type, e.g. `hstore`. */
  readonly extension: string | null;
  /** Of money: digits after the point under the session's lc_monetary. */
  readonly moneyDigits?: number | undefined;
}

/** One live row of pg_attribute. */
export interface ColumnInfo {
  /** pg_attribute.attnum: survives a rename. */
  readonly number: number;
  readonly name: string;
  readonly typeOid: number;
  readonly typmod: number;
  /** format_type(): `numeric(10,2)`, `character varying(20)[]`. */
  readonly typeText: string;
  /** As declared, `integer[][]` has 2; the server enforces none and forgets them in a dump. */
  readonly dimensions?: number;
  readonly notNull: boolean;
  /** pg_get_expr of the default, e.g. `'a'::text`; null without one. */
  readonly defaultExpression: string | null;
  readonly generated: 'stored' | 'virtual' | null;
  readonly identity: 'always' | 'by default' | null;
  readonly comment: string | null;
}

/** A unique index that is valid, not partial and over plain columns. */
export interface UniqueIndexInfo {
  readonly name: string;
  /** Column numbers in the order of the index, without INCLUDE columns. */
  readonly columns: readonly number[];
  readonly primary: boolean;
  readonly replicaIdentity: boolean;
  /** False: DEFERRABLE, which cannot be a replica identity. */
  readonly immediate: boolean;
}

/** `r` table, `p` partitioned table, `v` view, `m` materialised view, `f` foreign table. */
export type RelationKind = 'table' | 'partitioned' | 'view' | 'materialized view' | 'foreign table';

/** One relation with its columns and the indexes that may serve as its key. */
export interface TableInfo {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly persistence: 'permanent' | 'unlogged' | 'temporary';
  readonly replicaIdentity: ReplicaIdentity;
  readonly owner: string;
  /** In the order of their numbers, dropped ones left out. */
  readonly columns: readonly ColumnInfo[];
  readonly uniqueIndexes: readonly UniqueIndexInfo[];
  /** Oid of the table that this one is a partition of; 0 otherwise. */
  readonly parentOid: number;
  /** Oid of the topmost partitioned table; its own oid when it is not a partition. */
  readonly rootOid: number;
  /** Row level security is on, and applies to the current role. */
  readonly rowSecurity: boolean;
  readonly canSelect: boolean;
  /** The current role is a member of the owner: it may ALTER the table and publish it. */
  readonly owned: boolean;
  /** From the last VACUUM or ANALYZE; -1 = never. */
  readonly estimatedRows: number;
  readonly pages: number;
}

const RELATION_KINDS: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

const TYPE_KINDS: Readonly<Record<string, TypeKind>> = {
  b: 'base',
  c: 'composite',
  d: 'domain',
  e: 'enum',
  p: 'pseudo',
  r: 'range',
  m: 'multirange',
};

const IDENTITIES: Readonly<Record<string, ReplicaIdentity>> = {
  d: 'default',
  n: 'nothing',
  f: 'full',
  i: 'index',
};

/** Every type but the row types of tables that no column has. */
export const TYPES_QUERY = `
SELECT t.oid, n.nspname AS schema, t.typname AS name, t.typtype AS kind,
  t.typcategory AS category, t.typarray AS array_oid, t.typbasetype AS base_oid,
  t.typtypmod AS base_typmod, coalesce(el.typdelim, t.typdelim) AS delimiter,
  coalesce(el.oid, 0) AS element_oid,
  (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
     FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) AS labels,
  (SELECT x.extname FROM pg_catalog.pg_depend d
     JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = coalesce(el.oid, t.oid)
      AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
    LIMIT 1) AS extension,
  CASE WHEN t.oid = 'money'::regtype THEN scale('1'::money::numeric) END AS money_digits
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type el ON el.oid = t.typelem AND el.typarray = t.oid
LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(el.typrelid, t.typrelid)
WHERE c.relkind IS NULL OR c.relkind = 'c'
  OR t.oid IN (SELECT a.atttypid FROM pg_catalog.pg_attribute a)
  OR t.typarray IN (SELECT a.atttypid FROM pg_catalog.pg_attribute a)
ORDER BY t.oid`;

/** Reads the rows of the types query. */
export function parseTypes(rows: readonly CatalogRow[]): TypeInfo[] {
  return rows.map((row) => ({
    oid: number(row, 'oid'),
    schema: text(row, 'schema'),
    name: text(row, 'name'),
    kind: TYPE_KINDS[text(row, 'kind')] ?? 'base',
    category: text(row, 'category'),
    elementOid: number(row, 'element_oid'),
    arrayOid: number(row, 'array_oid'),
    baseOid: number(row, 'base_oid'),
    baseTypmod: number(row, 'base_typmod'),
    delimiter: text(row, 'delimiter'),
    labels: json<string[]>(row, 'labels') ?? [],
    extension: row['extension'] ?? null,
    moneyDigits: json<number>(row, 'money_digits') ?? undefined,
  }));
}

const COLUMNS_JSON = `
  (SELECT json_agg(json_build_object(
      'number', a.attnum, 'name', a.attname, 'typeOid', a.atttypid::int8, 'typmod', a.atttypmod,
      'typeText', pg_catalog.format_type(a.atttypid, a.atttypmod), 'dimensions', a.attndims,
      'notNull', a.attnotnull,
      'defaultExpression', CASE WHEN a.attgenerated = ''
        THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
      'generated', a.attgenerated, 'identity', a.attidentity,
      'comment', pg_catalog.col_description(a.attrelid, a.attnum)) ORDER BY a.attnum)
     FROM pg_catalog.pg_attribute a
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

const INDEXES_JSON = `
  (SELECT json_agg(json_build_object(
      'name', ic.relname,
      'columns', (SELECT json_agg(k.attnum ORDER BY k.position)
         FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
        WHERE k.position <= i.indnkeyatts),
      'primary', i.indisprimary, 'replicaIdentity', i.indisreplident,
      'immediate', i.indimmediate) ORDER BY i.indisprimary DESC, ic.relname)
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
      AND i.indpred IS NULL AND i.indexprs IS NULL)`;

const TABLE_COLUMNS = `
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
  c.relpersistence AS persistence, c.relreplident AS replica_identity,
  pg_catalog.pg_get_userbyid(c.relowner) AS owner,
  coalesce((SELECT inhparent FROM pg_catalog.pg_inherits h
     WHERE h.inhrelid = c.oid AND c.relispartition LIMIT 1), 0) AS parent_oid,
  coalesce(CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::oid END, c.oid)
    AS root_oid,
  pg_catalog.row_security_active(c.oid) AS row_security,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS can_select,
  pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
  c.reltuples::int8 AS estimated_rows, c.relpages AS pages,${COLUMNS_JSON} AS columns,
  ${INDEXES_JSON} AS indexes
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;

/** All relations that could be meant by a table list; system schemas and temporary ones never. */
export const TABLES_QUERY = `${TABLE_COLUMNS}
WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname`;

/** The same for some relations only, by oid (a Relation message has one). */
export function tablesByOidQuery(oids: readonly number[]): string {
  const list = oids.length === 0 ? '0' : oids.map((oid) => String(oid >>> 0)).join(', ');
  return `${tablesQuery(`c.oid IN (${list})`)}\nORDER BY n.nspname, c.relname`;
}

/** The same by a condition on the row `c` of pg_class, in no order. */
export function tablesQuery(condition: string): string {
  return `${TABLE_COLUMNS}\nWHERE ${condition}`;
}

interface ColumnJson extends Omit<ColumnInfo, 'generated' | 'identity'> {
  readonly generated: string;
  readonly identity: string;
}

/** Reads the rows of the tables query. */
export function parseTables(rows: readonly CatalogRow[]): TableInfo[] {
  return rows.map((row) => ({
    oid: number(row, 'oid'),
    schema: text(row, 'schema'),
    name: text(row, 'name'),
    kind: RELATION_KINDS[text(row, 'kind')] ?? 'table',
    persistence: persistenceOf(text(row, 'persistence')),
    replicaIdentity: IDENTITIES[text(row, 'replica_identity')] ?? 'nothing',
    owner: text(row, 'owner'),
    columns: (json<ColumnJson[]>(row, 'columns') ?? []).map(parseColumn),
    uniqueIndexes: json<UniqueIndexInfo[]>(row, 'indexes') ?? [],
    parentOid: number(row, 'parent_oid'),
    rootOid: number(row, 'root_oid'),
    rowSecurity: flag(row, 'row_security'),
    canSelect: flag(row, 'can_select'),
    owned: flag(row, 'owned'),
    estimatedRows: number(row, 'estimated_rows'),
    pages: number(row, 'pages'),
  }));
}

function parseColumn(column: ColumnJson): ColumnInfo {
  const generated = { s: 'stored', v: 'virtual' } as const;
  const identity = { a: 'always', d: 'by default' } as const;
  return {
    ...column,
    generated: generated[column.generated as 's' | 'v'] ?? null,
    identity: identity[column.identity as 'a' | 'd'] ?? null,
  };
}

function persistenceOf(letter: string): TableInfo['persistence'] {
  return letter === 'u' ? 'unlogged' : letter === 't' ? 'temporary' : 'permanent';
}

/** What a publication sends of one table, as pg_publication_tables says. */
export interface PublishedTable {
  readonly schema: string;
  readonly table: string;
  /** Names of the columns sent, in no certain order; null: the server is too old to say (< 15). */
  readonly columns: readonly string[] | null;
  readonly rowFilter: string | null;
}

/** With publish_via_partition_root the root stands in the view, otherwise the leaves. */
export function publishedTablesQuery(publication: string): string {
  return `SELECT p.schemaname AS schema, p.tablename AS name,
  to_jsonb(p) -> 'attnames' AS columns, to_jsonb(p) ->> 'rowfilter' AS row_filter
FROM pg_catalog.pg_publication_tables p WHERE p.pubname = ${quoteLiteral(publication)}
ORDER BY 1, 2`;
}

/** Reads the rows of `publishedTablesQuery`. */
export function parsePublishedTables(rows: readonly CatalogRow[]): PublishedTable[] {
  return rows.map((row) => ({
    schema: text(row, 'schema'),
    table: text(row, 'name'),
    columns: json<string[]>(row, 'columns'),
    rowFilter: row['row_filter'] ?? null,
  }));
}

/** A value that the query never leaves null; throws INTERNAL when it did. */
export function text(row: CatalogRow, name: string): string {
  const value = row[name];
  if (value === null || value === undefined) {
    throw new TidemarkError('INTERNAL', `the catalog query gave no ${name}`);
  }
  return value;
}

/** A value that fits a JavaScript number (oids, counts); never for positions or byte counts. */
export function number(row: CatalogRow, name: string): number {
  return Number(text(row, name));
}

/** A boolean in PostgreSQL's text form; null counts as false. */
export function flag(row: CatalogRow, name: string): boolean {
  return row[name] === 't';
}

function json<T>(row: CatalogRow, name: string): T | null {
  const value = row[name];
  return value === null || value === undefined ? null : (JSON.parse(value) as T);
}
