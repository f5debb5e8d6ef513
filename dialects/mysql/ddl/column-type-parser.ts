import type { DdlCursor } from './ddl-cursor.ts';
import type { TypeSyntax } from './ddl-syntax.ts';

/** A type while its modifiers are read: they may stand among the column's other attributes. */
export type TypeDraft = { -readonly [K in keyof TypeSyntax]: TypeSyntax[K] };

/** How many numbers may stand in brackets, or whether members do. */
type Arguments = 0 | 1 | 2 | 'members';

/** One word, the type that it is, and what may follow in brackets (PITFALLS B103). */
const TYPES = new Map<string, readonly [string, Arguments]>([
  ['TINYINT', ['tinyint', 1]],
  ['INT1', ['tinyint', 1]],
  ['SMALLINT', ['smallint', 1]],
  ['INT2', ['smallint', 1]],
  ['MEDIUMINT', ['mediumint', 1]],
  ['MIDDLEINT', ['mediumint', 1]],
  ['INT3', ['mediumint', 1]],
  ['INT', ['int', 1]],
  ['INTEGER', ['int', 1]],
  ['INT4', ['int', 1]],
  ['BIGINT', ['bigint', 1]],
  ['INT8', ['bigint', 1]],
  ['BOOL', ['tinyint', 0]],
  ['BOOLEAN', ['tinyint', 0]],
  ['SERIAL', ['bigint', 0]],
  ['DECIMAL', ['decimal', 2]],
  ['DEC', ['decimal', 2]],
  ['NUMERIC', ['decimal', 2]],
  ['FIXED', ['decimal', 2]],
  ['FLOAT', ['float', 2]],
  ['FLOAT4', ['float', 2]],
  ['DOUBLE', ['double', 2]],
  ['FLOAT8', ['double', 2]],
  ['REAL', ['double', 2]],
  ['BIT', ['bit', 1]],
  ['DATE', ['date', 0]],
  ['TIME', ['time', 1]],
  ['DATETIME', ['datetime', 1]],
  ['TIMESTAMP', ['timestamp', 1]],
  ['YEAR', ['year', 1]],
  ['CHAR', ['char', 1]],
  ['CHARACTER', ['char', 1]],
  ['NCHAR', ['char', 1]],
  ['VARCHAR', ['varchar', 1]],
  ['VARCHARACTER', ['varchar', 1]],
  ['NVARCHAR', ['varchar', 1]],
  ['VARCHAR2', ['varchar', 1]],
  ['BINARY', ['binary', 1]],
  ['VARBINARY', ['varbinary', 1]],
  ['RAW', ['varbinary', 1]],
  ['TINYTEXT', ['tinytext', 0]],
  ['TEXT', ['text', 1]],
  ['MEDIUMTEXT', ['mediumtext', 0]],
  ['LONGTEXT', ['longtext', 0]],
  ['CLOB', ['longtext', 0]],
  ['TINYBLOB', ['tinyblob', 0]],
  ['BLOB', ['blob', 1]],
  ['MEDIUMBLOB', ['mediumblob', 0]],
  ['LONGBLOB', ['longblob', 0]],
  ['ENUM', ['enum', 'members']],
  ['SET', ['set', 'members']],
  ['JSON', ['json', 0]],
  ['GEOMETRY', ['geometry', 0]],
  ['POINT', ['point', 0]],
  ['LINESTRING', ['linestring', 0]],
  ['POLYGON', ['polygon', 0]],
  ['MULTIPOINT', ['multipoint', 0]],
  ['MULTILINESTRING', ['multilinestring', 0]],
  ['MULTIPOLYGON', ['multipolygon', 0]],
  ['GEOMETRYCOLLECTION', ['geometrycollection', 0]],
  ['GEOMCOLLECTION', ['geometrycollection', 0]],
  ['VECTOR', ['vector', 1]],
  ['UUID', ['uuid', 0]],
  ['INET4', ['inet4', 0]],
  ['INET6', ['inet6', 0]],
  ['XMLTYPE', ['xmltype', 0]],
]);

const NUMERIC_WORDS = new Set(['UNSIGNED', 'SIGNED', 'ZEROFILL']);
const CHARACTER_TYPES = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']);

/** Reads a type without the modifiers behind it. */
export function parseType(cursor: DdlCursor): TypeDraft {
  // MariaDB: `mariadb_schema.date` is the type outside of sql_mode ORACLE.
  const isForeign = cursor.peek().upper.endsWith('_SCHEMA') && cursor.isMark('.', 1);
  if (isForeign) {
    cursor.advance();
    cursor.advance();
  }
  const draft = emptyType();
  const args = readWords(cursor, draft);
  if (args === 'members') readMembers(cursor, draft);
  else if (args !== 0) readNumbers(cursor, draft, args);
  // A number in brackets is read where none belongs: the server would have refused it.
  else if (cursor.isMark('(')) cursor.brackets();
  resolveSynonym(cursor, draft, isForeign);
  return draft;
}

function emptyType(): TypeDraft {
  return {
    base: '',
    written: '',
    length: null,
    scale: null,
    unsigned: false,
    zerofill: false,
    members: null,
    writtenMembers: null,
    charset: null,
    collation: null,
    isBinaryCollation: false,
  };
}

