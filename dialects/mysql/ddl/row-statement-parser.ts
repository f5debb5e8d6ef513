import type { DdlCursor } from './ddl-cursor.ts';
import type { DdlStatement, TableName } from './ddl-syntax.ts';

/** Statements that may change rows; in a binlog of rows their text has no place (PITFALLS B41). */
export const ROW_VERBS: ReadonlySet<string> = new Set([
  'INSERT',
  'UPDATE',
  'DELETE',
  'REPLACE',
  'LOAD',
  'CALL',
  'DO',
  'WITH',
]);

const MODIFIERS: ReadonlySet<string> = new Set([
  'LOW_PRIORITY',
  'DELAYED',
  'HIGH_PRIORITY',
  'IGNORE',
  'QUICK',
  'INTO',
  'FROM',
]);
/** What may follow the one table of an UPDATE or DELETE. */
const BEHIND_ONE_TABLE: ReadonlySet<string> = new Set([
  'SET',
  'WHERE',
  'ORDER',
  'LIMIT',
  'RETURNING',
  'PARTITION',
]);

/**
 * Which table a statement writes to, where one look tells it. An empty list means: any. Nothing
 * here is worth an error, as the statement cannot be followed anyway.
 */
export function parseRowStatement(cursor: DdlCursor, verb: string): DdlStatement {
  cursor.advance();
  return { kind: 'rows', verb, tables: target(cursor, verb) };
}

function target(cursor: DdlCursor, verb: string): readonly TableName[] {
  switch (verb) {
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE': {
      while (cursor.isOneOf(MODIFIERS)) cursor.advance();
      if (!cursor.isName() || (cursor.isMark('.', 1) && !cursor.isName(2))) return [];
      const table = cursor.tableName();
      const isOne = verb === 'INSERT' || verb === 'REPLACE' || isAlone(cursor);
      return isOne ? [table] : [];
    }
    default:
      return [];
  }
}

function isAlone(cursor: DdlCursor): boolean {
  if (cursor.isEnd() || cursor.isOneOf(BEHIND_ONE_TABLE)) return true;
  // An alias, with or without AS.
  cursor.accept('AS');
  return cursor.isName() && (cursor.isOneOf(BEHIND_ONE_TABLE, 1) || cursor.peek(1).kind === 'end');
}
