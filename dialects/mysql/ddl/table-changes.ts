import type { CharacterSet } from './character-sets.ts';
import { databaseDefault, resolveCharacterSet } from './character-sets.ts';
import type { AlterAction, ColumnSyntax, DdlStatement, KeySyntax } from './ddl-syntax.ts';
import { convertType } from './column-types.ts';
import { resolveDefault } from './default-values.ts';
import { completeColumns, resolveColumn } from './resolve-column.ts';
import type { StatementContext, TableContext } from './statement-context.ts';
import type { ColumnDefinition, TableDefinition, TableKey } from './table-definition.ts';
import { addKeys, isNamed, withoutColumn, withRenamed } from './table-keys.ts';

/** The statement does not fit the table that we know: ours is not the server's. */
export class TableMismatch extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'TableMismatch';
  }
}

/** No server has tables with more of either; a statement that does is not worth the time. */
const MOST_COLUMNS = 8192;
const MOST_KEYS = 512;

type CreateTable = Extract<DdlStatement, { kind: 'create-table' }>;

/** The table that a CREATE TABLE makes in a database. */
export function createTable(
  statement: CreateTable,
  names: { readonly database: string; readonly name: string },
  inherited: CharacterSet,
  context: StatementContext,
): TableDefinition {
  const { options } = statement;
  checkSize(statement.columns, statement.keys);
  const set = namedSet(options.charset, options.collation, inherited, inherited, context);
  const tableContext: TableContext = { ...context, tableCharset: set };
  const columns = statement.columns.map((column) => resolveColumn(column, tableContext));
  checkNames(columns);
  const keys = addKeys([], statement.keys);
  checkKeys(columns, keys);
  return {
    ...names,
    kind: options.isSequence ? 'sequence' : 'table',
    columns: completeColumns(columns, keys, tableContext),
    keys,
    ...set,
    comment: options.comment ?? '',
    hasHiddenPeriod:
      options.systemVersioned && !columns.some(({ generated }) => generated === 'row-start'),
  };
}

function checkSize(columns: readonly unknown[], keys: readonly unknown[]): void {
  if (columns.length > MOST_COLUMNS) throw new TableMismatch(`${columns.length} columns`);
  if (keys.length > MOST_KEYS) throw new TableMismatch(`${keys.length} keys`);
}

function checkNames(columns: readonly ColumnDefinition[]): void {
  const names = new Set(columns.map(({ name }) => name.toLowerCase()));
  if (names.size < columns.length) throw new TableMismatch('two columns have one name');
}

function checkKeys(columns: readonly ColumnDefinition[], keys: readonly TableKey[]): void {
  const names = new Set(columns.map(({ name }) => name.toLowerCase()));
  for (const { name, parts } of keys) {
    const missing = parts.find(({ column }) => column !== null && !names.has(column.toLowerCase()));
    if (missing !== undefined) throw new TableMismatch(`key ${name} has no ${missing.column}`);
  }
}

/** What ALTER TABLE makes of a table; its name stays, whoever calls knows the new one. */
export function alterTable(
  table: TableDefinition,
  actions: readonly AlterAction[],
  databaseCharset: CharacterSet,
  context: StatementContext,
): TableDefinition {
  checkSize([...table.columns, ...actions], table.keys);
  checkSize([], [...table.keys, ...actions.filter(({ kind }) => kind === 'add-key')]);
  const set = alteredCharset(table, actions, databaseCharset, context);
  const tableContext: TableContext = { ...context, tableCharset: set.table };
  const columns = alterColumns(table, actions, tableContext, set.columns);
  checkNames(columns);
  const keys = alterKeys(table, actions);
  checkKeys(columns, keys);
  let { comment, hasHiddenPeriod } = table;
  for (const action of actions) {
    if (action.kind === 'options') comment = action.options.comment ?? comment;
    const turnsOn = action.kind === 'options' && action.options.systemVersioned;
    if (action.kind !== 'system-versioning' && !turnsOn) continue;
    const isOn = turnsOn || (action.kind === 'system-versioning' && action.on);
    hasHiddenPeriod = isOn && !columns.some(({ generated }) => generated === 'row-start');
  }
  return {
    ...table,
    ...set.table,
    columns: completeColumns(columns, keys, tableContext),
    keys,
    comment,
    hasHiddenPeriod,
  };
}

