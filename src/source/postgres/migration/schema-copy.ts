import {
  FOREIGN_TABLES_QUERY,
  SCHEMA_COPY_QUERIES,
} from '../../../../dialects/postgres/postgres-schema-copy.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';

/** Names have their schemas in what is read, and what is run: nothing else is to be found. */
const NO_SEARCH_PATH = `SELECT pg_catalog.set_config('search_path', '', false)`;
const COPYING = `SET check_function_bodies = off; SET synchronous_commit = off;
  SET client_min_messages = error; ${NO_SEARCH_PATH}`;

/** An object, and what makes it. */
interface CopiedObject {
  readonly name: string;
  readonly sql: string;
}

/** What could not be made, and why. */
export interface UncopiedObject {
  readonly name: string;
  readonly reason: string;
}

/**
 * Makes the objects of one database in another, without rows. What fails is tried again as long as
 * anything succeeds: so nobody has to know what depends on what.
 */
export async function copySchema(
  from: Querier,
  to: Querier,
  signal: AbortSignal,
): Promise<readonly UncopiedObject[]> {
  await from.query(NO_SEARCH_PATH, signal);
  const objects: CopiedObject[] = [];
  for (const sql of SCHEMA_COPY_QUERIES) {
    for (const row of await catalogRows(from, sql, signal)) {
      const object = { name: row['name'] ?? '', sql: row['sql'] ?? '' };
      if (object.sql !== '') objects.push(object);
    }
  }
  const foreign = await catalogRows(from, FOREIGN_TABLES_QUERY, signal);
  const uncopied = foreign.map((row) => ({
    name: `foreign table ${row['name'] ?? ''}`,
    reason: 'it leads to another server',
  }));
  await to.query(COPYING, signal);
  return [...(await make(objects, to, signal)), ...uncopied];
}

/** So many at a time, in one transaction and one round trip; all at once would lock too many. */
const BATCH = 100;

async function make(
  objects: readonly CopiedObject[],
  to: Querier,
  signal: AbortSignal,
): Promise<readonly UncopiedObject[]> {
  let open = objects;
  while (true) {
    const failed: FailedObject[] = [];
    for (let at = 0; at < open.length; at += BATCH) {
      failed.push(...(await makeSome(open.slice(at, at + BATCH), to, signal)));
    }
    if (failed.length === 0 || failed.length === open.length) {
      return failed.map(({ object: { name }, reason }) => ({ name, reason }));
    }
    open = failed.map(({ object }) => object);
  }
}

interface FailedObject {
  readonly object: CopiedObject;
  readonly reason: string;
}

/** One by one where they cannot be made together: the server tells only the first that fails. */
async function makeSome(
  objects: readonly CopiedObject[],
  to: Querier,
  signal: AbortSignal,
): Promise<readonly FailedObject[]> {
  try {
    await to.query(objects.map(({ sql }) => sql).join(';\n'), signal);
    return [];
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toTidemarkError(error);
    if (code === 'PG_CONNECTION_LOST') throw error;
    const [object] = objects;
    if (object !== undefined && objects.length === 1) return [{ object, reason: message }];
  }
  const failed: FailedObject[] = [];
  for (const object of objects) failed.push(...(await makeSome([object], to, signal)));
  return failed;
}
