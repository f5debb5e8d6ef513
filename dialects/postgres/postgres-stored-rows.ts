import type { CatalogRow } from './postgres-catalog.ts';
import { number, text } from './postgres-catalog.ts';
import { literalDefault } from './postgres-default.ts';
import { quoteLiteral } from './postgres-identifiers.ts';

/*
 * DDL that changes stored rows without an event (ruling 5) is told by no message of the stream, but
 * it leaves its mark in the catalog: other files under a table, other rows for its columns.
 */

/** A column as the catalog has it. */
export interface StoredColumn {
  readonly name: string;
  /** format_type. */
  readonly type: string;
  /** Changes with each ALTER of the column, and with its default. */
  readonly version: string;
  readonly generated: boolean;
  readonly identity: boolean;
  /** Rows that were there when it was added got a value all the same. */
  readonly hasMissing: boolean;
  /** pg_get_expr; null: none. */
  readonly defaultExpression: string | null;
}

/** What of a table tells that its stored rows were changed. */
export interface StoredRows {
  readonly oid: number;
  /** Files of the parts that its rows lie in, by their oids; `attached`: with rows of its own. */
  readonly files: Readonly<Record<string, { readonly node: string; readonly attached: boolean }>>;
  /** By number. */
  readonly columns: Readonly<Record<string, StoredColumn>>;
  /** Every name that a column ever had: a target keeps columns that are gone. */
  readonly names: readonly string[];
}

/** What happened to the rows of a table; null: nothing that nobody was told. */
export interface StoredRowsChange {
  /** Rows went: it is not enough to read those that are there. */
  readonly rowsGo: boolean;
  readonly reason: string;
}

/**
 * Rows `oid`, `schema`, `table`, `digest`, and `state` where the digest is not among `known`: JSON
 * that `readStoredRows` reads. Of tables that are there; partitioned ones with all their leaves.
 * One was attached, and not made as a partition, where its row type is older than its inheritance:
 * other catalogs are written anew by ATTACH. Within one transaction its columns tell it, which
 * ATTACH writes anew in a later command; those with a default are so in any case. No function finds
 * the partitions: it would see more than the query does, and a partition without what attached it.
 */