interface AlteredCharset {
  readonly table: CharacterSet;
  /** Of all text columns, when the statement converts them. */
  readonly columns: CharacterSet | null;
}

/**
 * Clauses count from left to right, and a character set keeps a collation that was named before it.
 * For MariaDB what the options say of the table goes before what CONVERT says, wherever they stand.
 */
function alteredCharset(
  present: CharacterSet,
  actions: readonly AlterAction[],
  databaseCharset: CharacterSet,
  context: StatementContext,
): AlteredCharset {
  let table: CharacterSet = { charset: present.charset, collation: present.collation };
  let columns: CharacterSet | null = null;
  let named: string | null = null;
  let hasOption = false;
  for (const action of actions) {
    if (action.kind === 'convert') {
      columns = namedSet(action.charset, action.collation, table, databaseCharset, context);
      if (!hasOption || context.dialect.flavor === 'mysql') table = columns;
      named = null;
    } else if (action.kind === 'options') {
      const { charset, collation } = action.options;
      if (charset === null && collation === null) continue;
      const set = namedSet(charset, collation, table, databaseCharset, context);
      const isKept = collation === null && named !== null && set.charset === table.charset;
      if (!isKept) table = set;
      named = collation ?? named;
      hasOption = true;
    }
  }
  return { table, columns };
}

function namedSet(
  charset: string | null,
  collation: string | null,
  table: CharacterSet,
  database: CharacterSet,
  { dialect, defaultCollations }: StatementContext,
): CharacterSet {
  const isDefault = charset === 'default';
  const inherited = isDefault ? databaseDefault(database, dialect) : table;
  const given = isDefault ? null : charset;
  return resolveCharacterSet(given, collation, inherited, dialect, defaultCollations);
}

type Change = Extract<AlterAction, { kind: 'change-column' | 'add-column' }>;

/**
 * As the server does it: first the columns that are there, changed in place, then in the order of
 * the clauses those that are new or get another place. So names in CHANGE, DROP and RENAME are
 * those before the statement, and names behind AFTER those after it (PITFALLS B102).
 */
function alterColumns(
  table: TableDefinition,
  actions: readonly AlterAction[],
  context: TableContext,
  converted: CharacterSet | null,
): ColumnDefinition[] {
  const known = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  const isMissing = (name: string): boolean => !known.has(name.toLowerCase());
  const changes = new Map<string, Extract<Change, { kind: 'change-column' }>>();
  const edits = new Map<string, AlterAction[]>();
  const placed: Change[] = [];
  for (const action of actions) {
    switch (action.kind) {
      case 'change-column':
        if (isMissing(action.from) && action.ifExists) break;
        expectColumn(table, isMissing(action.from), action.from);
        changes.set(action.from.toLowerCase(), action);
        if (action.position !== null) placed.push(action);
        break;
      case 'add-column':
        if (action.ifNotExists && !isMissing(action.column.name)) break;
        placed.push(action);
        break;
      case 'drop-column':
        if (isMissing(action.name) && action.ifExists) break;
        expectColumn(table, isMissing(action.name), action.name);
        edit(edits, action.name, action);
        break;
      case 'rename-column':
        expectColumn(table, isMissing(action.from), action.from);
        edit(edits, action.from, action);
        break;
      case 'set-default':
      case 'set-visibility':
        expectColumn(table, isMissing(action.column), action.column);
        edit(edits, action.column, action);
        break;
      default:
    }
  }
  // CONVERT is for new columns too, whatever they say.
  const resolve = (column: ColumnSyntax): ColumnDefinition =>
    converted === null
      ? resolveColumn(column, context)
      : resolveConverted(column, context, converted);
  const columns = table.columns.flatMap((column) => {
    const name = column.name.toLowerCase();
    const change = changes.get(name);
    if (change !== undefined) {
      return change.position === null ? [resolve(change.column)] : [];
    }
    const present = converted === null ? column : convertColumn(column, converted);
    return applyEdits(present, edits.get(name) ?? [], context);
  });
  for (const action of placed) place(columns, action, resolve(action.column));
  return columns;
}

