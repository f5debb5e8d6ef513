import type { ScriptStatement, ScriptToken } from './postgres-script.ts';
import { postgresTokens } from './postgres-script.ts';

/** What belongs to the whole server, not to one of its databases. */
const SHARED = [
  'DATABASE',
  'ROLE',
  'USER',
  'GROUP',
  'TABLESPACE',
  'SYSTEM',
  'SUBSCRIPTION',
  // These reach other servers.
  'SERVER',
  'FOREIGN DATA WRAPPER',
];
const CHANGES_SHARED = new RegExp(`^(?:CREATE|ALTER|DROP) (?:${SHARED.join('|')})\\b`);
const GRANTS_SHARED = /^(?:GRANT|REVOKE) .* ON (?:DATABASE|TABLESPACE|PARAMETER|FOREIGN) /;
const GRANTS_ROLE = /^(?:GRANT|REVOKE) (?!.* ON )/;
const TELLS_OF_SHARED = new RegExp(
  `^(?:COMMENT|SECURITY LABEL(?: FOR \\S+)?) ON (?:${SHARED.join('|')})\\b`,
);
const OWNED = /^(?:REASSIGN|DROP) OWNED\b/;
const PREPARED = /^(?:PREPARE TRANSACTION|COMMIT PREPARED|ROLLBACK PREPARED)\b/;
const OTHERS = /^(?:IMPORT FOREIGN SCHEMA|LOAD|CHECKPOINT)\b/;
/** Of these a string is code. */
const RUNS_STRINGS = /^(?:DO|CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE))\b/;
const REACHES_OUT = new RegExp(
  [
    String.raw`^(?:dblink\w*`,
    String.raw`pg_(?:create|drop|copy|sync)_\w*slots?`,
    String.raw`pg_(?:logical|replication)_(?:slot|origin)\w*`,
    'pg_(?:terminate|cancel)_backend',
    String.raw`pg_(?:reload_conf|rotate_logfile|promote|switch_wal|stat_reset\w*|file_\w+)`,
    'lo_(?:import|export))$',
  ].join('|'),
);
/** Commands of psql that change nothing of what is run. */
const HARMLESS = /^\\(?:echo|qecho|warn|timing|pset|x|unrestrict|restrict|encoding +utf-?8)\b/i;
const HARMLESS_SET =
  /^\\set +(?:ON_ERROR_STOP|ON_ERROR_ROLLBACK|VERBOSITY|ECHO|QUIET|SHOW_CONTEXT)\b/;

/** A command of psql that needs nobody to follow it. */
export function isPassedOver({ text, isMeta, tokens }: ScriptStatement): boolean {
  return isMeta && tokens.length === 0 && (HARMLESS.test(text) || HARMLESS_SET.test(text));
}

/**
 * Why a statement is not run in a database that is thrown away: it would change what belongs to
 * the whole server or lies outside of it, or is for psql. Null: it stays inside, as far as its text
 * tells, also that of the functions it makes.
 */
export function outsideOfDatabase(statement: ScriptStatement): string | null {
  const { text, isMeta, tokens } = statement;
  if (isMeta) {
    return isPassedOver(statement) ? null : `${text.split(/\s/)[0] ?? text} is for psql alone`;
  }
  if (tokens.some(({ kind }) => kind === 'broken')) {
    return 'a string, a quoted name, a body or a comment has no end';
  }
  const words = wordsOf(tokens);
  if (words.startsWith('COPY ')) return 'COPY needs rows or files: use INSERT, or leave rows out';
  return (
    outsideByWords(words) ??
    outsideByCalls(tokens) ??
    tokens
      .filter(({ kind }) => kind === 'body' || (kind === 'string' && RUNS_STRINGS.test(words)))
      .map((token) => outsideInside(token.text))
      .find((reason) => reason !== null) ??
    null
  );
}

function outsideByWords(words: string): string | null {
  if (CHANGES_SHARED.test(words) || TELLS_OF_SHARED.test(words) || GRANTS_SHARED.test(words)) {
    return 'it changes what belongs to the whole server, or leads to another one';
  }
  if (GRANTS_ROLE.test(words)) return 'it changes who is a member of a role, on the whole server';
  if (OWNED.test(words)) return 'it changes what a role owns, on the whole server';
  if (PREPARED.test(words)) return 'a prepared transaction outlives its database session';
  if (OTHERS.test(words)) return 'it reaches beyond the database';
  return null;
}

function outsideByCalls(tokens: readonly ScriptToken[]): string | null {
  const call = tokens.find(
    ({ kind, text }, i) =>
      (kind === 'word' || kind === 'name') &&
      tokens[i + 1]?.text === '(' &&
      REACHES_OUT.test(text.toLowerCase()),
  );
  return call === undefined ? null : `${call.text}() reaches beyond the database`;
}

/** Of code, wherever in it a statement may begin, and what it has as strings to run. */
function outsideInside(code: string): string | null {
  const tokens = postgresTokens(code);
  const found = outsideByCalls(tokens);
  if (found !== null) return found;
  for (const [i, { kind, upper, text }] of tokens.entries()) {
    const isCode = kind === 'string' || kind === 'body';
    const words = upper === '' ? '' : wordsOf(tokens.slice(i, i + 8));
    const isShared = CHANGES_SHARED.test(words) || OWNED.test(words);
    const inner = isShared ? 'it changes what belongs to the whole server' : null;
    const reason = inner ?? (isCode ? outsideInside(text) : null);
    if (reason !== null)
      return `${reason} (inside of its body)`.replace(/( \(inside.*?\))\1+/, '$1');
  }
  return null;
}

/** Keywords and marks; what is quoted is no keyword. */
function wordsOf(tokens: readonly ScriptToken[]): string {
  return tokens
    .map(({ kind, upper, text }) => (kind === 'word' ? upper : (text[0] ?? '')))
    .join(' ');
}
