import { parseColumn, parsePosition } from './column-parser.ts';
import { acceptCharset, charsetName } from './column-type-parser.ts';
import { keysOfColumn, parseElement } from './create-table-parser.ts';
import type { DdlCursor } from './ddl-cursor.ts';
import type { AlterAction, ColumnSyntax, KeySyntax } from './ddl-syntax.ts';
import { parseDefault } from './default-parser.ts';
import { isKeyNext, parseKey } from './key-parser.ts';
import { NO_OPTIONS, parseTableOptions } from './table-options-parser.ts';

/** Reads the clauses of ALTER TABLE behind its name. */
export function parseAlterActions(cursor: DdlCursor): AlterAction[] {
  const actions: AlterAction[] = [];
  if (cursor.accept('WAIT')) cursor.integer();
  else cursor.accept('NOWAIT');
  while (!cursor.isEnd()) {
    parseAction(cursor, actions);
    if (!cursor.acceptMark(',') && !cursor.isEnd() && !isPartitioning(cursor)) {
      cursor.fail('a comma');
    }
  }
  return actions;
}

/** PARTITION BY may follow the last clause without a comma. */
function isPartitioning(cursor: DdlCursor): boolean {
  return (
    cursor.isWord('PARTITION') || (cursor.isWord('REMOVE') && cursor.isWord('PARTITIONING', 1))
  );
}

/** Clauses that change no column: read to the next comma. */
const PASSED_OVER = new Set([
  'ENABLE',
  'DISABLE',
  'DISCARD',
  'IMPORT',
  'FORCE',
  'LOCK',
  'ALGORITHM',
  'WITHOUT',
  'UPGRADE',
  'SECONDARY_LOAD',
  'SECONDARY_UNLOAD',
]);

/** Verbs of partitions: they stand alone, and what follows them may hold commas. */
const PARTITION_VERBS = new Set([
  'PARTITION',
  'REMOVE',
  'COALESCE',
  'REORGANIZE',
  'EXCHANGE',
  'ANALYZE',
  'CHECK',
  'OPTIMIZE',
  'REBUILD',
  'REPAIR',
  'TRUNCATE',
]);

function parseAction(cursor: DdlCursor, actions: AlterAction[]): void {
  const word = cursor.peek().upper;
  switch (word) {
    case 'ADD':
      cursor.advance();
      return parseAdd(cursor, actions);
    case 'DROP':
      cursor.advance();
      return parseDrop(cursor, actions);
    case 'MODIFY':
    case 'CHANGE':
      cursor.advance();
      return parseChange(cursor, actions, word === 'CHANGE');
    case 'ALTER':
      cursor.advance();
      return parseAlterElement(cursor, actions);
    case 'RENAME':
      cursor.advance();
      return parseRename(cursor, actions);
    case 'CONVERT':
      cursor.advance();
      return parseConvert(cursor, actions);
    case 'ORDER':
      return skipOrder(cursor);
    default:
  }
  if (PARTITION_VERBS.has(word) || isImportOfPartition(cursor))
    return skipPartition(cursor, actions);
  const isOption = cursor.isMark('=', 1) || (word === 'WITH' && cursor.isWord('SYSTEM', 1));
  if (!isOption && (PASSED_OVER.has(word) || word === 'WITH')) return cursor.skipItem();
  const before = cursor.position;
  const options = parseTableOptions(cursor, false);
  if (cursor.position === before) cursor.fail('a clause of ALTER TABLE');
  if (JSON.stringify(options) !== JSON.stringify(NO_OPTIONS))
    actions.push({ kind: 'options', options });
}

function isImportOfPartition(cursor: DdlCursor): boolean {
  return (cursor.isWord('DISCARD') || cursor.isWord('IMPORT')) && cursor.isWord('PARTITION', 1);
}

function skipPartition(cursor: DdlCursor, actions: AlterAction[]): void {
  const verb = cursor.peek().upper;
  if (verb === 'TRUNCATE') actions.push({ kind: 'partition-rows', verb });
  if (verb === 'EXCHANGE') {
    cursor.expect('EXCHANGE');
    cursor.expect('PARTITION');
    cursor.name();
    cursor.expect('WITH');
    cursor.expect('TABLE');
    actions.push({ kind: 'partition-rows', verb, other: cursor.tableName() });
  }
  while (!cursor.isEnd()) {
    if (cursor.isMark('(')) cursor.brackets();
    else if (cursor.peek().kind === 'broken') cursor.fail('an end of the string');
    else cursor.advance();
  }
}

/** ORDER BY a, b: its commas are no ends of the clause. */
function skipOrder(cursor: DdlCursor): void {
  cursor.expect('ORDER');
  cursor.expect('BY');
  while (true) {
    cursor.name();
    while (cursor.acceptMark('.')) cursor.name();
    if (!cursor.accept('ASC')) cursor.accept('DESC');
    // What follows the last column would have to be a name, and no verb is one.
    if (!cursor.isMark(',') || !isOrderColumn(cursor)) return;
    cursor.advance();
  }
}

function isOrderColumn(cursor: DdlCursor): boolean {
  if (!cursor.isName(1)) return false;
  const behind = cursor.peek(2);
  return (
    behind.kind === 'end' ||
    behind.text === ',' ||
    behind.text === ';' ||
    behind.text === '.' ||
    behind.upper === 'ASC' ||
    behind.upper === 'DESC'
  );
}

