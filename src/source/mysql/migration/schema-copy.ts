import type { MysqlScriptStatement } from '../../../../dialects/mysql/ddl/mysql-script.ts';
import type { ScratchPlace } from '../../../../dialects/mysql/ddl/script-limits.ts';
import { placedInScratch } from '../../../../dialects/mysql/ddl/script-limits.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import { quotedName } from '../capture/server-tables.ts';
import { named } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';

/** An object of a database, and where SHOW CREATE tells how it is made. */
interface CopiedObject {
  readonly kind: 'SEQUENCE' | 'TABLE' | 'VIEW' | 'FUNCTION' | 'PROCEDURE' | 'TRIGGER';
  readonly name: string;
}

/** What could not be made, and why. */
export interface UncopiedObject {
  readonly name: string;
  readonly reason: string;
}

const TABLE_KINDS: Readonly<Record<string, CopiedObject['kind']>> = {
  'BASE TABLE': 'TABLE',
  'SYSTEM VERSIONED': 'TABLE',
  SEQUENCE: 'SEQUENCE',
  VIEW: 'VIEW',
};
const ORDER: readonly CopiedObject['kind'][] = [
  'SEQUENCE',
  'TABLE',
  'FUNCTION',
  'PROCEDURE',
  'VIEW',
  'TRIGGER',
];
/** By kind: in which column SHOW CREATE has the statement. */
const STATEMENT_COLUMNS: Readonly<Record<CopiedObject['kind'], string>> = {
  SEQUENCE: 'create table',
  TABLE: 'create table',
  VIEW: 'create view',
  FUNCTION: 'create function',
  PROCEDURE: 'create procedure',
  TRIGGER: 'sql original statement',
};
/** Only who has more rights may make what others are said to have made. */
const DEFINER =
  /\bDEFINER\s*=\s*(?:`(?:[^`]|``)*`|'[^']*'|[\w$]+)@(?:`(?:[^`]|``)*`|'[^']*'|[\w$.%]+)/;

/**
 * Makes the objects of one database in another, without rows. What fails is tried again as long as
 * anything succeeds: so nobody has to know what depends on what. Events are left out: they would
 * run.
 */
export async function copySchema(
  from: MysqlQuerier,
  to: MysqlQuerier,
  place: ScratchPlace,
  signal: AbortSignal,
): Promise<readonly UncopiedObject[]> {
  // Tables come before those that they refer to; a value of old need not be allowed today.
  await to.query(`SET SESSION foreign_key_checks = 0, sql_mode = ''`, signal);
  const uncopied: UncopiedObject[] = [];
  let open: (CopiedObject & { readonly sql: string })[] = [];
  for (const object of await objectsOf(from, place.copied, signal)) {
    const sql = await statementOf(from, object, place, signal);
    if ('sql' in sql) open.push({ ...object, ...sql });
    else uncopied.push({ name: labelOf(object), reason: sql.reason });
  }
  while (true) {
    const failed: { readonly object: (typeof open)[number]; readonly reason: string }[] = [];
    for (const object of open) {
      try {
        await to.query(object.sql, signal);
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = toTidemarkError(error);
        if (code === 'MYSQL_CONNECTION_LOST') throw error;
        failed.push({ object, reason: message });
      }
    }
    if (failed.length === 0 || failed.length === open.length) {
      const left = failed.map(({ object, reason }) => ({ name: labelOf(object), reason }));
      return [...uncopied, ...left];
    }
    open = failed.map(({ object }) => object);
  }
}

function labelOf({ kind, name }: CopiedObject): string {
  return `${kind.toLowerCase()} ${name}`;
}

async function objectsOf(
  session: MysqlQuerier,
  database: string,
  signal: AbortSignal,
): Promise<readonly CopiedObject[]> {
  const is = `= _utf8mb4 x'${Buffer.from(database).toString('hex')}'`;
  const sql =
    'SELECT TABLE_TYPE AS kind, TABLE_NAME AS name FROM information_schema.TABLES ' +
    `WHERE TABLE_SCHEMA ${is} ` +
    'UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES ' +
    `WHERE ROUTINE_SCHEMA ${is} ` +
    `UNION ALL SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS ` +
    `WHERE TRIGGER_SCHEMA ${is} ORDER BY 2`;
  const { rows } = await session.query(sql, signal);
  const objects = rows.flatMap(([type, name]): CopiedObject[] => {
    const kind = TABLE_KINDS[type ?? ''] ?? ORDER.find((one) => one === type);
    return kind === undefined || name === undefined || name === null ? [] : [{ kind, name }];
  });
  return objects.toSorted((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
}

async function statementOf(
  session: MysqlQuerier,
  { kind, name }: CopiedObject,
  place: ScratchPlace,
  signal: AbortSignal,
): Promise<{ readonly sql: string } | { readonly reason: string }> {
  const what = `${quotedName(place.copied)}.${quotedName(name)}`;
  try {
    const [row] = named(await session.query(`SHOW CREATE ${kind} ${what}`, signal));
    const text = row?.get(STATEMENT_COLUMNS[kind]);
    if (text === undefined) return { reason: 'the account may not see how it was made' };
    const statement: MysqlScriptStatement = {
      text: kind === 'TABLE' || kind === 'SEQUENCE' ? text : text.replace(DEFINER, ''),
      line: 1,
      isCommand: false,
    };
    return placedInScratch(statement, place);
  } catch (error) {
    signal.throwIfAborted();
    return { reason: toTidemarkError(error).message };
  }
}
