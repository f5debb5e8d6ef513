import { parseAlterActions } from './alter-table-parser.ts';
import { acceptCharset } from './column-type-parser.ts';
import { parseCreateTable } from './create-table-parser.ts';
import { DdlCursor, DdlSyntaxError } from './ddl-cursor.ts';
import type { DdlDialect } from './ddl-dialect.ts';
import type { DdlStatement, TableName } from './ddl-syntax.ts';
import { parseIndex, skipIndexType } from './key-parser.ts';
import { parseRowStatement, ROW_VERBS } from './row-statement-parser.ts';
import { acceptCharsetOption } from './table-options-parser.ts';

const TRANSACTION_VERBS = new Set(['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'XA']);

/** Verbs that are about tables without changing what they are. */
const HARMLESS_VERBS = new Set(
  `ANALYZE BACKUP BINLOG CACHE CHANGE CHECK CHECKSUM DESC DESCRIBE EXPLAIN FLUSH GRANT HANDLER LOCK
  OPTIMIZE PURGE REPAIR RESET REVOKE SELECT SET SHOW STOP TABLE UNLOCK USE VALUES`.split(/\s+/),
);

/** What CREATE, ALTER and DROP are of; all others of these words come before it. */
const OBJECTS = new Set([
  'TABLE',
  'TABLES',
  'INDEX',
  'DATABASE',
  'SCHEMA',
  'SEQUENCE',
  'VIEW',
  'TRIGGER',
  'PROCEDURE',
  'FUNCTION',
  'PACKAGE',
  'EVENT',
  'USER',
  'ROLE',
  'SERVER',
  'TABLESPACE',
  'LOGFILE',
  'RESOURCE',
  'REFERENCE',
  'INSTANCE',
  'PREPARE',
  'LIBRARY',
  'CATALOG',
  'COMPRESSION_DICTIONARY',
  'POLICY',
]);

/**
 * Tells what a statement of the binlog does to tables. It reads only as far as it must: one that
 * matters to no table is told by its first words (PITFALLS B106), and whatever stands in its body
 * is not looked at (B107). It does not fail: what looks like a change of a table and is not
 * understood is `uncertain`, so that the catalog can be asked.
 *
 * Our own parser, because none that we could have passes. Of the statements of Debezium's test
 * files 573 are about tables: node-sql-parser 5.4.0 reads 292 of them, sql-ddl-to-json-schema 6.0.0
 * 303 (2026-11-22; neither has MariaDB's clauses, versioned comments or most clauses of ALTER),
 * this one 570; the others are two statements in one.
 */
export function parseDdlStatement(text: string, dialect: DdlDialect): DdlStatement {
  const cursor = new DdlCursor(text, dialect);
  const named: TableName[] = [];
  try {
    return parseStatement(cursor, named);
  } catch (error) {
    if (!(error instanceof DdlSyntaxError)) throw error;
    return { kind: 'uncertain', reason: error.message, tables: named };
  }
}

/** `named` collects the tables that the statement is about, for when it is not understood. */
function parseStatement(cursor: DdlCursor, named: TableName[]): DdlStatement {
  while (cursor.acceptMark(';') || cursor.acceptMark('('));
  unwrapSetStatement(cursor);
  const verb = cursor.peek().upper;
  switch (verb) {
    case 'CREATE':
    case 'ALTER':
    case 'DROP':
      return parseObject(cursor, named, verb);
    case 'RENAME':
      return parseRenameTable(cursor, named);
    case 'TRUNCATE':
      cursor.advance();
      cursor.accept('TABLE');
      return { kind: 'truncate-table', table: note(named, cursor.tableName()) };
    case 'START':
      return cursor.isWord('TRANSACTION', 1) ? transaction(cursor) : { kind: 'irrelevant', verb };
    case 'IMPORT':
      // IMPORT TABLE FROM '….sdi' makes tables that it does not name.
      if (cursor.isWord('TABLE', 1)) cursor.fail('the names of tables');
      return { kind: 'irrelevant', verb };
    default:
  }
  if (TRANSACTION_VERBS.has(verb)) return transaction(cursor);
  if (ROW_VERBS.has(verb)) return parseRowStatement(cursor, verb);
  if (!HARMLESS_VERBS.has(verb)) failOfTable(cursor, named);
  return { kind: 'irrelevant', verb };
}

/** A verb that we do not know is taken for a change if it soon comes to a table. */
function failOfTable(cursor: DdlCursor, named: TableName[]): void {
  const start = cursor.position;
  for (let count = 0; count < 8 && !cursor.isEnd(); count++) {
    if (!cursor.isWord('TABLE') && !cursor.isWord('TABLES')) {
      cursor.advance();
      continue;
    }
    cursor.advance();
    if (cursor.isName()) note(named, cursor.tableName());
    cursor.fail('a statement that is known');
  }
  cursor.reset(start);
}

function transaction(cursor: DdlCursor): DdlStatement {
  const [first, second] = [cursor.peek().upper, cursor.peek(1).upper];
  return { kind: 'transaction', words: second === '' ? first : `${first} ${second}` };
}

/** MariaDB: `SET STATEMENT max_statement_time = 10 FOR ALTER TABLE …`. */
function unwrapSetStatement(cursor: DdlCursor): void {
  if (!cursor.accept('SET', 'STATEMENT')) return;
  while (!cursor.accept('FOR')) {
    if (cursor.isEnd() || cursor.peek().kind === 'broken') cursor.fail('FOR');
    if (cursor.isMark('(')) cursor.brackets();
    else cursor.advance();
  }
}

function note(named: TableName[], table: TableName): TableName {
  named.push(table);
  return table;
}

function parseObject(cursor: DdlCursor, named: TableName[], verb: string): DdlStatement {
  cursor.advance();
  const modifiers = new Set<string>();
  const start = cursor.position;
  while (!cursor.isOneOf(OBJECTS)) {
    const isFar = cursor.position - start > 50;
    if (isFar || cursor.isEnd() || cursor.peek().kind === 'broken') cursor.fail('a kind of object');
    // An account or expression in a DEFINER clause has no bearing on what comes.
    if (cursor.isMark('(')) cursor.brackets();
    else modifiers.add(cursor.advance().upper);
  }
  const object = cursor.advance().upper;
  const isTemporary = modifiers.has('TEMPORARY');
  switch (modifiers.has('DEFINER') ? '' : object) {
    case 'TABLE':
    case 'TABLES':
      if (isTemporary) break;
      return parseTableStatement(cursor, named, verb, modifiers.has('REPLACE'));
    case 'INDEX':
      return parseIndexStatement(cursor, named, verb, modifiers.has('UNIQUE'));
    case 'DATABASE':
    case 'SCHEMA':
      return parseDatabaseStatement(cursor, verb, modifiers.has('REPLACE'));
    case 'SEQUENCE':
      if (isTemporary) break;
      return parseSequenceStatement(cursor, named, verb, modifiers.has('REPLACE'));
    default:
  }
  return { kind: 'irrelevant', verb: `${verb} ${isTemporary ? 'TEMPORARY ' : ''}${object}`.trim() };
}

function parseTableStatement(
  cursor: DdlCursor,
  named: TableName[],
  verb: string,
  orReplace: boolean,
): DdlStatement {
  if (verb === 'DROP') {
    cursor.acceptIfExists();
    do note(named, cursor.tableName());
    while (cursor.acceptMark(','));
    return { kind: 'drop-table', tables: named };
  }
  if (verb === 'CREATE') {
    const ifNotExists = cursor.acceptIfNotExists();
    const table = note(named, cursor.tableName());
    return parseCreateTable(cursor, table, { orReplace, ifNotExists });
  }
  const ifExists = cursor.acceptIfExists();
  const table = note(named, cursor.tableName());
  noteRename(cursor, named);
  return { kind: 'alter-table', table, ifExists, actions: parseAlterActions(cursor) };
}

/** A table that gets a new name in a statement that is not understood is found under that name. */
function noteRename(cursor: DdlCursor, named: TableName[]): void {
  const start = cursor.position;
  for (let depth = 0; !cursor.isEnd() && cursor.peek().kind !== 'broken'; cursor.advance()) {
    if (cursor.isMark('(')) depth++;
    else if (cursor.isMark(')')) depth--;
    if (depth !== 0 || !cursor.isWord('RENAME') || !isRenameOfTable(cursor)) continue;
    cursor.advance();
    if (!cursor.accept('TO') && !cursor.accept('AS')) cursor.acceptMark('=');
    if (cursor.isName()) note(named, cursor.tableName());
    break;
  }
  cursor.reset(start);
}

function isRenameOfTable(cursor: DdlCursor): boolean {
  return !['COLUMN', 'INDEX', 'KEY'].includes(cursor.peek(1).upper) || !cursor.isName(2);
}

function parseRenameTable(cursor: DdlCursor, named: TableName[]): DdlStatement {
  cursor.advance();
  if (!cursor.accept('TABLE') && !cursor.accept('TABLES')) {
    return { kind: 'irrelevant', verb: `RENAME ${cursor.peek().upper}`.trim() };
  }
  const ifExists = cursor.acceptIfExists();
  const pairs: { from: TableName; to: TableName }[] = [];
  do {
    const from = note(named, cursor.tableName());
    if (cursor.accept('WAIT')) cursor.integer();
    else cursor.accept('NOWAIT');
    cursor.expect('TO');
    pairs.push({ from, to: note(named, cursor.tableName()) });
  } while (cursor.acceptMark(','));
  return { kind: 'rename-table', pairs, ifExists };
}

/** An index is a clause of its table: CREATE INDEX is ALTER TABLE … ADD INDEX. */
function parseIndexStatement(
  cursor: DdlCursor,
  named: TableName[],
  verb: string,
  isUnique: boolean,
): DdlStatement {
  const isDrop = verb === 'DROP';
  const ifNotExists = cursor.acceptIfNotExists();
  cursor.acceptIfExists();
  const name = cursor.name();
  if (!isDrop && !cursor.isWord('ON')) skipIndexType(cursor);
  cursor.expect('ON');
  const table = note(named, cursor.tableName());
  if (isDrop)
    return { kind: 'alter-index', table, ifExists: false, actions: [{ kind: 'drop-key', name }] };
  const key = parseIndex(cursor, isUnique ? 'unique' : 'index', name, ifNotExists);
  return { kind: 'alter-index', table, ifExists: false, actions: [{ kind: 'add-key', key }] };
}

function parseDatabaseStatement(cursor: DdlCursor, verb: string, orReplace: boolean): DdlStatement {
  if (verb === 'DROP') {
    cursor.acceptIfExists();
    return { kind: 'drop-database', database: cursor.name() };
  }
  const ifNotExists = cursor.acceptIfNotExists();
  const database = isDatabaseName(cursor) ? cursor.name() : null;
  const draft: { charset: string | null; collation: string | null } = {
    charset: null,
    collation: null,
  };
  while (!cursor.isEnd()) {
    if (acceptCharsetOption(cursor, draft)) continue;
    if (cursor.peek().kind === 'broken') cursor.fail('an end of the string');
    cursor.advance();
  }
  return {
    kind: verb === 'CREATE' ? 'create-database' : 'alter-database',
    database,
    orReplace,
    ifNotExists,
    ...draft,
  };
}

/** ALTER DATABASE may leave the name out: then an option comes first. */
function isDatabaseName(cursor: DdlCursor): boolean {
  const start = cursor.position;
  cursor.accept('DEFAULT');
  const isOption =
    acceptCharset(cursor) !== null ||
    cursor.isWord('COLLATE') ||
    cursor.isWord('ENCRYPTION') ||
    (cursor.isWord('READ') && cursor.isWord('ONLY', 1));
  cursor.reset(start);
  return !isOption && cursor.isName();
}

function parseSequenceStatement(
  cursor: DdlCursor,
  named: TableName[],
  verb: string,
  orReplace: boolean,
): DdlStatement {
  if (verb === 'DROP') return parseTableStatement(cursor, named, verb, orReplace);
  if (verb !== 'CREATE') return { kind: 'irrelevant', verb: 'ALTER SEQUENCE' };
  const ifNotExists = cursor.acceptIfNotExists();
  return {
    kind: 'create-sequence',
    table: note(named, cursor.tableName()),
    orReplace,
    ifNotExists,
  };
}