function parseAdd(cursor: DdlCursor, actions: AlterAction[]): void {
  if (cursor.isWord('PARTITION') && !cursor.isMark('=', 1)) return skipPartition(cursor, actions);
  if (cursor.accept('SYSTEM', 'VERSIONING')) {
    actions.push({ kind: 'system-versioning', on: true });
    return;
  }
  const isColumn = cursor.accept('COLUMN');
  if (!isColumn && isKeyNext(cursor)) {
    const key = parseKey(cursor);
    if (key !== null) actions.push({ kind: 'add-key', key });
    return;
  }
  const ifNotExists = cursor.acceptIfNotExists();
  if (cursor.isMark('(')) return parseAddList(cursor, actions, ifNotExists);
  const column = parseColumn(cursor);
  actions.push({ kind: 'add-column', column, position: parsePosition(cursor), ifNotExists });
  addKeysOf(column, actions);
}

function addKeysOf(column: ColumnSyntax, actions: AlterAction[]): void {
  for (const key of keysOfColumn(column)) actions.push({ kind: 'add-key', key });
}

/** `ADD (a INT, b INT, KEY (a))`. */
function parseAddList(cursor: DdlCursor, actions: AlterAction[], ifNotExists: boolean): void {
  const columns: ColumnSyntax[] = [];
  const keys: KeySyntax[] = [];
  cursor.expectMark('(');
  do parseElement(cursor, columns, keys);
  while (cursor.acceptMark(','));
  cursor.expectMark(')');
  for (const column of columns) {
    actions.push({ kind: 'add-column', column, position: null, ifNotExists });
  }
  for (const key of keys) actions.push({ kind: 'add-key', key });
}

function parseDrop(cursor: DdlCursor, actions: AlterAction[]): void {
  if (cursor.isWord('PARTITION') && !isDropOfColumn(cursor)) {
    actions.push({ kind: 'partition-rows', verb: 'DROP' });
    return skipPartition(cursor, actions);
  }
  if (cursor.accept('PRIMARY', 'KEY')) {
    actions.push({ kind: 'drop-primary-key' });
  } else if (cursor.accept('SYSTEM', 'VERSIONING')) {
    actions.push({ kind: 'system-versioning', on: false });
  } else if (cursor.accept('FOREIGN', 'KEY') || cursor.accept('CHECK')) {
    cursor.acceptIfExists();
    cursor.columnName();
  } else if (cursor.accept('PERIOD', 'FOR')) {
    cursor.name();
  } else if (cursor.accept('INDEX') || cursor.accept('KEY') || cursor.accept('CONSTRAINT')) {
    cursor.acceptIfExists();
    actions.push({ kind: 'drop-key', name: cursor.name() });
  } else {
    cursor.accept('COLUMN');
    const ifExists = cursor.acceptIfExists();
    actions.push({ kind: 'drop-column', name: cursor.columnName(), ifExists });
    if (!cursor.accept('RESTRICT')) cursor.accept('CASCADE');
  }
}

/** A column may be called `partition`, as long as nothing else follows. */
function isDropOfColumn(cursor: DdlCursor): boolean {
  return cursor.isMark(',', 1) || cursor.peek(1).kind === 'end';
}

function parseChange(cursor: DdlCursor, actions: AlterAction[], isRename: boolean): void {
  cursor.accept('COLUMN');
  const ifExists = cursor.acceptIfExists();
  const from = isRename ? cursor.columnName() : null;
  const column = parseColumn(cursor);
  const position = parsePosition(cursor);
  actions.push({ kind: 'change-column', from: from ?? column.name, column, position, ifExists });
  addKeysOf(column, actions);
}

function parseAlterElement(cursor: DdlCursor, actions: AlterAction[]): void {
  const isIndex = cursor.isWord('INDEX') || cursor.isWord('KEY');
  if (isIndex || ((cursor.isWord('CHECK') || cursor.isWord('CONSTRAINT')) && cursor.isName(1))) {
    return cursor.skipItem();
  }
  cursor.accept('COLUMN');
  cursor.acceptIfExists();
  const column = cursor.name();
  if (cursor.accept('DROP', 'DEFAULT')) {
    actions.push({ kind: 'set-default', column, default: null });
  } else if (cursor.accept('SET', 'DEFAULT')) {
    actions.push({ kind: 'set-default', column, default: parseDefault(cursor) });
  } else if (cursor.accept('SET', 'INVISIBLE')) {
    actions.push({ kind: 'set-visibility', column, invisible: true });
  } else if (cursor.accept('SET', 'VISIBLE')) {
    actions.push({ kind: 'set-visibility', column, invisible: false });
  } else {
    cursor.fail('SET or DROP');
  }
}

function parseRename(cursor: DdlCursor, actions: AlterAction[]): void {
  if (cursor.isWord('COLUMN') && cursor.isName(1)) {
    cursor.advance();
    cursor.acceptIfExists();
    const from = cursor.name();
    cursor.expect('TO');
    actions.push({ kind: 'rename-column', from, to: cursor.name() });
  } else if ((cursor.isWord('INDEX') || cursor.isWord('KEY')) && cursor.isName(1)) {
    cursor.advance();
    cursor.acceptIfExists();
    const from = cursor.name();
    cursor.expect('TO');
    actions.push({ kind: 'rename-key', from, to: cursor.name() });
  } else {
    if (!cursor.accept('TO') && !cursor.accept('AS')) cursor.acceptMark('=');
    actions.push({ kind: 'rename-table', to: cursor.tableName() });
  }
}

function parseConvert(cursor: DdlCursor, actions: AlterAction[]): void {
  // PARTITION … TO TABLE and TABLE … TO PARTITION (MariaDB) move rows without row events.
  if (cursor.isWord('PARTITION') || cursor.isWord('TABLE')) cursor.fail('TO');
  cursor.expect('TO');
  const charset = acceptCharset(cursor);
  if (charset === null) cursor.fail('a character set');
  let collation: string | null = null;
  if (cursor.accept('COLLATE')) {
    cursor.acceptMark('=');
    collation = charsetName(cursor);
  }
  actions.push({ kind: 'convert', charset, collation });
}