export function storedRowsQuery(oids: readonly number[], known: readonly string[]): string {
  const digests = known.map((digest) => `'${digest.replaceAll(/[^0-9a-f]/g, '')}'`);
  return `WITH RECURSIVE root AS (SELECT c.oid FROM pg_catalog.pg_class c
  WHERE c.oid IN (${oids.join()})),
part AS (SELECT r.oid AS root, r.oid, false AS attached FROM root r
  UNION ALL SELECT p.root, i.inhrelid, p.attached OR f.xmin <> i.xmin OR EXISTS (
      SELECT FROM pg_catalog.pg_attribute b
      WHERE b.attrelid = i.inhrelid AND b.attnum > 0 AND NOT b.attisdropped AND NOT b.atthasdef
        AND b.attidentity = '' AND b.xmin = f.xmin AND NOT b.cmin = f.cmin)
    FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid AND NOT i.inhdetachpending
    JOIN pg_catalog.pg_class k ON k.oid = i.inhrelid AND k.relispartition
    JOIN pg_catalog.pg_type f ON f.typrelid = i.inhrelid),
leaf AS (SELECT p.root, c.oid, c.relfilenode AS node, p.attached
  FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid AND c.relkind <> 'p'),
state AS (SELECT r.oid, json_build_object(
    'files', (SELECT coalesce(json_object_agg(l.oid::text,
        json_build_object('node', l.node::text, 'attached', l.attached) ORDER BY l.oid), '{}')
      FROM leaf l WHERE l.root = r.oid),
    'columns', (SELECT coalesce(json_object_agg(a.attnum::text, json_build_object(
        'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
        'version', a.xmin::text || ':' || coalesce(d.oid, 0)::text,
        'generated', a.attgenerated <> '', 'identity', a.attidentity <> '',
        'hasMissing', EXISTS (SELECT FROM leaf l
          JOIN pg_catalog.pg_attribute x ON x.attrelid = l.oid AND x.attname = a.attname
          WHERE l.root = r.oid AND x.atthasmissing),
        'defaultExpression', pg_catalog.pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum), '{}')
      FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped))::text AS json
  FROM root r),
told AS (SELECT oid, json, md5(json) AS digest FROM state)
SELECT t.oid, n.nspname AS schema, c.relname AS table, t.digest, CASE WHEN t.digest NOT IN
    (${['', ...digests].map((one) => one || "''").join()}) THEN t.json END AS state
FROM told t JOIN pg_catalog.pg_class c ON c.oid = t.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;
}

/** Rows `oid` of the tables that have these names now. */
export function namedTablesQuery(
  names: readonly { readonly schema: string; readonly table: string }[],
): string {
  const pairs = names.map(
    ({ schema, table }) => `(${quoteLiteral(schema)}, ${quoteLiteral(table)})`,
  );
  return `SELECT c.oid FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND (n.nspname::text, c.relname::text) IN (${pairs.join()})`;
}

/** A row of `storedRowsQuery`; `before` has the names of older columns. Null: nothing is new. */
export function readStoredRows(
  row: CatalogRow,
  before: StoredRows | undefined,
): { readonly digest: string; readonly rows: StoredRows | null } {
  const digest = text(row, 'digest');
  const json = row['state'] ?? null;
  if (json === null) return { digest, rows: null };
  const state = JSON.parse(json) as Pick<StoredRows, 'files' | 'columns'>;
  const names = Object.values(state.columns).map(({ name }) => name);
  const all = [...new Set([...(before?.names ?? []), ...names])];
  return { digest, rows: { oid: number(row, 'oid'), ...state, names: all } };
}

/**
 * `isTold`: the column is part of the records. `trustsWidening`: somebody has said that no USING
 * changes values where a type becomes wider, which the catalog does not tell.
 */
export function storedRowsChange(
  before: StoredRows,
  now: StoredRows,
  isTold: (column: StoredColumn) => boolean,
  trustsWidening = false,
): StoredRowsChange | null {
  const gone = Object.keys(before.files).filter((oid) => now.files[oid] === undefined);
  const come = Object.entries(now.files).filter(
    ([oid, { attached }]) => before.files[oid] === undefined && attached,
  );
  const isWritten = Object.entries(now.files).some(([oid, { node }]) => {
    const file = before.files[oid];
    return file !== undefined && file.node !== node;
  });
  const reasons = Object.entries(now.columns).flatMap(([number, column]) => {
    if (!isTold(column)) return [];
    const old = before.columns[number];
    if (old !== undefined && trustsWidening && isWidened(old, column)) return [];
    const reason =
      old === undefined ? addedValue(column, before, isWritten) : changed(old, column, isWritten);
    return reason === null ? [] : [`${column.name} ${reason}`];
  });
  if (come.length > 0) reasons.push('a partition with rows was attached');
  if (gone.length > 0) reasons.push('a partition was detached or dropped');
  return reasons.length === 0 ? null : { rowsGo: gone.length > 0, reason: reasons.join(', ') };
}

/** What rows that were there got, where that is neither null nor told; null: it is one of these. */
function addedValue(column: StoredColumn, before: StoredRows, isWritten: boolean): string | null {
  const { name, generated, identity, hasMissing, defaultExpression } = column;
  if (generated) return 'is computed';
  if (identity) return 'is counted up';
  if (before.names.includes(name)) return 'has taken the place of an older one';
  const literal = defaultExpression === null ? undefined : literalDefault(defaultExpression);
  const isConstant = literal !== undefined && literal.text !== null;
  const hasValues = hasMissing || isWritten;
  if (isConstant) return hasValues ? null : 'got its default after its rows';
  return hasValues ? 'was added with values that are no constant default' : null;
}

function changed(old: StoredColumn, column: StoredColumn, isWritten: boolean): string | null {
  if (old.name !== column.name) return `was ${old.name} before`;
  if (!isWritten || old.version === column.version) return null;
  return old.type === column.type
    ? 'was written anew'
    : `was written anew as ${column.type} instead of ${old.type}`;
}

/** By the number of their bits. */
const INTEGERS = ['smallint', 'integer', 'bigint'];

/**
 * The cast keeps each value, and how it is printed: a target that has it as text is right as well.
 * So not `real` to `double precision`, nor another scale, nor `integer` to `numeric`.
 */
function isWidened({ name, type: from }: StoredColumn, { name: now, type: to }: StoredColumn) {
  if (name !== now || from === to) return false;
  const [old, wide] = [INTEGERS.indexOf(from), INTEGERS.indexOf(to)];
  if (old !== -1) return wide > old;
  const characters = lengthOf('character varying', from);
  if (characters !== null) {
    return to === 'text' || (lengthOf('character varying', to)?.[0] ?? 0) >= (characters[0] ?? 0);
  }
  const [digits, more] = [lengthOf('numeric', from), lengthOf('numeric', to)];
  if (digits === null || more === null || digits[1] === undefined) return false;
  return digits[1] === more[1] && (more[0] ?? 0) >= (digits[0] ?? 0);
}

/** What stands in parentheses behind the name; without them there is no limit. */
function lengthOf(name: string, type: string): readonly number[] | null {
  if (type === name) return [Number.POSITIVE_INFINITY];
  const found = /^([a-z ]+)\(([\d,]+)\)$/.exec(type);
  return found?.[1] === name ? (found[2] ?? '').split(',').map(Number) : null;
}
