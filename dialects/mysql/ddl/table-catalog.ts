import type { CharacterSet } from './character-sets.ts';
import { resolveCharacterSet } from './character-sets.ts';
import type { AlterAction, DdlStatement, TableName } from './ddl-syntax.ts';
import { sequenceTable } from './sequence-table.ts';
import type { StatementContext } from './statement-context.ts';
import { alterTable, createTable, TableMismatch } from './table-changes.ts';
import type { TableDefinition } from './table-definition.ts';

/** A table as the catalog names it: with its database. */
export interface QualifiedName {
  readonly database: string;
  readonly name: string;
}

/** What a statement did to a table, in the order in which it did. */
export type CatalogChange =
  /** `replaces`: the statement dropped another one (CREATE OR REPLACE). */
  | { readonly kind: 'created'; readonly table: TableDefinition; readonly replaces?: true }
  | {
      /**
       * `altered` may rename as well; `renamed` is RENAME TABLE, `indexed` CREATE or DROP INDEX.
       */
      readonly kind: 'altered' | 'renamed' | 'indexed';
      readonly before: TableDefinition;
      readonly after: TableDefinition;
    }
  /** `before` is null when the table was not there: DROP … IF EXISTS is logged too. */
  | {
      readonly kind: 'dropped';
      readonly name: QualifiedName;
      readonly before: TableDefinition | null;
      readonly withDatabase: boolean;
    }
  | { readonly kind: 'truncated'; readonly name: QualifiedName }
  /** Rows of partitions came or went without row events (PITFALLS B43). */
  | { readonly kind: 'partition-rows'; readonly name: QualifiedName; readonly verb: string }
  /** These tables may have changed: they have to be read from the server; none: all of them. */
  | {
      readonly kind: 'uncertain';
      readonly tables: readonly QualifiedName[];
      readonly reason: string;
    };

/**
 * 0: names of tables tell upper from lower case; 1: they are stored in lower case; 2: compared so.
 */
export type LowerCaseTableNames = 0 | 1 | 2;

/** A database of the catalog. */
export interface DatabaseDefinition {
  readonly name: string;
  readonly charset: string;
  readonly collation: string;
}

/**
 * The tables of all databases of a server at one position of its binlog. All of them, not only
 * those that are captured: a captured name may get its table by a rename, as the tools for online
 * changes do it (PITFALLS B105). Definitions are never changed in place: whoever holds one holds a
 * version.
 */
export class TableCatalog {
  readonly lowerCaseTableNames: LowerCaseTableNames;
  readonly #databases = new Map<string, DatabaseDefinition>();
  readonly #tables = new Map<string, TableDefinition>();

  constructor(lowerCaseTableNames: LowerCaseTableNames) {
    this.lowerCaseTableNames = lowerCaseTableNames;
  }

  /** The table of this name now. */
  table(database: string, name: string): TableDefinition | undefined {
    return this.#tables.get(this.#key({ database, name }));
  }

  tables(): IterableIterator<TableDefinition> {
    return this.#tables.values();
  }

  databases(): IterableIterator<DatabaseDefinition> {
    return this.#databases.values();
  }

  /** Takes a table over as the server tells it. */
  putTable(table: TableDefinition): void {
    this.#tables.set(this.#key(table), table);
  }

  putDatabase(database: DatabaseDefinition): void {
    this.#databases.set(this.#fold(database.name), database);
  }

  removeDatabase(name: string): void {
    this.#databases.delete(this.#fold(name));
  }

  /** Forgets a table that the server no longer has. */
  removeTable(name: QualifiedName): void {
    this.#tables.delete(this.#key(name));
  }

  /** Does to the tables what a statement did, and tells what that was. */
  apply(statement: DdlStatement, context: StatementContext): CatalogChange[] {
    switch (statement.kind) {
      case 'create-table':
      case 'create-like':
      case 'create-sequence':
        return this.#create(statement, context);
      case 'alter-table':
      case 'alter-index':
        return this.#alter(statement, context);
      case 'drop-table':
        return statement.tables.map((table) => this.#drop(this.#qualify(table, context)));
      case 'rename-table':
        return this.#renameAll(statement, context);
      case 'truncate-table':
        return [{ kind: 'truncated', name: this.#qualify(statement.table, context) }];
      case 'create-database':
      case 'alter-database':
        this.#setDatabase(statement, context);
        return [];
      case 'drop-database':
        return this.#dropDatabase(statement.database);
      case 'uncertain': {
        const tables = statement.tables.map((table) => this.#qualify(table, context));
        return [{ kind: 'uncertain', tables, reason: statement.reason }];
      }
      default:
        return [];
    }
  }

  #fold(name: string): string {
    return this.lowerCaseTableNames === 0 ? name : name.toLowerCase();
  }

  /** No name holds a NUL. */
  #key({ database, name }: QualifiedName): string {
    return `${this.#fold(database)}\0${this.#fold(name)}`;
  }

  /** Mode 1 also shows and logs names in lower case; mode 2 keeps them (PITFALLS B59). */
  #qualify({ database, name }: TableName, context: StatementContext): QualifiedName {
    const stored = (text: string): string =>
      this.lowerCaseTableNames === 1 ? text.toLowerCase() : text;
    return { database: stored(database ?? context.database), name: stored(name) };
  }

  #charsetOf(database: string, context: StatementContext): CharacterSet {
    return this.#databases.get(this.#fold(database)) ?? context.serverCharset;
  }

