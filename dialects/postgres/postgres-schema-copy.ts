import { quoteIdentifier, quoteLiteral } from './postgres-identifiers.ts';

/*
 * The DDL of a database as queries of its catalog, each of which prints statements: rows `name` and
 * `sql`. Expressions, constraints, indexes, views and functions are printed by the server itself.
 * To be read and run with an empty search_path, so that every name has its schema. What depends on
 * what is not asked: who runs the statements tries again what failed, as long as any succeeds.
 * Without rows, roles, rights, comments, event triggers, casts, operators, aggregates over ordered
 * sets and everything that leads to other servers.
 */

const isOf = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = '${catalog}'::regclass
    AND x.objid = ${oid} AND x.deptype = 'e')`;
const MADE_BY_USERS = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;
const relation = (kinds: string): string =>
  `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    AND ${MADE_BY_USERS} AND c.relkind IN (${kinds}) AND c.relpersistence <> 't'
    AND ${isOf('pg_class', 'c.oid')}`;
const typesOf = (kind: string): string =>
  `pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    AND ${MADE_BY_USERS} AND t.typtype = '${kind}' AND ${isOf('pg_type', 't.oid')}`;
const collationOf = (oid: string): string =>
  `(SELECT format('COLLATE %I.%I', k.nspname, l.collname) FROM pg_catalog.pg_collation l
    JOIN pg_catalog.pg_namespace k ON k.oid = l.collnamespace WHERE l.oid = ${oid})`;
const SEQUENCE_FORM = `format('AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s'
    ' CACHE %s%s',
  pg_catalog.format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
  s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)`;
/** Sequences have no type in the options of an identity: it is that of the column. */
const IDENTITY_FORM = SEQUENCE_FORM.replace('AS %s ', '').replace(
  'pg_catalog.format_type(s.seqtypid, NULL), ',
  '',
);

const SCHEMAS = `SELECT format('schema %I', n.nspname) AS name,
  format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname) AS sql
FROM pg_catalog.pg_namespace n WHERE ${MADE_BY_USERS} AND ${isOf('pg_namespace', 'n.oid')}`;

const EXTENSIONS = `SELECT format('extension %I', e.extname) AS name,
  format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', e.extname, n.nspname) AS sql
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql' ORDER BY e.oid`;

const COLLATIONS = `SELECT format('collation %I.%I', n.nspname, l.collname) AS name,
  format('CREATE COLLATION %I.%I (PROVIDER = %s, %s)', n.nspname, l.collname,
    CASE l.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
    CASE WHEN l.collprovider = 'c'
      THEN format('LC_COLLATE = %L, LC_CTYPE = %L', l.collcollate, l.collctype)
      ELSE format('LOCALE = %L, DETERMINISTIC = %s', coalesce(to_jsonb(l) ->> 'colllocale',
        to_jsonb(l) ->> 'colliculocale', l.collcollate), l.collisdeterministic::text) END) AS sql
FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
  AND ${MADE_BY_USERS} AND ${isOf('pg_collation', 'l.oid')}`;

const ENUMS = `SELECT format('type %I.%I', n.nspname, t.typname) AS name,
  format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
    (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
      FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)) AS sql
FROM ${typesOf('e')}`;

const COMPOSITES = `SELECT format('type %I.%I', n.nspname, t.typname) AS name,
  format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
    (SELECT string_agg(concat_ws(' ', quote_ident(a.attname),
        pg_catalog.format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> y.typcollation THEN ${collationOf('a.attcollation')} END), ', '
        ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
      WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)) AS sql
FROM ${typesOf('c')} JOIN pg_catalog.pg_class r ON r.oid = t.typrelid AND r.relkind = 'c'`;

const DOMAINS = `SELECT format('domain %I.%I', n.nspname, t.typname) AS name,
  concat_ws(' ', format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname,
      pg_catalog.format_type(t.typbasetype, t.typtypmod)),
    CASE WHEN t.typcollation <> b.typcollation THEN ${collationOf('t.typcollation')} END,
    'DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN 'NOT NULL' END,
    (SELECT string_agg(format('CONSTRAINT %I %s', k.conname,
        pg_catalog.pg_get_constraintdef(k.oid)), ' ' ORDER BY k.oid)
      FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')) AS sql
FROM ${typesOf('d')} JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype`;

