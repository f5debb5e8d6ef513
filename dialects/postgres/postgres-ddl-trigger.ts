import type { CatalogRow } from './postgres-catalog.ts';
import { parseTables, tablesQuery } from './postgres-catalog.ts';
import type { ColumnExtras, NamedTable } from './postgres-table-shapes.ts';
import { extrasQuery, parseTableVersions, versionsQuery } from './postgres-table-shapes.ts';

/*
 * An event trigger that tells the stream of DDL, at its place and with its text, which no other
 * message does. It is there on wish: only a superuser may make one.
 */

/** Of the logical messages that the trigger writes; they never become records. */
export const DDL_MESSAGE_PREFIX = 'tidemark.ddl';

/** The event trigger for commands; the one for drops has `_drop` behind it. */
export const DDL_TRIGGER_NAME = 'tidemark_ddl';

const SCHEMA = 'tidemark_ddl';
const VERSION = 1;
/** More tables in one command (ALTER SCHEMA) are left to whoever looks at the catalog. */
const MOST_TABLES = 200;
const LONGEST_TEXT = 10_000;

/** What one DDL command did to tables. */
export interface DdlMessage {
  /** The statement as it was sent; null: it may not be shown. */
  readonly ddl: string;
  readonly user: string;
  readonly application: string;
  /** As they are behind the command. */
  readonly tables: readonly ToldTable[];
  /** Oids of tables that it dropped. */
  readonly gone: readonly number[];
}

/** A table as the trigger found it, in the form of the queries of the catalog. */
export interface ToldTable {
  readonly named: NamedTable;
  readonly row: CatalogRow;
  readonly extras: Readonly<Record<string, ColumnExtras>>;
}

/** Literals are left out of a text that speaks of secrets; where they cannot be told, all of it. */
const SAID = `CASE
      WHEN _said !~* 'password|passwd|secret|token|credential|user mapping' THEN _said
      WHEN _said ~ '\\\\|\\$' THEN tg_tag || ' (the text is not shown: it may have a secret in it)'
      ELSE regexp_replace(_said, '''[^'']*''', '''…''', 'g') END`;

/**
 * Makes schema, function and triggers, or makes them anew. The function never breaks a command:
 * whatever fails in it is caught (a cancelled query is not, nor a timeout, which are the user's).
 * It runs with the rights of whoever made it, so nothing of a user's schema may be found by its
 * names. Values print as in our own sessions, but for names, which have their schema.
 */
