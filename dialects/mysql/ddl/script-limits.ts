import type { DdlDialect } from './ddl-dialect.ts';
import type { Token } from './ddl-tokens.ts';
import { DdlTokenizer } from './ddl-tokens.ts';
import type { MysqlScriptStatement } from './mysql-script.ts';

/** Where statements of a script are to be run. */
export interface ScratchPlace {
  readonly dialect: DdlDialect;
  /** All databases of the server. */
  readonly databases: readonly string[];
  /** Whose copy it is, and what that is called. */
  readonly copied: string;
  readonly scratch: string;
  /** Names of databases are the same in capitals. */
  readonly foldsNames: boolean;
}

/** A statement as it is run in the copy, or why it is not. */
export type PlacedSql = { readonly sql: string } | { readonly reason: string };

const OF_SERVER =
  'USER|ROLE|SERVER|TABLESPACE|UNDO|LOGFILE|RESOURCE|SPATIAL REFERENCE|PUBLIC|LIBRARY';
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(`^(?:CREATE|ALTER|DROP|RENAME)(?: OR REPLACE)? (?:${OF_SERVER})\\b`),
    'it changes what belongs to the whole server',
  ],
  [/^DROP (?:DATABASE|SCHEMA)\b/, 'it drops a database'],
  [/^(?:GRANT|REVOKE)\b/, 'rights are those of the whole server'],
  [
    /^SET (?:PASSWORD|DEFAULT ROLE|GLOBAL|PERSIST|PERSIST_ONLY|RESOURCE)\b/,
    'it changes what belongs to the whole server',
  ],
  [
    /^(?:FLUSH|RESET|PURGE|KILL|SHUTDOWN|RESTART|INSTALL|UNINSTALL|CLONE|BACKUP|CHANGE|STOP)\b/,
    'it is about the whole server',
  ],
  [/^START (?!TRANSACTION\b)/, 'it is about the whole server'],
  [/^(?:BINLOG|XA|CACHE|LOCK INSTANCE|IMPORT TABLE)\b/, 'it is about the whole server'],
  [/^LOAD\b/, 'it reads files'],
  [
    /^(?:PREPARE|EXECUTE|DEALLOCATE)\b/,
    'a statement that is put together from text cannot be looked through',
  ],
  [
    /^(?:SOURCE|SYSTEM|TEE|NOTEE|PAGER|NOPAGER|CONNECT|EDIT|PROMPT)\b/,
    'it is for the client alone',
  ],
];
const ANYWHERE: readonly (readonly [RegExp, string])[] = [
  [/\bINTO (?:OUTFILE|DUMPFILE)\b/, 'it writes files'],
  [/\bEXECUTE IMMEDIATE\b/, 'a statement that is put together from text cannot be looked through'],
  [/\bSONAME\b/, 'it loads a library into the server'],
  [
    /@ @ (?:GLOBAL|PERSIST|PERSIST_ONLY) \. \S+ :? ?=/,
    'it changes what belongs to the whole server',
  ],
  [/\b(?:SQL_LOG_BIN|GTID_NEXT|SQL_REPLICA_SKIP_COUNTER)\b :?=?/, 'it is about the binlog'],
  [/\bENGINE =? ?(?:FEDERATED|CONNECT|SPIDER|S3)\b/, 'such a table leads to another server'],
];
/** Behind these a statement begins in the body of a routine. */
const BEGINS = new Set([';', 'BEGIN', 'THEN', 'ELSE', 'DO', 'LOOP', 'REPEAT', 'ATOMIC']);
/** Everybody may read it, and nobody write it. */
const READABLE = 'information_schema';

/**
 * A statement for the copy: the database that was copied is called by the copy's name. What names
 * another one, or is about the whole server, is not run; nor is text that is put together.
 */
export function placedInScratch(
  { text, isCommand }: MysqlScriptStatement,
  place: ScratchPlace,
): PlacedSql {
  if (isCommand) return { reason: `${text.split(/\s/)[0] ?? text} is for the client alone` };
  const tokens = tokensOf(text, place.dialect);
  if (tokens.at(-1)?.kind === 'broken') {
    return { reason: 'a string, a quoted name or a comment has no end' };
  }
  const reason = refusal(tokens);
  if (reason !== null) return { reason };
  return renamed(text, tokens, place);
}

function tokensOf(text: string, dialect: DdlDialect): readonly Token[] {
  const tokenizer = new DdlTokenizer(text, dialect);
  const tokens: Token[] = [];
  for (let token = tokenizer.next(); token.kind !== 'end'; token = tokenizer.next()) {
    tokens.push(token);
    if (token.kind === 'broken') break;
  }
  return tokens;
}

function refusal(tokens: readonly Token[]): string | null {
  const words = tokens.map(({ kind, upper, text }) =>
    kind === 'word' ? upper : kind === 'punctuation' ? text : '?',
  );
  const all = words.join(' ');
  const found = ANYWHERE.find(([pattern]) => pattern.test(all));
  if (found !== undefined) return found[1];
  for (const [i] of words.entries()) {
    if (i > 0 && !BEGINS.has(words[i - 1] ?? '')) continue;
    const statement = words.slice(i, i + 6).join(' ');
    const refused = REFUSED.find(([pattern]) => pattern.test(statement));
    if (refused !== undefined) return refused[1];
  }
  return null;
}

function renamed(text: string, tokens: readonly Token[], place: ScratchPlace): PlacedSql {
  const { copied, scratch, databases, foldsNames } = place;
  const fold = (name: string): string => (foldsNames ? name.toLowerCase() : name);
  const known = new Map(databases.map((name) => [fold(name), name]));
  const parts: string[] = [];
  let from = 0;
  for (const [i, token] of tokens.entries()) {
    if (!isDatabaseName(tokens, i, text)) continue;
    const isAlone = tokens[i + 1]?.text !== '.';
    const database = known.get(fold(token.text));
    if (fold(token.text) === fold(copied)) {
      parts.push(text.slice(from, token.start), `\`${scratch}\``);
      from = token.end;
    } else if (isAlone || (database !== undefined && database.toLowerCase() !== READABLE)) {
      return { reason: `it names another database, ${token.text}` };
    }
  }
  return { sql: [...parts, text.slice(from)].join('') };
}

/** In front of a dot, or where only the name of a database can stand. */
function isDatabaseName(tokens: readonly Token[], i: number, text: string): boolean {
  const token = tokens[i];
  if (token === undefined) return false;
  // With ANSI_QUOTES, which a script may set, this is a name.
  const isName = token.kind === 'word' || token.kind === 'name' || text[token.start] === '"';
  const [before, after] = [tokens[i - 1], tokens[i + 1]];
  if (!isName) return false;
  if (after?.kind === 'punctuation' && after.text === '.') {
    return before?.text !== '.' && before?.text !== '@';
  }
  if (i < 2) return i === 1 && before?.upper === 'USE';
  const [verb, what] = [tokens[0]?.upper ?? '', tokens[1]?.upper ?? ''];
  if (!/^(?:CREATE|ALTER)$/.test(verb) || !/^(?:DATABASE|SCHEMA)$/.test(what)) return false;
  const words = tokens.slice(2, i).map(({ upper }) => upper);
  const isFirst = words.length === 0 || words.join(' ') === 'IF NOT EXISTS';
  return (
    isFirst &&
    !/^(?:IF|DEFAULT|CHARACTER|CHARSET|COLLATE|ENCRYPTION|READ|COMMENT)$/.test(token.upper)
  );
}
