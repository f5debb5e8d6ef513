import { acceptCharset, charsetName } from './column-type-parser.ts';
import type { DdlCursor } from './ddl-cursor.ts';
import type { TableOptions } from './ddl-syntax.ts';

type OptionsDraft = { -readonly [K in keyof TableOptions]: TableOptions[K] };

/** What no option changes. */
export const NO_OPTIONS: TableOptions = {
  charset: null,
  collation: null,
  comment: null,
  isSequence: false,
  systemVersioned: false,
};

/**
 * Reads options of a table as long as some come, over commas too where they are no clause's end.
 */
export function parseTableOptions(cursor: DdlCursor, overCommas: boolean): TableOptions {
  const draft: OptionsDraft = { ...NO_OPTIONS };
  while (acceptTableOption(cursor, draft)) {
    if (overCommas) cursor.acceptMark(',');
  }
  return draft;
}

/** Reads one option, if one comes next. */
function acceptTableOption(cursor: DdlCursor, draft: OptionsDraft): boolean {
  if (acceptCharsetOption(cursor, draft)) return true;
  if (cursor.accept('COMMENT')) {
    cursor.acceptMark('=');
    draft.comment = cursor.string();
    return true;
  }
  if (cursor.accept('WITH', 'SYSTEM', 'VERSIONING')) {
    draft.systemVersioned = true;
    return true;
  }
  if (cursor.isWord('SEQUENCE') && cursor.isMark('=', 1)) {
    cursor.advance();
    cursor.advance();
    draft.isSequence = cursor.advance().text !== '0';
    return true;
  }
  return acceptOtherOption(cursor);
}

/** `[DEFAULT] CHARACTER SET x`, `[DEFAULT] COLLATE x`, of a table or a database. */
export function acceptCharsetOption(
  cursor: DdlCursor,
  draft: { charset: string | null; collation: string | null },
): boolean {
  const position = cursor.position;
  cursor.accept('DEFAULT');
  const charset = acceptCharset(cursor);
  if (charset !== null) {
    draft.charset = charset;
    return true;
  }
  if (cursor.accept('COLLATE')) {
    cursor.acceptMark('=');
    draft.collation = charsetName(cursor);
    return true;
  }
  cursor.reset(position);
  return false;
}

const TWO_WORDS = [
  ['DATA', 'DIRECTORY'],
  ['INDEX', 'DIRECTORY'],
] as const;
/** These begin what follows the options. */
const NO_OPTION = new Set(['PARTITION', 'AS', 'SELECT', 'IGNORE', 'REPLACE', 'WITH', 'VALUES']);
const BARE_OPTIONS = new Set([
  'ENGINE',
  'TYPE',
  'AUTO_INCREMENT',
  'AVG_ROW_LENGTH',
  'CHECKSUM',
  'TABLE_CHECKSUM',
  'PAGE_CHECKSUM',
  'COMPRESSION',
  'CONNECTION',
  'DELAY_KEY_WRITE',
  'ENCRYPTION',
  'ENGINE_ATTRIBUTE',
  'SECONDARY_ENGINE_ATTRIBUTE',
  'SECONDARY_ENGINE',
  'INSERT_METHOD',
  'KEY_BLOCK_SIZE',
  'MAX_ROWS',
  'MIN_ROWS',
  'PACK_KEYS',
  'PASSWORD',
  'ROW_FORMAT',
  'STATS_AUTO_RECALC',
  'STATS_PERSISTENT',
  'STATS_SAMPLE_PAGES',
  'AUTOEXTEND_SIZE',
  'TRANSACTIONAL',
  'UNION',
  'TABLESPACE',
  'STORAGE',
]);

function acceptOtherOption(cursor: DdlCursor): boolean {
  for (const words of TWO_WORDS) {
    if (!cursor.accept(...words)) continue;
    cursor.acceptMark('=');
    cursor.string();
    return true;
  }
  if (cursor.accept('START', 'TRANSACTION')) return true;
  const isNamed = cursor.isName() && cursor.isMark('=', 1);
  if (!isNamed && (cursor.isOneOf(NO_OPTION) || !cursor.isOneOf(BARE_OPTIONS))) return false;
  cursor.advance();
  cursor.acceptMark('=');
  if (cursor.isMark('(')) cursor.brackets();
  else if (cursor.peek().kind === 'string') cursor.string();
  else if (cursor.isEnd() || cursor.isMark(',')) cursor.fail('a value');
  else cursor.advance();
  return true;
}
