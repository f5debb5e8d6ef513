import { acceptTypeModifier, parseType } from './column-type-parser.ts';
import type { TypeDraft } from './column-type-parser.ts';
import type { DdlCursor } from './ddl-cursor.ts';
import type { ColumnPosition, ColumnSyntax } from './ddl-syntax.ts';
import { acceptNow, parseDefault } from './default-parser.ts';

type ColumnDraft = { -readonly [K in keyof ColumnSyntax]: ColumnSyntax[K] } & { type: TypeDraft };

/** Reads `name type attribute…`. */
export function parseColumn(cursor: DdlCursor): ColumnSyntax {
  const name = cursor.columnName();
  const draft: ColumnDraft = {
    name,
    type: parseType(cursor),
    nullable: null,
    default: null,
    onUpdateNow: null,
    autoIncrement: false,
    generated: null,
    invisible: false,
    comment: null,
    keys: [],
    compressed: false,
  };
  if (draft.type.written === 'SERIAL') makeSerial(draft);
  while (!isOver(cursor)) {
    const isRead =
      acceptTypeModifier(cursor, draft.type) ||
      acceptValueAttribute(cursor, draft) ||
      acceptKeyAttribute(cursor, draft) ||
      acceptConstraint(cursor) ||
      acceptGeneration(cursor, draft) ||
      acceptStorageAttribute(cursor, draft) ||
      acceptEngineOption(cursor);
    if (!isRead) cursor.fail('an attribute of a column');
  }
  // For MariaDB a primary key is unique enough, MySQL makes both indexes.
  const isOne = cursor.dialect.flavor === 'mariadb' && draft.keys.includes('primary');
  if (isOne) draft.keys = ['primary'];
  return draft;
}

function makeSerial(draft: ColumnDraft): void {
  draft.nullable = false;
  draft.autoIncrement = true;
  addKey(draft, 'unique');
}

function addKey(draft: ColumnDraft, kind: 'primary' | 'unique'): void {
  if (!draft.keys.includes(kind)) draft.keys = [...draft.keys, kind];
}

function isOver(cursor: DdlCursor): boolean {
  if (cursor.isMark(',') || cursor.isMark(')') || cursor.isEnd()) return true;
  const isPartitioning =
    (cursor.isWord('PARTITION') && cursor.isWord('BY', 1)) ||
    (cursor.isWord('REMOVE') && cursor.isWord('PARTITIONING', 1));
  if (isPartitioning) return true;
  // `FIRST=1` would be an option of an engine.
  return (cursor.isWord('FIRST') && !cursor.isMark('=', 1)) || cursor.isWord('AFTER');
}

/** FIRST or AFTER, behind a column of ALTER TABLE. */
export function parsePosition(cursor: DdlCursor): ColumnPosition {
  if (cursor.accept('FIRST')) return { after: '' };
  return cursor.accept('AFTER') ? { after: cursor.name() } : null;
}

function acceptValueAttribute(cursor: DdlCursor, draft: ColumnDraft): boolean {
  if (cursor.accept('NOT', 'NULL')) {
    draft.nullable = false;
  } else if (cursor.accept('NULL')) {
    draft.nullable = true;
  } else if (cursor.accept('DEFAULT')) {
    draft.default = parseDefault(cursor);
  } else if (cursor.isWord('ON') && cursor.isWord('UPDATE', 1)) {
    cursor.accept('ON', 'UPDATE');
    const now = acceptNow(cursor);
    if (now === null) cursor.fail('CURRENT_TIMESTAMP');
    draft.onUpdateNow = now.fraction;
  } else if (cursor.accept('AUTO_INCREMENT')) {
    draft.autoIncrement = true;
    draft.nullable ??= false;
  } else if (cursor.accept('SERIAL', 'DEFAULT', 'VALUE')) {
    makeSerial(draft);
  } else if (cursor.accept('COMMENT')) {
    cursor.acceptMark('=');
    draft.comment = cursor.string();
  } else {
    return false;
  }
  return true;
}

function acceptKeyAttribute(cursor: DdlCursor, draft: ColumnDraft): boolean {
  if (cursor.accept('PRIMARY')) {
    cursor.accept('KEY');
    addKey(draft, 'primary');
  } else if (cursor.accept('UNIQUE')) {
    cursor.accept('KEY');
    addKey(draft, 'unique');
  } else if (cursor.accept('KEY')) {
    // `id INT KEY` is its primary key.
    addKey(draft, 'primary');
  } else {
    return false;
  }
  return true;
}

