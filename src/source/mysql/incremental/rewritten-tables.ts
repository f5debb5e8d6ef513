import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { RewrittenRows } from '../../../../dialects/mysql/ddl/rewritten-rows.ts';
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
import type { RewriteFact } from '../../../model/table-shape.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { newTask } from '../../incremental/snapshot-state.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';
import type { StatementStep } from '../stream/binlog-transactions.ts';
import type { MysqlTableSchemas } from '../stream/mysql-table-schemas.ts';
import { knownTable } from './stream-tables.ts';
import type { KnownTable } from './table-reading.ts';
import { isKeyed } from './table-reading.ts';

/** How many names of columns that went, and of columns that came, are kept in the offset. */
const MAX_DROPPED = 1000;
const MAX_ADDED = 200;

/** What rewritten tables are told and read by. */
export interface RewrittenTablesParts {
  readonly options: Pick<SnapshotOptions, 'ddlRewrites'>;
  readonly catalog: TableCatalog;
  readonly schemas: MysqlTableSchemas;
  readonly tasks: SnapshotTasks<KnownTable>;
  /** skipped.operations has `t`: targets cannot be emptied. */
  readonly skipsTruncates: boolean;
  warn(text: string): void;
}

/** A statement that the catalog has followed. */
export interface CatalogStatement {
  readonly step: StatementStep;
  readonly changes: readonly CatalogChange[];
  readonly server: ServerVersion;
  readonly file: string;
  readonly pos: number;
}

/**
 * Tables whose stored rows a statement changed are read again (ruling 5). The tasks enter the state
 * while the stream stands at the statement, so the offset that lies behind it has them.
 */
export class RewrittenTables {
  readonly #parts: RewrittenTablesParts;
  readonly #facts = new Map<string, RewriteFact>();

  constructor(parts: RewrittenTablesParts) {
    this.#parts = parts;
  }

  /** Returns the tables whose rows are to be taken away first, at this very place of the stream. */
  followed(statement: CatalogStatement): readonly QualifiedName[] {
    const { step, changes, server, file, pos } = statement;
    const { state } = this.#parts.tasks;
    const dropped = new Set(state.dropped);
    const added = new Set(state.added);
    const found = rewrittenRows(step.statement, changes, {
      server,
      sqlMode: step.event.context.sqlMode ?? 0n,
      told: (table, column) => this.#told(table, column),
      wasDropped: (table, column) =>
        dropped.has(droppedName(table, column)) || dropped.has(droppedName(table)),
      wasAdded: (table, column) => added.has(droppedName(table, column)),
      hadTable: (name) => dropped.has(droppedName(name)),
    });
    const emptied: QualifiedName[] = [];
    const tasks: TableTask[] = [];
    for (const rewrite of found) {
      const table = knownTable(
        this.#parts.catalog.table(rewrite.name.database, rewrite.name.name),
        this.#parts.schemas,
      );
      if (table === undefined) continue;
      const task = taskOf(table, rewrite, `ddl-${file}:${pos}`);
      // A table without a key is emptied by the read itself.
      const empties = rewrite.isEmpty || (rewrite.rowsGo && isKeyed(table));
      this.#warn(rewrite, statement, empties);
      if (this.#parts.options.ddlRewrites === 'warn') continue;
      if (!rewrite.isEmpty) tasks.push(task);
      if (empties) emptied.push(rewrite.name);
    }
    this.#remember(changes, tasks);
    this.#parts.tasks.readAgain(tasks);
    return emptied;
  }

  takeFacts(): ReadonlyMap<string, RewriteFact> {
    const facts = new Map(this.#facts);
    this.#facts.clear();
    return facts;
  }

  #told(definition: TableDefinition, name: string): ToldColumn {
    const schema = this.#parts.schemas.ofDefinition(definition);
    const column = schema?.columns.find((each) => each.name === name);
    if (column === undefined) return 'hidden';
    return column.schema.default === undefined ? 'plain' : 'default';
  }

  /** What is read again is told as it is by that. */
  #remember(changes: readonly CatalogChange[], read: readonly TableTask[]): void {
    const { tasks } = this.#parts;
    const isCaptured = ({ database, name }: QualifiedName): boolean =>
      this.#parts.schemas.isCaptured(database, name);
    const dropped = droppedColumns(changes, isCaptured);
    const added = addedColumns(changes, isCaptured);
    const told = read.map(({ schema, table }) => droppedName({ database: schema, name: table }));
    const { state } = tasks;
    const isTold = (name: string): boolean => told.some((table) => name.startsWith(table));
    if (dropped.length + added.length === 0 && !state.added.some(isTold)) return;
    const known = state.added.filter((name) => !added.includes(name) && !dropped.includes(name));
    const kept = state.dropped.filter((name) => !dropped.includes(name));
    tasks.setColumns({
      dropped: [...kept, ...dropped].slice(-MAX_DROPPED),
      added: [...known, ...added].filter((name) => !isTold(name)).slice(-MAX_ADDED),
    });
  }

  #warn({ name, reason, isEmpty }: RewrittenRows, at: CatalogStatement, empties: boolean): void {
    const { options, skipsTruncates } = this.#parts;
    const table = `${name.database}.${name.name}`;
    const isDone = isEmpty
      ? 'targets are emptied at this place'
      : `the table is read again beside the stream (ddl-${at.file}:${at.pos})`;
    const follows =
      options.ddlRewrites !== 'warn'
        ? isDone
        : 'targets keep what they have (ddl.rewrites=warn): snapshot the table anew';
    const ghosts =
      empties && skipsTruncates ? '. Rows that went stay in targets: skipped.operations has t' : '';
    this.#facts.set(table, {
      id: `ddl-${at.file}:${at.pos}`,
      reason,
      follows: `${follows}${ghosts}`,
    });
    this.#parts.warn(
      `a statement changed stored rows of ${table}, which no event tells: ${reason} ` +
        `(${at.file}:${at.pos}); ${follows}${ghosts}`,
    );
  }
}

/** A target that was emptied lacks every row: then nothing but the end of the read will do. */
function taskOf(table: KnownTable, { rowsGo }: RewrittenRows, snapshotId: string): TableTask {
  const { schema, table: name } = table.schema.id;
  const keyed = isKeyed(table);
  return newTask({
    schema,
    table: name,
    purpose: rowsGo && keyed ? 'initial' : 'incremental',
    method: keyed ? 'keys' : 'whole',
    snapshotId,
  });
}
