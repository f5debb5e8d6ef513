import { DDL_MESSAGE_PREFIX } from '../../../../dialects/postgres/postgres-ddl-trigger.ts';
import { OWN_MESSAGE_PREFIX } from '../pgoutput/pgoutput-parameters.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';

/** The include and exclude lists; their patterns are anchored when they come here. */
export type CaptureLists = Pick<
  PostgresSourceOptions,
  | 'schemaInclude'
  | 'schemaExclude'
  | 'tableInclude'
  | 'tableExclude'
  | 'columnInclude'
  | 'columnExclude'
>;

const SYSTEM_SCHEMA = /^(?:pg_.*|information_schema)$/;

/**
 * Whether a table is wanted by its name. The name is put together here and never taken apart: both
 * halves may hold dots (PITFALLS P39). System schemas never are, whatever the lists say.
 */
export function tableIncluded(lists: CaptureLists, schema: string, table: string): boolean {
  if (SYSTEM_SCHEMA.test(schema)) return false;
  const name = `${schema}.${table}`;
  return (
    passes(lists.schemaInclude, lists.schemaExclude, schema) &&
    passes(lists.tableInclude, lists.tableExclude, name)
  );
}

/** Whether a column is wanted by its name; the table is assumed to be. */
export function columnIncluded(
  lists: CaptureLists,
  schema: string,
  table: string,
  column: string,
): boolean {
  return passes(lists.columnInclude, lists.columnExclude, `${schema}.${table}.${column}`);
}

/** Whether a logical message becomes a record; our own heartbeats never do. */
export function messageIncluded(
  lists: Pick<PostgresSourceOptions, 'messageInclude' | 'messageExclude'>,
  prefix: string,
): boolean {
  if (prefix === OWN_MESSAGE_PREFIX || prefix === DDL_MESSAGE_PREFIX) return false;
  return passes(lists.messageInclude ?? [], lists.messageExclude ?? [], prefix);
}

/** An empty include list takes everything. */
function passes(include: readonly RegExp[], exclude: readonly RegExp[], name: string): boolean {
  if (include.length > 0 && !include.some((pattern) => pattern.test(name))) return false;
  return !exclude.some((pattern) => pattern.test(name));
}