const RANGES = `SELECT format('type %I.%I', n.nspname, t.typname) AS name,
  format('CREATE TYPE %I.%I AS RANGE (%s)', n.nspname, t.typname, concat_ws(', ',
    'SUBTYPE = ' || pg_catalog.format_type(r.rngsubtype, NULL),
    (SELECT format('SUBTYPE_OPCLASS = %I.%I', k.nspname, o.opcname) FROM pg_catalog.pg_opclass o
      JOIN pg_catalog.pg_namespace k ON k.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),
    CASE WHEN r.rngcollation <> 0 THEN replace(${collationOf('r.rngcollation')}, 'COLLATE',
      'COLLATION =') END,
    CASE WHEN r.rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || r.rngsubdiff::regproc END,
    (SELECT format('MULTIRANGE_TYPE_NAME = %I.%I', k.nspname, m.typname) FROM pg_catalog.pg_type m
      JOIN pg_catalog.pg_namespace k ON k.oid = m.typnamespace WHERE m.oid = r.rngmultitypid)
  )) AS sql
FROM ${typesOf('r')} JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid`;

const FUNCTIONS = `SELECT format('function %s', f.oid::regprocedure) AS name,
  pg_catalog.pg_get_functiondef(f.oid) AS sql
FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
WHERE ${MADE_BY_USERS} AND f.prokind IN ('f', 'p', 'w') AND ${isOf('pg_proc', 'f.oid')}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_proc'::regclass
    AND x.objid = f.oid AND x.deptype = 'i')`;

const AGGREGATES = `SELECT format('aggregate %s', f.oid::regprocedure) AS name,
  format('CREATE AGGREGATE %I.%I(%s) (%s)', n.nspname, f.proname,
    coalesce(nullif(pg_catalog.pg_get_function_arguments(f.oid), ''), '*'), concat_ws(', ',
    'SFUNC = ' || g.aggtransfn, 'STYPE = ' || pg_catalog.format_type(g.aggtranstype, NULL),
    CASE WHEN g.aggfinalfn <> 0 THEN 'FINALFUNC = ' || g.aggfinalfn END,
    CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
    CASE WHEN g.aggcombinefn <> 0 THEN 'COMBINEFUNC = ' || g.aggcombinefn END,
    'INITCOND = ' || quote_literal(g.agginitval))) AS sql
FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
JOIN pg_catalog.pg_aggregate g ON g.aggfnoid = f.oid AND g.aggkind = 'n'
WHERE ${MADE_BY_USERS} AND ${isOf('pg_proc', 'f.oid')}`;

const SEQUENCES = `SELECT format('sequence %I.%I', n.nspname, c.relname) AS name,
  format('CREATE SEQUENCE %I.%I %s', n.nspname, c.relname, ${SEQUENCE_FORM}) AS sql
FROM ${relation(`'S'`)} JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')`;

const IDENTITY = `(SELECT format('GENERATED %s AS IDENTITY (SEQUENCE NAME %I.%I %s)',
    CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, m.nspname, q.relname,
    ${IDENTITY_FORM})
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class q ON q.oid = d.objid
  JOIN pg_catalog.pg_sequence s ON s.seqrelid = q.oid
  JOIN pg_catalog.pg_namespace m ON m.oid = q.relnamespace
  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype = 'i')`;

/** Identities of partitions are those of their table. */
const COLUMNS = `(SELECT string_agg(concat_ws(' ', quote_ident(a.attname),
    pg_catalog.format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation <> y.typcollation THEN ${collationOf('a.attcollation')} END,
    CASE WHEN a.attgenerated <> '' THEN format('GENERATED ALWAYS AS (%s) %s',
      pg_catalog.pg_get_expr(e.adbin, e.adrelid),
      CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END) END,
    CASE WHEN a.attidentity <> '' AND NOT c.relispartition THEN ${IDENTITY} END,
    CASE WHEN a.attnotnull THEN 'NOT NULL' END), ', ' ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

const TABLES = `SELECT format('table %I.%I', n.nspname, c.relname) AS name,
  concat_ws(' ', format('CREATE %sTABLE %I.%I (%s)',
      CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, n.nspname, c.relname,
      ${COLUMNS}),
    (SELECT format('INHERITS (%s)', string_agg(h.inhparent::regclass::text, ', '
        ORDER BY h.inhseqno)) FROM pg_catalog.pg_inherits h
      WHERE h.inhrelid = c.oid AND NOT c.relispartition HAVING count(*) > 0),
    'PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid)) AS sql
FROM ${relation(`'r', 'p'`)} ORDER BY c.oid`;

const DEFAULTS = `SELECT format('default of %I.%I.%I', n.nspname, c.relname, a.attname) AS name,
  format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET DEFAULT %s', n.nspname, c.relname, a.attname,
    pg_catalog.pg_get_expr(e.adbin, e.adrelid)) AS sql
