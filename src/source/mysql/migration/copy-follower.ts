import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseDdlStatement } from '../../../../dialects/mysql/ddl/ddl-statement.ts';
import {
  addedColumns,
  droppedColumns,
  droppedName,
  rewrittenRows,
} from '../../../../dialects/mysql/ddl/rewritten-rows.ts';
import type { ToldColumn } from '../../../../dialects/mysql/ddl/rewritten-rows.ts';
import type {
  CatalogChange,
  QualifiedName,
  TableCatalog,
} from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { RewriteFact } from '../../../model/table-shape.ts';
import type { PlacedStatement, StatementListener } from '../../checked-migration.ts';
import type { QueryContext } from '../binlog/binlog-event.ts';
import { readServerTables, readToldTable } from '../capture/server-tables.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { StatementStep } from '../stream/binlog-transactions.ts';
import type { MysqlTableSchemas } from '../stream/mysql-table-schemas.ts';
import { applyStatement, namesOf } from '../stream/statement-changes.ts';
import { StatementShapes } from '../stream/statement-shapes.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';

/** What a copy is followed with. */
export interface CopyFollowerParts {
  readonly options: MysqlSourceOptions;
  readonly facts: MysqlServerFacts;
  /** The tables of the source's database, under its name. */
  readonly catalog: TableCatalog;
  readonly schemas: MysqlTableSchemas;
  readonly listener: StatementListener;
  /** Looks at the copy. */
  readonly looking: MysqlQuerier;
  readonly database: string;
  readonly scratch: string;
  readonly clock: Clock;
}

/** A statement as the binlog would have it. */
export interface RunStatement extends PlacedStatement {
  readonly context: QueryContext;
}

/** Statements that change no table themselves. */
const ABOUT_ROWS = new RegExp(
  String.raw`^\s*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|SET|SHOW|USE|LOCK|UNLOCK|COMMIT|START|` +
    String.raw`ROLLBACK|SAVEPOINT)\b`,
  'i',
);

/** Tells what statements do to the captured tables of a copy, by the code that follows a binlog. */
export class CopyFollower {
  readonly #parts: CopyFollowerParts;
  readonly #shapes: StatementShapes;
  readonly #dropped = new Set<string>();
  readonly #added = new Set<string>();
  #count = 0;

  constructor(parts: CopyFollowerParts) {
    this.#parts = parts;
    const { listener, schemas, options } = parts;
    const { includeComments } = options.history;
    this.#shapes = new StatementShapes({ listener, schemas, includeComments });
  }

  /** The tables as they are before the migration. */
  async begin(): Promise<void> {
    const { catalog, facts } = this.#parts;
    await this.#shapes.began(catalog.tables(), '', facts);
  }

  /** A statement was run. What the server has now counts, where it is told otherwise. */
  async ran(statement: RunStatement): Promise<void> {
    const { catalog, schemas, facts, listener, options, clock } = this.#parts;
    const before = [...catalog.tables()];
    const step = this.#stepOf(statement);
    const isCaptured = schemas.isCaptured.bind(schemas);
    const effect = applyStatement(
      step,
      catalog,
      facts,
      isCaptured,
      options.history.includeComments,
    );
    const isOther = effect.changes.length === 0 && !ABOUT_ROWS.test(statement.text);
    const unknown = isOther ? null : effect.unknown;
    const names = unknown === null ? null : [...effect.changes.flatMap(namesOf), ...unknown];
    await this.#reread(names);
    schemas.changed();
    const told = effect.changes.map((change) => this.#asIs(change));
    const certain = told.filter(({ kind }) => kind !== 'uncertain');
    const own = new Set(certain.flatMap(namesOf).map(keyOf));
    const more = changesBetween(before, [...catalog.tables()]).filter(
      (change) => !namesOf(change).some((name) => own.has(keyOf(name))),
    );
    const changes = [...certain, ...more];
    const found = this.#rewrites(step, changes);
    listener.ran(statement, []);
    const place = { gtid: null, file: statement.script, pos: ++this.#count };
    const { text: ddl } = statement;
    await this.#shapes.followed(
      changes,
      { ...place, atMs: clock.nowMs(), ddl, server: facts },
      found,
    );
    listener.settled();
  }

  #stepOf({ text, context }: RunStatement): StatementStep {
    const dialect = ddlDialect(this.#parts.facts, Number(context.sqlMode ?? 0n));
    return {
      kind: 'statement',
      statement: parseDdlStatement(text, dialect),
      event: {
        kind: 'query',
        threadId: 0,
        executionSeconds: 0,
        errorCode: 0,
        schema: this.#parts.database,
        context,
        sql: text,
        loadFileId: null,
      },
      ends: true,
    };
  }

  /** Takes over what the server tells; null: of all tables. */
  async #reread(names: readonly QualifiedName[] | null): Promise<void> {
    const { catalog, looking, facts, database, scratch } = this.#parts;
    const known = [...catalog.tables()];
    const wanted = names ?? [...known, ...(await readServerTables(looking)).filter(isOf(scratch))];
    for (const name of new Set(wanted.map((one) => one.name))) {
      const told = await readToldTable(looking, facts, { database: scratch, name });
      if (told === null) catalog.removeTable({ database, name });
      else catalog.putTable({ ...told.definition, database });
    }
  }

