import { parseColumn } from './column-parser.ts';
import type { DdlCursor } from './ddl-cursor.ts';
import type { ColumnSyntax, DdlStatement, KeySyntax, TableName } from './ddl-syntax.ts';
import { isKeyNext, parseKey } from './key-parser.ts';
import { NO_OPTIONS, parseTableOptions } from './table-options-parser.ts';

/** The head of CREATE TABLE, read by the caller. */
export interface CreateHead {
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
}

/**
 * Reads the rest of CREATE TABLE, behind its name: LIKE, or columns, keys and options. What a
 * SELECT adds cannot be told from the text: the server logs such statements with all columns and
 * without the SELECT when rows are logged (PITFALLS B99), else the table is uncertain.
 */
export function parseCreateTable(
  cursor: DdlCursor,
  table: TableName,
  head: CreateHead,
): DdlStatement {
  const like = parseLike(cursor);
  if (like !== null) return { kind: 'create-like', table, like, ...head };
  const columns: ColumnSyntax[] = [];
  const keys: KeySyntax[] = [];
  if (cursor.isMark('(') && !isSubquery(cursor)) {
    cursor.expectMark('(');
    do parseElement(cursor, columns, keys);
    while (cursor.acceptMark(','));
    cursor.expectMark(')');
  }
  const options = cursor.isEnd() ? NO_OPTIONS : parseTableOptions(cursor, true);
  if (cursor.isWord('PARTITION')) skipPartitions(cursor);
  if (!cursor.isEnd()) cursor.fail('the end of the statement');
  if (columns.length === 0) cursor.fail('a column');
  return { kind: 'create-table', table, ...head, columns, keys, options };
}

function parseLike(cursor: DdlCursor): TableName | null {
  if (cursor.accept('LIKE')) return cursor.tableName();
  if (!cursor.isMark('(') || !cursor.isWord('LIKE', 1)) return null;
  cursor.advance();
  cursor.advance();
  const like = cursor.tableName();
  cursor.expectMark(')');
  return like;
}

/** `CREATE TABLE t (SELECT …)`, with any number of brackets. */
function isSubquery(cursor: DdlCursor): boolean {
  return cursor.isWord('SELECT', 1) || cursor.isMark('(', 1) || cursor.isWord('WITH', 1);
}

/** Reads one element of the list of a CREATE TABLE. */
export function parseElement(cursor: DdlCursor, columns: ColumnSyntax[], keys: KeySyntax[]): void {
  if (!isKeyNext(cursor)) {
    const column = parseColumn(cursor);
    columns.push(column);
    keys.push(...keysOfColumn(column));
    return;
  }
  const key = parseKey(cursor);
  if (key !== null) keys.push(key);
}

/** The keys that a column's own attributes make, in their place among the others. */
export function keysOfColumn({ name, keys }: ColumnSyntax): KeySyntax[] {
  const parts = [{ column: name, length: null }];
  return keys.map((kind) => ({ kind, name: null, parts, ifNotExists: false }));
}

/** Partitions change no column: only a SELECT behind them would. */
function skipPartitions(cursor: DdlCursor): void {
  cursor.expect('PARTITION');
  cursor.expect('BY');
  while (!cursor.isEnd()) {
    if (cursor.isMark('(')) cursor.brackets();
    else if (cursor.isWord('SELECT') || cursor.isWord('AS')) return;
    else if (cursor.peek().kind === 'broken') cursor.fail('an end of the string');
    else cursor.advance();
  }
}
