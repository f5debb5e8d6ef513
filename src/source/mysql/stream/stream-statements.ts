import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type {
  CatalogChange,
  QualifiedName,
  TableCatalog,
} from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { SchemaMemory } from '../../../model/change-event.ts';
import type { RewriteFact } from '../../../model/table-shape.ts';
import type { BinlogPosition } from './binlog-position.ts';
import type { BinlogTransactions, StatementStep } from './binlog-transactions.ts';
import type { CatalogRereads } from './catalog-rereads.ts';
import type { MysqlTableSchemas } from './mysql-table-schemas.ts';
import type { StatementShapes } from './statement-shapes.ts';
import type { StatementEffect } from './statement-changes.ts';
import { applyStatement, namesOf } from './statement-changes.ts';

/** Makes what is remembered of a statement; null: it is not to be remembered. */
export interface StatementMemories {
  /** The catalog is about to change. */
  begin(): void;
  /** Others are told of it, too. */
  tells(effect: StatementEffect): boolean;
  of(effect: StatementEffect, position: BinlogPosition): SchemaMemory | null;
}

/** What statements are followed with. */
export interface StatementContext {
  readonly position: BinlogPosition;
  readonly transactions: BinlogTransactions;
  readonly schemas: MysqlTableSchemas;
  readonly catalog: TableCatalog;
  /** schema.history.internal.ddl.filter: statements that are neither followed nor remembered. */
  readonly skipsStatement?: (sql: string) => boolean;
  /** include.schema.comments */
  readonly includeComments?: boolean;
  /** What a restart has to know of statements; absent: nothing. */
  readonly memories?: StatementMemories;
  /** What the binlog does not tell of shapes; absent: then the stream stops. */
  readonly rereads?: CatalogRereads;
  /** Changes that the binlog does not tell: throws, or notes them. */
  readonly unreadable: (error: TidemarkError) => void;
  /** Somebody has to read it. */
  readonly warn?: (text: string) => void;
  /** Who reads tables again whose stored rows a statement changed; absent: nobody. */
  readonly rewritten?: RewriteFollower;
  /** Who is told what became of tables; absent: nobody. */
  readonly shapes?: StatementShapes;
}

/** Sees what the catalog has followed; returns the tables to be emptied at this place. */
export interface RewriteFollower {
  followed(statement: {
    readonly step: StatementStep;
    readonly changes: readonly CatalogChange[];
    readonly server: ServerVersion;
    readonly file: string;
    readonly pos: number;
  }): readonly QualifiedName[];
  /** What the last statement changed of stored rows, by `database.table`. */
  takeFacts?(): ReadonlyMap<string, RewriteFact>;
}

/** Where a statement stands. */
export interface StatementPlace {
  readonly file: string;
  readonly pos: number;
}

/** A statement that was followed. */
export interface FollowedStatement extends StatementEffect {
  readonly memory: SchemaMemory | null;
}

/** Keeps the catalog at the stream's place: what statements change, and what they do not tell. */
export class StreamStatements {
  readonly #context: StatementContext;

  constructor(context: StatementContext) {
    this.#context = context;
  }