function readWords(cursor: DdlCursor, draft: TypeDraft): Arguments {
  const words: string[] = [];
  const isNational = cursor.accept('NATIONAL');
  if (isNational) words.push('NATIONAL');
  const first = cursor.peek().upper;
  if (first === 'LONG') return readLong(cursor, draft);
  const type = TYPES.get(first);
  if (type === undefined) cursor.fail('a type');
  cursor.advance();
  words.push(first);
  draft.base = type[0];
  if (first === 'DOUBLE' && cursor.accept('PRECISION')) words.push('PRECISION');
  for (const varying of ['VARYING', 'VARCHAR'] as const) {
    const isPossible = varying === 'VARYING' ? draft.base === 'char' : first === 'NCHAR';
    if (!isPossible || !cursor.accept(varying)) continue;
    words.push(varying);
    draft.base = 'varchar';
  }
  if (isNational || first === 'NCHAR' || first === 'NVARCHAR') draft.charset = 'utf8';
  draft.written = words.join(' ');
  return type[1];
}

const LONG_WORDS = [
  ['CHAR', 'VARYING'],
  ['CHARACTER', 'VARYING'],
  ['VARCHAR'],
  ['VARCHARACTER'],
] as const;

function readLong(cursor: DdlCursor, draft: TypeDraft): Arguments {
  const position = cursor.position;
  cursor.advance();
  draft.base = cursor.accept('VARBINARY') ? 'mediumblob' : 'mediumtext';
  for (const words of LONG_WORDS) {
    if (cursor.accept(...words)) break;
  }
  draft.written = cursor.textSince(position).toUpperCase().replaceAll(/\s+/g, ' ');
  return 0;
}

function readMembers(cursor: DdlCursor, draft: TypeDraft): void {
  const members: string[] = [];
  const written: string[] = [];
  cursor.expectMark('(');
  do {
    const position = cursor.position;
    if (cursor.peek().kind === 'hex') {
      members.push(Buffer.from(cursor.advance().text, 'hex').toString());
    } else if (cursor.isName()) {
      // No server takes it, other parsers do.
      members.push(cursor.name());
    } else {
      members.push(cursor.string());
    }
    written.push(cursor.textSince(position));
  } while (cursor.acceptMark(','));
  cursor.expectMark(')');
  draft.members = members;
  draft.writtenMembers = written;
}

function readNumbers(cursor: DdlCursor, draft: TypeDraft, most: 1 | 2): void {
  if (!cursor.acceptMark('(')) return;
  // `INT()` is valid nowhere, `VARCHAR2(10 CHAR)` is in sql_mode ORACLE.
  draft.length = length(cursor);
  if (!cursor.accept('CHAR')) cursor.accept('BYTE');
  if (most === 2 && cursor.acceptMark(',')) draft.scale = cursor.integer();
  cursor.expectMark(')');
}

/** The server reads `decimal(19.5)` as `decimal(19)`. */
function length(cursor: DdlCursor): number {
  const { kind, text } = cursor.peek();
  if (kind !== 'number' || !/^\d{1,9}\.\d*$/.test(text)) return cursor.integer();
  cursor.advance();
  return Math.trunc(Number(text));
}

function resolveSynonym(cursor: DdlCursor, draft: TypeDraft, isForeign: boolean): void {
  const { realAsFloat, oracle } = cursor.dialect;
  switch (draft.written) {
    case 'BOOL':
    case 'BOOLEAN':
      draft.length = 1;
      break;
    case 'SERIAL':
      draft.unsigned = true;
      break;
    case 'REAL':
      if (realAsFloat) draft.base = 'float';
      break;
    case 'BLOB':
      if (oracle && !isForeign && draft.length === null) draft.base = 'longblob';
      break;
    case 'DATE':
      if (oracle && !isForeign) draft.base = 'datetime';
      break;
    case 'FLOAT':
    case 'FLOAT4':
      // FLOAT(p) is a precision in bits, FLOAT(m,d) a width.
      if (draft.length !== null && draft.scale === null && draft.length > 24) draft.base = 'double';
      break;
    default:
  }
}

/** Reads one modifier of a type, such as UNSIGNED or COLLATE, if one comes next. */
export function acceptTypeModifier(cursor: DdlCursor, draft: TypeDraft): boolean {
  const word = cursor.peek().upper;
  if (NUMERIC_WORDS.has(word)) {
    cursor.advance();
    // ZEROFILL is for unsigned columns only, and makes them so.
    if (word !== 'SIGNED') draft.unsigned = true;
    if (word === 'ZEROFILL') draft.zerofill = true;
    draft.written += ` ${word}`;
    return true;
  }
  const charset = acceptCharset(cursor);
  if (charset !== null) {
    draft.charset = charset;
    return true;
  }
  if (cursor.accept('COLLATE')) {
    draft.collation = charsetName(cursor);
    return true;
  }
  return acceptShorthand(cursor, draft, word);
}

function acceptShorthand(cursor: DdlCursor, draft: TypeDraft, word: string): boolean {
  const isCharacter = CHARACTER_TYPES.has(draft.base) || draft.members !== null;
  if (!isCharacter) return false;
  switch (word) {
    case 'BINARY':
      draft.isBinaryCollation = true;
      break;
    case 'ASCII':
      draft.charset = 'latin1';
      break;
    case 'UNICODE':
      draft.charset = 'ucs2';
      break;
    case 'BYTE':
      draft.charset = 'binary';
      break;
    default:
      return false;
  }
  cursor.advance();
  if (word === 'BINARY') draft.written += ' BINARY';
  return true;
}

/** `CHARACTER SET x`, `CHAR SET x`, `CHARSET x`, with or without `=`. */
export function acceptCharset(cursor: DdlCursor): string | null {
  const isCharset =
    cursor.accept('CHARSET') || cursor.accept('CHARACTER', 'SET') || cursor.accept('CHAR', 'SET');
  if (!isCharset) return null;
  cursor.acceptMark('=');
  return charsetName(cursor);
}

/** The name of a character set or collation: a word, a string, or BINARY. */
export function charsetName(cursor: DdlCursor): string {
  const name = cursor.peek().kind === 'string' ? cursor.string() : cursor.name();
  return name.toLowerCase();
}
