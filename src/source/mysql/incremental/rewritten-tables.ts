import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { RewrittenRows } from '../../../../dialects/mysql/ddl/rewritten-rows.ts';
import {
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
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { newTask } from '../../incremental/snapshot-state.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';
import type { StatementStep } from '../stream/binlog-transactions.ts';
import type { MysqlTableSchemas } from '../stream/mysql-table-schemas.ts';
import { knownTable } from './stream-tables.ts';
import type { KnownTable } from './table-reading.ts';
import { isKeyed } from './table-reading.ts';

/** How many names of dropped columns are kept. */
const MAX_DROPPED = 1000;

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

  constructor(parts: RewrittenTablesParts) {
    this.#parts = parts;
  }

  /** Returns the tables whose rows are to be taken away first, at this very place of the stream. */
  followed(statement: CatalogStatement): readonly QualifiedName[] {
    const { step, changes, server, file, pos } = statement;
    const dropped = new Set(this.#parts.tasks.state.dropped);
    const found = rewrittenRows(step.statement, changes, {
      server,
      sqlMode: step.event.context.sqlMode ?? 0n,
      told: (table, column) => this.#told(table, column),
      wasDropped: (table, column) => dropped.has(droppedName(table, column)),
    });
    this.#rememberDropped(changes);
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
      const empties = rewrite.rowsGo && isKeyed(table);
      this.#warn(rewrite, statement, empties);
      if (this.#parts.options.ddlRewrites === 'warn') continue;
      tasks.push(task);
      if (empties) emptied.push(rewrite.name);
    }
    this.#parts.tasks.readAgain(tasks);
    return emptied;
  }

  #told(definition: TableDefinition, name: string): ToldColumn {
    const schema = this.#parts.schemas.ofDefinition(definition);
    const column = schema?.columns.find((each) => each.name === name);
    if (column === undefined) return 'hidden';
    return column.schema.default === undefined ? 'plain' : 'default';
  }

  #rememberDropped(changes: readonly CatalogChange[]): void {
    const { tasks, schemas } = this.#parts;
    const captured = changes.filter(
      (change) =>
        change.kind === 'altered' && schemas.isCaptured(change.after.database, change.after.name),
    );
    const names = droppedColumns(captured);
    if (names.length === 0) return;
    const kept = tasks.state.dropped.filter((name) => !names.includes(name));
    tasks.setDropped([...kept, ...names].slice(-MAX_DROPPED));
  }

  #warn({ name, reason }: RewrittenRows, at: CatalogStatement, empties: boolean): void {
    const { options, skipsTruncates } = this.#parts;
    const table = `${name.database}.${name.name}`;
    const follows =
      options.ddlRewrites === 'snapshot'
        ? `the table is read again beside the stream (ddl-${at.file}:${at.pos})`
        : 'targets keep what they have (ddl.rewrites=warn): snapshot the table anew';
    const ghosts =
      empties && skipsTruncates ? '. Rows that went stay in targets: skipped.operations has t' : '';
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