FROM ${relation(`'r', 'p'`)}
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attgenerated = ''
JOIN pg_catalog.pg_attrdef e ON e.adrelid = c.oid AND e.adnum = a.attnum`;

const PARTITIONS = `SELECT format('partition %I.%I', n.nspname, c.relname) AS name,
  format('ALTER TABLE ONLY %s ATTACH PARTITION %I.%I %s', h.inhparent::regclass, n.nspname,
    c.relname, pg_catalog.pg_get_expr(c.relpartbound, c.oid)) AS sql
FROM ${relation(`'r', 'p'`)} JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid
WHERE c.relispartition ORDER BY c.oid`;

const OWNED_SEQUENCES = `SELECT format('owner of %I.%I', n.nspname, c.relname) AS name,
  format('ALTER SEQUENCE %I.%I OWNED BY %s.%I', n.nspname, c.relname, d.refobjid::regclass,
    a.attname) AS sql
FROM ${relation(`'S'`)} JOIN pg_catalog.pg_depend d ON d.classid = 'pg_class'::regclass
  AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid`;

/** Those of partitions and children come with those of their tables; foreign keys last. */
const CONSTRAINTS = `
SELECT format('constraint %I of %I.%I', k.conname, n.nspname, c.relname) AS name,
  format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname,
    pg_catalog.pg_get_constraintdef(k.oid)) AS sql
FROM ${relation(`'r', 'p'`)} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid
WHERE k.contype IN ('c', 'p', 'u', 'x', 'f') AND k.conparentid = 0 AND k.coninhcount = 0
ORDER BY k.contype = 'f', k.oid`;

/** The server prints that of a partitioned table without its partitions. */
const INDEXES = `SELECT format('index %I.%I', m.nspname, x.relname) AS name,
  CASE x.relkind WHEN 'I' THEN replace(pg_catalog.pg_get_indexdef(i.indexrelid),
    format(' ON ONLY %I.%I ', n.nspname, c.relname), format(' ON %I.%I ', n.nspname, c.relname))
    ELSE pg_catalog.pg_get_indexdef(i.indexrelid) END AS sql
FROM ${relation(`'r', 'p', 'm'`)} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND NOT x.relispartition
JOIN pg_catalog.pg_namespace m ON m.oid = x.relnamespace
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
  WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))`;

const IDENTITIES = `SELECT format('replica identity of %I.%I', n.nspname, c.relname) AS name,
  format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY %s', n.nspname, c.relname,
    CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE
      (SELECT format('USING INDEX %I', x.relname) FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND i.indisreplident) END) AS sql
FROM ${relation(`'r', 'p'`)} WHERE c.relreplident IN ('f', 'n')
  OR c.relreplident = 'i' AND EXISTS (SELECT FROM pg_catalog.pg_index i
    WHERE i.indrelid = c.oid AND i.indisreplident)`;

const STATISTICS = `SELECT format('statistics %I.%I', n.nspname, s.stxname) AS name,
  pg_catalog.pg_get_statisticsobjdef(s.oid) AS sql
FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
  AND ${MADE_BY_USERS}`;

const VIEWS = `SELECT format('view %I.%I', n.nspname, c.relname) AS name,
  format('CREATE %sVIEW %I.%I AS %s', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END,
    n.nspname, c.relname, rtrim(pg_catalog.pg_get_viewdef(c.oid), ';')
      || CASE c.relkind WHEN 'm' THEN ' WITH NO DATA' ELSE '' END) AS sql
FROM ${relation(`'v', 'm'`)} ORDER BY c.oid`;

const RULES = `SELECT format('rule %I of %I.%I', r.rulename, n.nspname, c.relname) AS name,
  pg_catalog.pg_get_ruledef(r.oid) AS sql
