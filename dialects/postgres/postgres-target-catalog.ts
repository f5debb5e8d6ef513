import type { CatalogRow, SqlText, TargetColumn, TargetName, TargetTable } from '../dialect.ts';

/*
 * One query, one row: `columns` and `keys` come as JSON. Types are printed by format_type, which
 * qualifies what is not in the search path (the session pins it to pg_catalog). A typmod of -1
 * gives `bpchar` and `"bit"`: a bare `character` in a cast would mean character(1).
 */
const TABLE_QUERY = `
SELECT
  (SELECT json_agg(json_build_object(
      'name', a.attname,
      'type', format_type(a.atttypid, a.atttypmod),
      'castType', format_type(a.atttypid, -1),
      'isArray', t.typcategory = 'A',
      'notNull', a.attnotnull,
      'hasDefault', a.atthasdef OR a.attidentity <> '',
      'generated', a.attgenerated <> '',
      'identityAlways', a.attidentity = 'a',
      'isEnum', coalesce(e.typtype, t.typtype) = 'e',
      'collation', (SELECT quote_ident(s.nspname) || '.' || quote_ident(l.collname)
        FROM pg_collation l JOIN pg_namespace s ON s.oid = l.collnamespace
        WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation)) ORDER BY a.attnum)
   FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
   LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT json_agg(json_build_object(
      'primary', i.indisprimary,
      'constraint', k.conname,
      'columns', (SELECT json_agg(a.attname ORDER BY p.n)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS p(attnum, n)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.attnum
        WHERE p.n <= i.indnkeyatts)))
   FROM pg_index i LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'p'
   WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
     AND i.indpred IS NULL AND i.indexprs IS NULL) AS keys,
  EXISTS (SELECT FROM pg_constraint f
          WHERE f.confrelid = c.oid AND f.contype = 'f' AND f.conrelid <> c.oid) AS referenced
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'f')`;

interface UniqueIndex {
  readonly primary: boolean;
  readonly constraint: string | null;
  readonly columns: readonly string[];
}

/** Asks whether a schema exists; seeing that needs no right. */
export function schemaQuery(schema: string): SqlText {
  return { text: 'SELECT FROM pg_namespace WHERE nspname = $1', values: [schema] };
}

/** Asks for one table of the target. */
export function tableQuery(name: TargetName): SqlText {
  return { text: TABLE_QUERY, values: [name.schema, name.table] };
}

/** The answer to `tableQuery`; null when there is no such table. */
export function readTable(name: TargetName, rows: readonly CatalogRow[]): TargetTable | null {
  const row = rows[0];
  if (row === undefined) return null;
  const keys = (row['keys'] ?? []) as readonly UniqueIndex[];
  const primary = keys.find((key) => key.primary);
  return {
    name,
    columns: (row['columns'] ?? []) as readonly TargetColumn[],
    primaryKey: primary?.columns ?? [],
    primaryKeyName: primary?.constraint ?? null,
    uniqueKeys: keys.map((key) => key.columns),
    referenced: row['referenced'] === true,
  };
}
