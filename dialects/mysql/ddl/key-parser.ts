import { parseCheck, parseReferences } from './column-parser.ts';
import type { DdlCursor } from './ddl-cursor.ts';
import type { KeyPart, KeySyntax } from './ddl-syntax.ts';

const KEY_WORDS = new Set([
  'PRIMARY',
  'UNIQUE',
  'KEY',
  'INDEX',
  'FULLTEXT',
  'SPATIAL',
  'FOREIGN',
  'CONSTRAINT',
  'CHECK',
]);
const INDEX_WORDS = new Set(['KEY', 'INDEX']);
const INDEX_OPTIONS = new Set([
  'KEY_BLOCK_SIZE',
  'COMMENT',
  'USING',
  'TYPE',
  'WITH',
  'VISIBLE',
  'INVISIBLE',
  'IGNORED',
  'NOT',
  'ENGINE_ATTRIBUTE',
  'SECONDARY_ENGINE_ATTRIBUTE',
  'CLUSTERING',
]);

/** Whether a key or constraint comes next, and not a column. */
export function isKeyNext(cursor: DdlCursor): boolean {
  if (cursor.isOneOf(KEY_WORDS)) return true;
  // None of these words is reserved: columns may be called so.
  if (cursor.isWord('PERIOD')) return cursor.isWord('FOR', 1);
  if (cursor.isWord('CLUSTERING')) return cursor.isOneOf(INDEX_WORDS, 1);
  return cursor.isWord('VECTOR') && (cursor.isOneOf(INDEX_WORDS, 1) || cursor.isMark('(', 1));
}

/** Reads a key or constraint; null when it is none that makes a key (CHECK, PERIOD). */
export function parseKey(cursor: DdlCursor): KeySyntax | null {
  let constraint: string | null = null;
  if (cursor.accept('CONSTRAINT')) {
    cursor.acceptIfNotExists();
    constraint = cursor.isOneOf(KEY_WORDS) ? null : cursor.name();
  }
  if (cursor.isWord('CHECK')) {
    parseCheck(cursor);
    return null;
  }
  if (cursor.accept('PERIOD')) {
    cursor.expect('FOR');
    cursor.name();
    cursor.brackets();
    return null;
  }
  if (cursor.accept('FOREIGN')) return parseForeignKey(cursor, constraint);
  const kind = parseKind(cursor);
  const ifNotExists = cursor.acceptIfNotExists();
  const name = cursor.isName() && !isIndexType(cursor) ? cursor.name() : null;
  return parseIndex(cursor, kind, name ?? constraint, ifNotExists);
}

function parseKind(cursor: DdlCursor): KeySyntax['kind'] {
  if (cursor.accept('PRIMARY')) {
    cursor.expect('KEY');
    return 'primary';
  }
  // TokuDB's.
  cursor.accept('CLUSTERING');
  const isUnique = cursor.accept('UNIQUE');
  const isSpecial =
    !isUnique && (cursor.accept('FULLTEXT') || cursor.accept('SPATIAL') || cursor.accept('VECTOR'));
  const isIndex = cursor.accept('KEY') || cursor.accept('INDEX');
  if (!isUnique && !isSpecial && !isIndex) cursor.fail('a key');
  return isUnique ? 'unique' : 'index';
}

/** `USING BTREE`, `TYPE BTREE`: `using` may be a name only in quotes. */
function isIndexType(cursor: DdlCursor): boolean {
  return cursor.isWord('USING') || (cursor.isWord('TYPE') && cursor.peek(1).kind === 'word');
}

/** The rest of an index, from its type on. */
export function parseIndex(
  cursor: DdlCursor,
  kind: KeySyntax['kind'],
  name: string | null,
  ifNotExists: boolean,
): KeySyntax {
  if (isIndexType(cursor)) skipIndexType(cursor);
  const parts = parseKeyParts(cursor);
  skipIndexOptions(cursor);
  return { kind, name, parts, ifNotExists };
}

/** Reads USING and the type of an index. */
export function skipIndexType(cursor: DdlCursor): void {
  cursor.advance();
  cursor.name();
}

/** Reads `(a, b(10) DESC, (lower(c)))`. */
export function parseKeyParts(cursor: DdlCursor): KeyPart[] {
  const parts: KeyPart[] = [];
  cursor.expectMark('(');
  do {
    if (cursor.isMark('(')) {
      cursor.brackets();
      parts.push({ column: null, length: null });
    } else {
      const column = cursor.name();
      let length: number | null = null;
      if (cursor.acceptMark('(')) {
        length = cursor.integer();
        cursor.expectMark(')');
      }
      // The period of an application: `p WITHOUT OVERLAPS` is no column of the key.
      if (cursor.accept('WITHOUT', 'OVERLAPS')) continue;
      parts.push({ column, length });
    }
    if (!cursor.accept('ASC')) cursor.accept('DESC');
  } while (cursor.acceptMark(','));
  cursor.expectMark(')');
  return parts;
}

function skipIndexOptions(cursor: DdlCursor): void {
  while (cursor.isOneOf(INDEX_OPTIONS) || (cursor.isName() && cursor.isMark('=', 1))) {
    const word = cursor.advance().upper;
    switch (word) {
      case 'VISIBLE':
      case 'INVISIBLE':
      case 'IGNORED':
      case 'NOT':
        break;
      case 'WITH':
        cursor.expect('PARSER');
        cursor.name();
        break;
      case 'USING':
      case 'TYPE':
        cursor.name();
        break;
      default:
        cursor.acceptMark('=');
        if (cursor.peek().kind === 'string') cursor.string();
        else cursor.advance();
    }
  }
}

function parseForeignKey(cursor: DdlCursor, constraint: string | null): KeySyntax {
  cursor.expect('KEY');
  const ifNotExists = cursor.acceptIfNotExists();
  const name = cursor.isName() ? cursor.name() : null;
  const parts = parseKeyParts(cursor);
  parseReferences(cursor);
  return { kind: 'foreign', name: constraint ?? name, parts, ifNotExists };
}