  #create(
    statement: Extract<DdlStatement, { kind: 'create-table' | 'create-like' | 'create-sequence' }>,
    context: StatementContext,
  ): CatalogChange[] {
    const name = this.#qualify(statement.table, context);
    // It is logged also where the table is there, and stays what it is (PITFALLS B100).
    if (statement.ifNotExists && this.#tables.has(this.#key(name))) return [];
    const made = this.#made(statement, name, context);
    if (typeof made === 'string') return [{ kind: 'uncertain', tables: [name], reason: made }];
    const replaces = statement.orReplace && this.#tables.has(this.#key(name));
    this.putTable(made);
    return [{ kind: 'created', table: made, ...(replaces ? { replaces } : {}) }];
  }

  #made(
    statement: Extract<DdlStatement, { kind: 'create-table' | 'create-like' | 'create-sequence' }>,
    name: QualifiedName,
    context: StatementContext,
  ): TableDefinition | string {
    const charset = this.#charsetOf(name.database, context);
    switch (statement.kind) {
      case 'create-sequence':
        return sequenceTable(name, charset);
      case 'create-like': {
        const like = this.#tables.get(this.#key(this.#qualify(statement.like, context)));
        return like === undefined ? 'the table that it is like is not known' : { ...like, ...name };
      }
      case 'create-table':
        return attempt(() => createTable(statement, name, charset, context));
    }
  }

  #alter(
    statement: Extract<DdlStatement, { kind: 'alter-table' | 'alter-index' }>,
    context: StatementContext,
  ): CatalogChange[] {
    const name = this.#qualify(statement.table, context);
    const before = this.#tables.get(this.#key(name));
    const target = renameTarget(statement.actions);
    const to = target === null ? name : this.#qualify(target, context);
    if (before === undefined) {
      // All tables are known, so there is none.
      if (statement.ifExists) return [];
      return [{ kind: 'uncertain', tables: [to], reason: 'the table is not known' }];
    }
    const charset = this.#charsetOf(name.database, context);
    const altered = attempt(() => alterTable(before, statement.actions, charset, context));
    if (typeof altered === 'string') {
      return [
        { kind: 'uncertain', tables: target === null ? [name] : [name, to], reason: altered },
      ];
    }
    const after = target === null ? altered : { ...altered, ...to };
    this.removeTable(name);
    this.putTable(after);
    const kind = statement.kind === 'alter-index' ? 'indexed' : 'altered';
    const changes: CatalogChange[] = [{ kind, before, after }];
    for (const action of statement.actions) {
      if (action.kind === 'partition-rows') {
        const { verb, other } = action;
        changes.push({ kind: 'partition-rows', name: to, verb });
        if (other === undefined) continue;
        changes.push({ kind: 'partition-rows', name: this.#qualify(other, context), verb });
      }
    }
    return changes;
  }

  #drop(name: QualifiedName, withDatabase = false): CatalogChange {
    const before = this.#tables.get(this.#key(name)) ?? null;
    this.removeTable(name);
    return { kind: 'dropped', name, before, withDatabase };
  }

  /** From left to right: `a TO tmp, b TO a, tmp TO b` (PITFALLS B98). */
  #renameAll(
    { pairs, ifExists }: Extract<DdlStatement, { kind: 'rename-table' }>,
    context: StatementContext,
  ): CatalogChange[] {
    return pairs.flatMap(({ from, to }) => {
      const [source, target] = [this.#qualify(from, context), this.#qualify(to, context)];
      return ifExists && !this.#tables.has(this.#key(source)) ? [] : this.#rename(source, target);
    });
  }

  #rename(from: QualifiedName, to: QualifiedName): CatalogChange[] {
    const before = this.#tables.get(this.#key(from));
    // Views are renamed by the same statement, and are not known here.
    if (before === undefined) {
      return [{ kind: 'uncertain', tables: [to], reason: 'the renamed table is not known' }];
    }
    const after = { ...before, ...to };
    this.removeTable(from);
    this.putTable(after);
    return [{ kind: 'renamed', before, after }];
  }

  #setDatabase(
    statement: Extract<DdlStatement, { kind: 'create-database' | 'alter-database' }>,
    context: StatementContext,
  ): void {
    const given = { database: null, name: statement.database ?? context.database };
    const { name } = this.#qualify(given, context);
    const present = this.#databases.get(this.#fold(name));
    const isCreate = statement.kind === 'create-database';
    if (isCreate && statement.ifNotExists && present !== undefined) return;
    if (isCreate && statement.orReplace) this.#dropDatabase(name);
    const set = resolveCharacterSet(
      statement.charset,
      statement.collation,
      isCreate ? context.serverCharset : (present ?? context.serverCharset),
      context.dialect,
      context.defaultCollations,
    );
    this.putDatabase({ name, ...set });
  }

  #dropDatabase(database: string): CatalogChange[] {
    const folded = this.#fold(database);
    this.#databases.delete(folded);
    const gone = [...this.#tables.values()].filter(
      (table) => this.#fold(table.database) === folded,
    );
    return gone.map(({ database: of, name }) => this.#drop({ database: of, name }, true));
  }
}

/** The last RENAME of a statement counts. */
function renameTarget(actions: readonly AlterAction[]): TableName | null {
  const rename = actions.findLast((action) => action.kind === 'rename-table');
  return rename?.to ?? null;
}

/** The table, or why our idea of it does not fit the statement. */
function attempt(make: () => TableDefinition): TableDefinition | string {
  try {
    return make();
  } catch (error) {
    if (error instanceof TableMismatch) return error.message;
    throw error;
  }
}