FROM ${relation(`'r', 'p', 'v', 'm'`)} JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
WHERE r.rulename <> '_RETURN'`;

/** They are there to be altered and dropped; there is nothing that they should do here. */
const TRIGGERS = `SELECT format('trigger %I of %I.%I', t.tgname, n.nspname, c.relname) AS name,
  pg_catalog.pg_get_triggerdef(t.oid) || CASE WHEN c.relkind = 'v' THEN '' ELSE
    format('; ALTER TABLE %I.%I DISABLE TRIGGER %I', n.nspname, c.relname, t.tgname) END AS sql
FROM ${relation(`'r', 'p', 'v'`)} JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid
WHERE NOT t.tgisinternal AND t.tgparentid = 0`;

const POLICIES = `SELECT format('policy %I of %I.%I', p.policyname, n.nspname, c.relname) AS name,
  concat_ws(' ', format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.policyname, n.nspname,
      c.relname, p.permissive, p.cmd, (SELECT string_agg(CASE r WHEN 'public' THEN 'PUBLIC'
        ELSE quote_ident(r) END, ', ') FROM unnest(p.roles) AS r)),
    'USING (' || p.qual || ')', 'WITH CHECK (' || p.with_check || ')') AS sql
FROM ${relation(`'r', 'p'`)}
JOIN pg_catalog.pg_policies p ON p.schemaname = n.nspname AND p.tablename = c.relname`;

const PUBLICATIONS = `SELECT format('publication %I', p.pubname) AS name,
  concat_ws(' ', format('CREATE PUBLICATION %I', p.pubname),
    CASE WHEN p.puballtables THEN 'FOR ALL TABLES' ELSE
      (SELECT 'FOR TABLE ' || string_agg(format('%I.%I', n.nspname, c.relname), ', ')
        FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid) END,
    CASE WHEN p.pubviaroot THEN 'WITH (publish_via_partition_root)' END) AS sql
FROM pg_catalog.pg_publication p`;

/** In an order that is right for most; the rest is found by trying. */
export const SCHEMA_COPY_QUERIES: readonly string[] = [
  SCHEMAS,
  EXTENSIONS,
  COLLATIONS,
  ENUMS,
  COMPOSITES,
  DOMAINS,
  RANGES,
  SEQUENCES,
  FUNCTIONS,
  AGGREGATES,
  TABLES,
  DEFAULTS,
  PARTITIONS,
  OWNED_SEQUENCES,
  CONSTRAINTS,
  VIEWS,
  INDEXES,
  IDENTITIES,
  STATISTICS,
  RULES,
  TRIGGERS,
  POLICIES,
  PUBLICATIONS,
];

/** Foreign tables lead elsewhere: they are named, and left out. */
export const FOREIGN_TABLES_QUERY = `SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM ${relation(`'f'`)} ORDER BY 1`;

/** How its texts are compared; what `ALTER DATABASE … SET` gives its sessions. */
export const DATABASE_FORM_QUERY = `SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
  d.datcollate AS collate, d.datctype AS ctype,
  coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
  to_jsonb(d) ->> 'daticurules' AS rules,
  (SELECT json_agg(x) FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS x
    WHERE s.setdatabase = d.oid AND s.setrole = 0) AS settings
FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`;

/** Reads the row of `DATABASE_FORM_QUERY` into a statement that makes an empty database like it. */
export function createDatabaseLike(
  name: string,
  row: Readonly<Record<string, string | null>>,
): string {
  const text = (key: string): string => quoteLiteral(row[key] ?? '');
  const provider = row['provider'] ?? 'c';
  const locale = row['locale'] ?? null;
  const own =
    provider === 'c' || locale === null
      ? ''
      : provider === 'i'
        ? ` LOCALE_PROVIDER icu ICU_LOCALE ${quoteLiteral(locale)}`
        : ` LOCALE_PROVIDER builtin BUILTIN_LOCALE ${quoteLiteral(locale)}`;
  const rules = (row['rules'] ?? null) === null ? '' : ` ICU_RULES ${text('rules')}`;
  return (
    `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING ${text('encoding')} ` +
    `LC_COLLATE ${text('collate')} LC_CTYPE ${text('ctype')}${own}${rules}`
  );
}

/** Settings of the database as statements for a session; values come as the server keeps them. */
export function databaseSettings(row: Readonly<Record<string, string | null>>): readonly string[] {
  const settings = JSON.parse(row['settings'] ?? 'null') as readonly string[] | null;
  return (settings ?? []).map((setting) => {
    const at = setting.indexOf('=');
    const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
    return `SELECT pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`;
  });
}