  /** Does to the catalog what the statement did; null: it is one that is left out. */
  async follow(step: StatementStep, at: StatementPlace): Promise<FollowedStatement | null> {
    const { catalog, schemas, transactions, position, unreadable, warn } = this.#context;
    if (this.#context.skipsStatement?.(step.event.sql) === true) return null;
    const isCaptured = schemas.isCaptured.bind(schemas);
    this.#context.memories?.begin();
    const { includeComments } = this.#context;
    const { server } = transactions;
    const effect = applyStatement(step, catalog, server, isCaptured, includeComments);
    schemas.changed();
    const { memories, rewritten } = this.#context;
    // Partitions are dropped by the clock in many places: no reason to stop (PITFALLS B43).
    for (const problem of rewritten === undefined ? effect.problems : []) {
      if (warn === undefined) unreadable(problem);
      else warn(`${problem.message} (${at.file}:${at.pos}). ${problem.cure ?? ''}`);
    }
    const ddl = effect.statement.ddl;
    await this.#lookUp(effect, at, ddl);
    const emptied = rewritten?.followed({ step, changes: effect.changes, server, ...at }) ?? [];
    await this.#tell(effect.changes, at, ddl, rewritten?.takeFacts?.() ?? new Map());
    const truncated = [...effect.truncated, ...emptied];
    const told = memories?.tells(effect) === false ? [] : effect.told;
    return { ...effect, truncated, told, memory: memories?.of(effect, position) ?? null };
  }

  /** What the statement does not tell, or may have been read already, is read from the server. */
  async #lookUp(
    { changes, unknown, reasons }: StatementEffect,
    at: StatementPlace,
    ddl: string,
  ): Promise<void> {
    const { rereads, catalog } = this.#context;
    const captured = unknown?.filter((name) => this.concernsUs([name])) ?? null;
    if (captured === null || captured.length > 0) {
      await this.reread(captured, reasons.join('; '), at, ddl);
      return;
    }
    // Of others nobody asks; should one get a captured name, it is looked up then.
    for (const name of unknown ?? []) catalog.removeTable(name);
    const ahead = rereads?.ahead(changes.flatMap(namesOf), at.file, at.pos) ?? [];
    if (ahead.length === 0) return;
    await this.#read(ahead, at, ddl);
  }

  /** What the server has now takes the place of what was known, and is told. */
  async #read(
    names: readonly QualifiedName[] | null,
    at: StatementPlace,
    ddl: string,
  ): Promise<void> {
    const { rereads, catalog, schemas } = this.#context;
    const isAmong = (table: TableDefinition): boolean =>
      names === null || names.some(({ database, name }) => isNamed(table, database, name));
    const before = [...catalog.tables()].filter(isAmong);
    await rereads?.read(names);
    schemas.changed();
    const after = [...catalog.tables()].filter(isAmong);
    await this.#tell(changesBetween(before, after), at, ddl, new Map());
  }

  /** Before anything that stands behind the statement. */
  async #tell(
    changes: readonly CatalogChange[],
    { file, pos }: StatementPlace,
    ddl: string,
    facts: ReadonlyMap<string, RewriteFact>,
  ): Promise<void> {
    const { shapes, transactions } = this.#context;
    if (shapes === undefined) return;
    const { server, group } = transactions;
    const atMs = Number((group?.micros ?? 0n) / 1000n);
    await shapes.followed(
      changes,
      { gtid: group?.gtid ?? null, file, pos, atMs, ddl, server },
      facts,
    );
  }

  /** Reads definitions from the server; null: all of them. */
  async reread(
    names: readonly QualifiedName[] | null,
    why: string,
    at: StatementPlace,
    ddl = '',
  ): Promise<void> {
    const { rereads, warn } = this.#context;
    const what = names?.map(({ database, name }) => `${database}.${name}`).join(', ');
    const text = `the binlog does not tell the shape of ${what ?? 'all tables'}: ${why}`;
    if (rereads === undefined) throw new TidemarkError('MYSQL_SHAPE', text);
    warn?.(`${text} (${at.file}:${at.pos}). It is read from the server.`);
    await this.#read(names, at, ddl);
  }

  /** Where the tables are not known they may be captured ones. */
  concernsUs(tables: readonly QualifiedName[]): boolean {
    const { schemas } = this.#context;
    if (tables.length === 0) return true;
    return tables.some(({ database, name }) => schemas.isCaptured(database, name));
  }
}

function isNamed(table: TableDefinition, database: string, name: string): boolean {
  return table.database === database && table.name === name;
}

function changesBetween(
  before: readonly TableDefinition[],
  after: readonly TableDefinition[],
): readonly CatalogChange[] {
  const dropped = before.flatMap((old): CatalogChange[] => {
    if (after.some((table) => isNamed(table, old.database, old.name))) return [];
    const name = { database: old.database, name: old.name };
    return [{ kind: 'dropped', name, before: old, withDatabase: false }];
  });
  const others = after.map((table): CatalogChange => {
    const old = before.find(({ database, name }) => isNamed(table, database, name));
    return old === undefined
      ? { kind: 'created', table }
      : { kind: 'altered', before: old, after: table };
  });
  return [...dropped, ...others];
}