export const DDL_TRIGGER_INSTALL = `BEGIN;
CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
CREATE OR REPLACE FUNCTION ${SCHEMA}.tell() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET DateStyle = 'ISO' SET IntervalStyle = 'iso_8601' SET TimeZone = 'UTC'
SET extra_float_digits = '3' SET bytea_output = 'hex'
AS $tidemark$
DECLARE
  _touched oid[];
  _gone json := '[]';
  _tables json := '[]';
  _said text := left(current_query(), ${LONGEST_TEXT});
BEGIN
  IF tg_event = 'sql_drop' THEN
    SELECT coalesce(json_agg(d.objid::int8), '[]') INTO _gone
      FROM pg_catalog.pg_event_trigger_dropped_objects() d
     WHERE d.object_type = 'table' AND NOT d.is_temporary;
    SELECT array_agg(DISTINCT coalesce(c.oid, d.objid)) INTO _touched
      FROM pg_catalog.pg_event_trigger_dropped_objects() d
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = d.address_names[1]
      LEFT JOIN pg_catalog.pg_class c
        ON c.relnamespace = n.oid AND c.relname = d.address_names[2]
     WHERE d.object_type IN ('table column', 'table constraint', 'default value');
  ELSE
    WITH _command AS (SELECT * FROM pg_catalog.pg_event_trigger_ddl_commands())
    SELECT array_agg(DISTINCT f.oid) INTO _touched FROM (
      SELECT m.objid FROM _command m WHERE m.classid = 'pg_catalog.pg_class'::regclass
      UNION ALL SELECT i.indrelid FROM _command m JOIN pg_catalog.pg_index i
        ON m.classid = 'pg_catalog.pg_class'::regclass AND i.indexrelid = m.objid
      UNION ALL SELECT a.attrelid FROM _command m JOIN pg_catalog.pg_type t
        ON m.classid = 'pg_catalog.pg_type'::regclass
          AND m.objid IN (t.oid, t.typelem, t.typbasetype)
        JOIN pg_catalog.pg_attribute a ON a.atttypid = t.oid
       WHERE m.command_tag IN ('ALTER TYPE', 'ALTER DOMAIN')
      UNION ALL SELECT r.oid FROM _command m JOIN pg_catalog.pg_class r
        ON m.classid = 'pg_catalog.pg_namespace'::regclass AND r.relnamespace = m.objid
       WHERE m.command_tag = 'ALTER SCHEMA') AS f(oid);
  END IF;
  SELECT array_agg(c.oid) INTO _touched
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY(_touched) AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
     AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_';
  IF coalesce(cardinality(_touched), 0) > ${MOST_TABLES} THEN RETURN; END IF;
  IF _touched IS NOT NULL THEN
    SELECT json_agg(json_build_object('row', to_json(b), 'extras', e.columns, 'named', to_json(v)))
      INTO _tables
      FROM (${tablesQuery('c.oid = ANY(_touched)')}) AS b
      JOIN (${versionsQuery('c.oid = ANY(_touched)')}) AS v
        ON v.oid = b.oid AND v.digest IS NOT NULL
      LEFT JOIN (${extrasQuery('a.attrelid = ANY(_touched)')}) AS e ON e.oid = b.oid;
  END IF;
  IF json_array_length(_gone) + json_array_length(_tables) = 0 THEN RETURN; END IF;
  PERFORM pg_catalog.pg_logical_emit_message(true, '${DDL_MESSAGE_PREFIX}',
    convert_to(json_build_object('version', ${VERSION}, 'ddl', ${SAID}, 'user', session_user,
      'application', current_setting('application_name'), 'gone', _gone, 'tables', _tables
    )::text, 'UTF8'));
EXCEPTION WHEN OTHERS THEN
  RAISE LOG 'tidemark could not tell of %: %', tg_tag, sqlerrm;
END
$tidemark$;
DROP EVENT TRIGGER IF EXISTS ${DDL_TRIGGER_NAME};
DROP EVENT TRIGGER IF EXISTS ${DDL_TRIGGER_NAME}_drop;
CREATE EVENT TRIGGER ${DDL_TRIGGER_NAME} ON ddl_command_end EXECUTE FUNCTION ${SCHEMA}.tell();
CREATE EVENT TRIGGER ${DDL_TRIGGER_NAME}_drop ON sql_drop EXECUTE FUNCTION ${SCHEMA}.tell();
COMMIT;
`;

/** Takes away what the other script made, if it is there. */
export const DDL_TRIGGER_REMOVE = `BEGIN;
DROP EVENT TRIGGER IF EXISTS ${DDL_TRIGGER_NAME};
DROP EVENT TRIGGER IF EXISTS ${DDL_TRIGGER_NAME}_drop;
DROP FUNCTION IF EXISTS ${SCHEMA}.tell();
DROP SCHEMA IF EXISTS ${SCHEMA};
COMMIT;
`;

interface MessageJson {
  readonly version: number;
  readonly ddl: string;
  readonly user: string;
  readonly application: string;
  readonly gone: readonly number[];
  readonly tables: readonly {
    readonly row: Readonly<Record<string, unknown>>;
    readonly named: Readonly<Record<string, unknown>>;
    readonly extras: Readonly<Record<string, ColumnExtras>> | null;
  }[];
}

/** What a message of the trigger says; null: it is of another version, or somebody else's. */
export function parseDdlMessage(content: string): DdlMessage | null {
  try {
    const json = JSON.parse(content) as MessageJson;
    if (json.version !== VERSION) return null;
    const { ddl, user, application } = json;
    const tables = json.tables.flatMap(({ row, named, extras }): readonly ToldTable[] => {
      const told = { row: textRow(row), extras: extras ?? {} };
      // Anybody may write such a message: what cannot be read is no reason to stop.
      parseTables([told.row]);
      return parseTableVersions([textRow(named)]).map((one) => ({ ...told, named: one }));
    });
    const gone = json.gone.map(Number);
    if ([ddl, user, application].some((said) => typeof said !== 'string')) return null;
    return { ddl, user, application, tables, gone };
  } catch {
    return null;
  }
}

/** As the simple protocol has values: texts. */
function textRow(row: Readonly<Record<string, unknown>>): CatalogRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, textOf(value)] as const),
  );
}

function textOf(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return JSON.stringify(value);
}