function edit(edits: Map<string, AlterAction[]>, name: string, action: AlterAction): void {
  const key = name.toLowerCase();
  edits.set(key, [...(edits.get(key) ?? []), action]);
}

function expectColumn(table: TableDefinition, isMissing: boolean, name: string): void {
  if (isMissing) throw new TableMismatch(`${table.name} has no column ${name}`);
}

function convertColumn(column: ColumnDefinition, set: CharacterSet): ColumnDefinition {
  return { ...column, type: convertType(column.type, set.charset, set.collation) };
}

function applyEdits(
  column: ColumnDefinition,
  edits: readonly AlterAction[],
  context: TableContext,
): ColumnDefinition[] {
  const isMariadb = context.dialect.flavor === 'mariadb';
  let edited = column;
  for (const action of edits) {
    switch (action.kind) {
      case 'drop-column':
        return [];
      case 'rename-column':
        edited = { ...edited, name: action.to };
        break;
      case 'set-default':
        edited = {
          ...edited,
          default: resolveDefault(action.default, edited.type, context.dialect),
          // MariaDB takes ON UPDATE for a part of the default.
          onUpdateNow: action.default === null && isMariadb ? null : edited.onUpdateNow,
        };
        break;
      case 'set-visibility':
        edited = { ...edited, invisible: action.invisible };
        break;
      default:
    }
  }
  return [edited];
}

function resolveConverted(
  syntax: ColumnSyntax,
  context: TableContext,
  { charset, collation }: CharacterSet,
): ColumnDefinition {
  const present = resolveColumn(syntax, context);
  if (present.type.charset === null || present.type.charset === 'binary') return present;
  const type = { ...syntax.type, charset, collation, isBinaryCollation: false };
  const column = resolveColumn({ ...syntax, type }, context);
  // MariaDB's JSON has a character set of its own, which does not save it.
  return column.type.charset === null || column.type.charset === charset
    ? column
    : { ...column, type: { ...column.type, charset, collation } };
}

function place(columns: ColumnDefinition[], action: Change, column: ColumnDefinition): void {
  if (action.position === null) {
    columns.push(column);
    return;
  }
  const after = action.position.after.toLowerCase();
  const at = after === '' ? -1 : columns.findIndex(({ name }) => name.toLowerCase() === after);
  if (after !== '' && at < 0)
    throw new TableMismatch(`there is no column ${after} to stand behind`);
  columns.splice(at + 1, 0, column);
}

function alterKeys(table: TableDefinition, actions: readonly AlterAction[]): TableKey[] {
  let keys: readonly TableKey[] = table.keys;
  const renamed = new Map<string, string>();
  const added: KeySyntax[] = [];
  for (const action of actions) {
    switch (action.kind) {
      case 'drop-column':
        keys = withoutColumn(keys, action.name);
        break;
      case 'drop-primary-key':
        keys = keys.filter(({ kind }) => kind !== 'primary');
        break;
      case 'drop-key':
        // Of a foreign key's index we may not know the name.
        keys = keys.filter((key) => !isNamed(key, action.name));
        break;
      case 'rename-key':
        keys = keys.map((key) => (isNamed(key, action.from) ? { ...key, name: action.to } : key));
        break;
      case 'rename-column':
        renamed.set(action.from.toLowerCase(), action.to);
        break;
      case 'change-column':
        noteRenamed(renamed, action.from, action.column);
        break;
      case 'add-key':
        added.push(action.key);
        break;
      default:
    }
  }
  return addKeys(withRenamed(keys, renamed), added);
}

function noteRenamed(renamed: Map<string, string>, from: string, column: ColumnSyntax): void {
  if (from !== column.name) renamed.set(from.toLowerCase(), column.name);
}