  /** With the definition that the server tells. */
  #asIs(change: CatalogChange): CatalogChange {
    const now = ({ database, name }: TableDefinition): TableDefinition | undefined =>
      this.#parts.catalog.table(database, name);
    switch (change.kind) {
      case 'created':
        return { ...change, table: now(change.table) ?? change.table };
      case 'altered':
      case 'renamed':
      case 'indexed':
        return { ...change, after: now(change.after) ?? change.after };
      default:
        return change;
    }
  }

  #rewrites(
    step: StatementStep,
    changes: readonly CatalogChange[],
  ): ReadonlyMap<string, RewriteFact> {
    const { facts, schemas, options } = this.#parts;
    const has = (names: ReadonlySet<string>, table: QualifiedName, column = ''): boolean =>
      names.has(droppedName(table, column));
    const found = rewrittenRows(step.statement, changes, {
      server: facts,
      sqlMode: step.event.context.sqlMode ?? 0n,
      told: (table, column) => this.#told(table, column),
      wasDropped: (table, column) => has(this.#dropped, table, column) || has(this.#dropped, table),
      wasAdded: (table, column) => has(this.#added, table, column),
      hadTable: (name) => has(this.#dropped, name),
    });
    const isCaptured = ({ database, name }: QualifiedName): boolean =>
      schemas.isCaptured(database, name);
    for (const name of droppedColumns(changes, isCaptured)) this.#dropped.add(name);
    for (const name of addedColumns(changes, isCaptured)) this.#added.add(name);
    const isRead = options.snapshots.ddlRewrites !== 'warn';
    return new Map(
      found.flatMap(({ name, reason, isEmpty }) => {
        if (!isCaptured(name)) return [];
        const done = isEmpty
          ? 'targets are emptied at this place'
          : 'the table is read again beside the stream';
        const kept = 'targets keep what they have (ddl.rewrites=warn): snapshot the table anew';
        const fact = { id: `${this.#count}`, reason, follows: isRead ? done : kept };
        return [[`${name.database}.${name.name}`, fact] as const];
      }),
    );
  }

  #told(definition: TableDefinition, name: string): ToldColumn {
    const schema = this.#parts.schemas.ofDefinition(definition);
    const column = schema?.columns.find((each) => each.name === name);
    if (column === undefined) return 'hidden';
    return column.schema.default === undefined ? 'plain' : 'default';
  }
}

function isOf(scratch: string) {
  return ({ database }: QualifiedName): boolean => database === scratch;
}

function keyOf({ database, name }: QualifiedName): string {
  return `${database}\0${name}`;
}

/** What became of tables that the statement itself does not name. */
function changesBetween(
  before: readonly TableDefinition[],
  after: readonly TableDefinition[],
): readonly CatalogChange[] {
  const old = new Map(before.map((table) => [keyOf(table), table]));
  const now = new Map(after.map((table) => [keyOf(table), table]));
  const gone = before.flatMap((table): CatalogChange[] => {
    if (now.has(keyOf(table))) return [];
    const name = { database: table.database, name: table.name };
    return [{ kind: 'dropped', name, before: table, withDatabase: false }];
  });
  const others = after.flatMap((table): CatalogChange[] => {
    const was = old.get(keyOf(table));
    if (was === undefined) return [{ kind: 'created', table }];
    return was === table ? [] : [{ kind: 'altered', before: was, after: table }];
  });
  return [...gone, ...others];
}