const ACTIONS = ['RESTRICT', 'CASCADE'] as const;

/** REFERENCES of a column: InnoDB before 9 ignores it, and no version changes the columns. */
export function parseReferences(cursor: DdlCursor): void {
  cursor.expect('REFERENCES');
  cursor.tableName();
  if (cursor.isMark('(')) cursor.brackets();
  while (true) {
    if (cursor.accept('MATCH')) {
      cursor.name();
    } else if (
      cursor.isWord('ON') &&
      (cursor.isWord('DELETE', 1) || (cursor.isWord('UPDATE', 1) && !isNow(cursor)))
    ) {
      cursor.advance();
      cursor.advance();
      const isAction =
        ACTIONS.some((word) => cursor.accept(word)) ||
        cursor.accept('SET', 'NULL') ||
        cursor.accept('SET', 'DEFAULT') ||
        cursor.accept('NO', 'ACTION');
      if (!isAction) cursor.fail('an action');
    } else {
      return;
    }
  }
}

/** `ON UPDATE CURRENT_TIMESTAMP` behind REFERENCES is the column's. */
function isNow(cursor: DdlCursor): boolean {
  return /^(CURRENT_TIMESTAMP|NOW|LOCALTIME|LOCALTIMESTAMP)$/.test(cursor.peek(2).upper);
}

/** `CHECK (…) [[NOT] ENFORCED]`, once CHECK has been seen. */
export function parseCheck(cursor: DdlCursor): void {
  cursor.expect('CHECK');
  cursor.brackets();
  if (!cursor.accept('NOT', 'ENFORCED')) cursor.accept('ENFORCED');
}

function acceptConstraint(cursor: DdlCursor): boolean {
  if (cursor.isWord('REFERENCES')) {
    parseReferences(cursor);
    return true;
  }
  if (cursor.accept('CONSTRAINT')) {
    if (!cursor.isWord('CHECK') && !cursor.isWord('REFERENCES')) cursor.name();
    return true;
  }
  if (!cursor.isWord('CHECK')) return false;
  parseCheck(cursor);
  return true;
}

function acceptGeneration(cursor: DdlCursor, draft: ColumnDraft): boolean {
  if (cursor.accept('GENERATED')) {
    cursor.expect('ALWAYS');
    if (!cursor.isWord('AS')) cursor.fail('AS');
    return true;
  }
  if (cursor.accept('AS')) {
    if (cursor.accept('ROW')) {
      draft.generated = cursor.accept('START') ? 'row-start' : 'row-end';
      if (draft.generated === 'row-end') cursor.expect('END');
    } else {
      cursor.brackets();
      draft.generated = 'virtual';
    }
  } else if (cursor.accept('VIRTUAL')) {
    draft.generated = 'virtual';
  } else if (cursor.accept('STORED') || cursor.accept('PERSISTENT')) {
    draft.generated = 'stored';
  } else {
    return false;
  }
  return true;
}

function acceptStorageAttribute(cursor: DdlCursor, draft: ColumnDraft): boolean {
  if (cursor.accept('INVISIBLE')) {
    draft.invisible = true;
  } else if (cursor.accept('VISIBLE')) {
    draft.invisible = false;
  } else if (cursor.accept('COMPRESSED')) {
    draft.compressed = true;
    if (cursor.acceptMark('=')) cursor.name();
  } else if (cursor.accept('COLUMN_FORMAT') || cursor.accept('STORAGE')) {
    cursor.name();
  } else if (cursor.accept('SRID')) {
    cursor.integer();
  } else if (cursor.accept('REF_SYSTEM_ID')) {
    cursor.acceptMark('=');
    cursor.integer();
  } else if (cursor.accept('NOT', 'SECONDARY')) {
    return true;
  } else if (cursor.accept('WITH') || cursor.accept('WITHOUT')) {
    cursor.expect('SYSTEM');
    cursor.expect('VERSIONING');
  } else if (cursor.accept('ENGINE_ATTRIBUTE') || cursor.accept('SECONDARY_ENGINE_ATTRIBUTE')) {
    cursor.acceptMark('=');
    cursor.string();
  } else {
    return false;
  }
  return true;
}

/** MariaDB lets engines have options of their own: `name=value`. */
function acceptEngineOption(cursor: DdlCursor): boolean {
  if (!cursor.isName() || !cursor.isMark('=', 1)) return false;
  cursor.advance();
  cursor.advance();
  if (cursor.peek().kind === 'string') cursor.string();
  else cursor.advance();
  return true;
}
