import type { SourceNotification } from '../../model/source-notification.ts';
import type { SourceSignal } from '../../model/source-signal.ts';
import type { TableId, TableSchema } from '../../model/table-schema.ts';
import { tableName } from '../../model/table-schema.ts';
import type { ExecuteRequest, RepairRequest, SignalCommand } from './snapshot-signal.ts';
import { parseSignal } from './snapshot-signal.ts';
import type { BlockingRequest, SeenTable, SnapshotState, TableTask } from './snapshot-state.ts';
import {
  conditionFor,
  encodeSnapshotState,
  isTaskOf,
  matches,
  mustFinish,
  newTask,
} from './snapshot-state.ts';

/** A table that can be read. */
export interface ReadableTable {
  readonly schema: Pick<TableSchema, 'id'>;
}

/** Keys that are told again. */
export interface RepairedKeys {
  /** In the order in which the family reads them. */
  readonly keyColumns: readonly string[];
  /** As `rowKey` writes them. */
  readonly keys: readonly string[];
}

/** What a family of sources knows of what signals name. */
export interface SignalDialect<T extends ReadableTable> {
  /** Its rows can be told apart. */
  isKeyed(table: T): boolean;
  /**
   * What a repair asks for; a text instead says why the table has no such keys. Whatever passes
   * here can be told: one that could not would stop the source again and again.
   */
  repairKeys(table: T, request: RepairRequest): RepairedKeys | string;
  /** Why a condition cannot stand in a query of ours; null: it can. */
  conditionProblem(condition: string): string | null;
}

/** Whom the list of tasks tells. */
export interface TaskEvents {
  /** The durable state is another one: with the next append. */
  changed(): void;
  /** Other tables than before are concerned. */
  tablesChanged(): void;
  notify(notification: SourceNotification): void;
  note(text: string): void;
  /** A signal that is not followed. */
  warn(text: string): void;
  /** For `{}` in a log signal: where the stream stands. */
  offsetText(): string;
}

/**
 * Which tables are still to be read, as it stands in the source offset. Every change is made
 * synchronously with the rows or the signal that cause it, so that one append holds both.
 */
export class SnapshotTasks<T extends ReadableTable> {
  readonly #events: TaskEvents;
  readonly #dialect: SignalDialect<T>;
  #state: SnapshotState;
  #text: string | null | undefined;

  constructor(state: SnapshotState, events: TaskEvents, dialect: SignalDialect<T>) {
    this.#state = state;
    this.#dialect = dialect;
    this.#events = events;
  }

  get state(): SnapshotState {
    return this.#state;
  }

  /** What is stored with the offset; null: nothing is under way. */
  get text(): string | null {
    if (this.#text === undefined) this.#text = encodeSnapshotState(this.#state);
    return this.#text;
  }

  /** The one to work on; a pause is for the snapshots that signals asked for. */
  current(): TableTask | null {
    const { tasks, paused } = this.#state;
    // A few rows: nobody waits for whole tables before them.
    const repair = tasks.find((task) => task.repair !== undefined);
    if (repair !== undefined) return repair;
    return tasks.find((task) => !paused || mustFinish(task)) ?? null;
  }

  /** Of several that which cannot do without its rows. */
  of(id: TableId): TableTask | undefined {
    const all = this.#state.tasks.filter((task) => isTaskOf(task, id));
    return all.find(mustFinish) ?? all[0];
  }

  has(task: TableTask): boolean {
    return this.#state.tasks.some((other) => isSame(other, task));
  }

  latest(task: TableTask): TableTask | undefined {
    return this.#state.tasks.find((other) => isSame(other, task));
  }

  hasInitial(): boolean {
    return this.#state.tasks.some((task) => task.purpose === 'initial');
  }

  hasIncremental(): boolean {
    return this.#state.tasks.some((task) => task.purpose === 'incremental');
  }

  update(task: TableTask, change: Partial<TableTask>): void {
    this.#set({
      tasks: this.#state.tasks.map((other) =>
        isSame(other, task) ? { ...other, ...change } : other,
      ),
    });
  }

  /** The table is read, or cannot be. */
  finish(task: TableTask, status: string): void {
    const found = this.latest(task);
    if (found === undefined) return;
    const names = this.#namesBeside(found);
    const others = this.#state.tasks.filter((other) => other !== found);
    // Given up, it is asked for again by the next start.
    this.#set({ tasks: others, ...this.#doneWith(status === 'SUCCEEDED' ? [found] : []) });
    const table = `${found.schema}.${found.table}`;
    this.#tell(found, 'TABLE_SCAN_COMPLETED', {
      data_collections: names,
      scanned_collection: table,
      total_rows_scanned: String(found.rows),
      status: status === 'SUCCEEDED' && found.rows === 0 ? 'EMPTY' : status,
    });
    if (status === 'SUCCEEDED') {
      this.#events.note(`${snapshotName(found)} of ${table} is complete: ${found.rows} rows`);
    }
    const left = this.#state.tasks.some((other) => other.purpose === found.purpose);
    if (!left) this.#tell(found, 'COMPLETED', {});
  }

  add(tasks: readonly TableTask[]): void {
    const fresh = tasks.filter((task) => !this.has(task));
    if (fresh.length > 0) this.#set({ tasks: [...this.#state.tasks, ...fresh] });
  }

  /** DDL changed rows of these tables: they are read as if a signal had asked for it. */
  readAgain(tasks: readonly TableTask[]): void {
    const fresh = tasks.filter((task) => !this.has(task));
    const [first] = fresh;
    if (first === undefined) return;
    this.add(fresh);
    this.#tell(first, 'STARTED', { data_collections: this.#namesBeside(first) });
  }

  setColumns(columns: Pick<SnapshotState, 'dropped' | 'added'>): void {
    this.#set(columns);
  }

  /** Not complete: what it has emptied is still to be read. */
  blockingDone(request: BlockingRequest, complete: boolean): void {
    const { blocking, tasks } = this.#state;
    const { snapshotId } = request;
    this.#set({
      blocking: blocking.filter((other) => other !== request),
      tasks: complete
        ? tasks.filter((task) => task.emptied !== true || task.snapshotId !== snapshotId)
        : tasks,
    });
  }

  setSeen(seen: readonly SeenTable[]): void {
    this.#set({ seen });
  }

  /** The others of `done` are noted elsewhere, or nobody asks for them any more. */
  keepDone(wanted: ReadonlySet<string>): void {
    const done = this.#state.done.filter((id) => wanted.has(id));
    if (done.length < this.#state.done.length) this.#set({ done });
  }

  #doneWith(tasks: readonly TableTask[]): Pick<SnapshotState, 'done'> {
    const ended = tasks.flatMap((task) => (task.remembered === true ? [task.snapshotId] : []));
    return { done: [...this.#state.done, ...ended] };
  }

  setNotBefore(notBefore: number | null): void {
    if (notBefore !== this.#state.notBefore) this.#set({ notBefore });
  }

  /** `task` as it was before; of a first snapshot the original tells only that a table begins. */
  progressed(task: TableTask, keys: Readonly<Record<string, string>>): void {
    const initial = task.purpose === 'initial';
    if (initial && task.rows > 0) return;
    this.#tell(task, 'IN_PROGRESS', {
      data_collections: this.#namesBeside(task),
      current_collection_in_progress: `${task.schema}.${task.table}`,
      ...(initial ? {} : keys),
    });
  }

  /** Does what a signal says, at once; `captured` resolves its names. */
  apply(signal: SourceSignal, captured: readonly T[]): void {
    const command = parseSignal(signal, (condition) => this.#dialect.conditionProblem(condition));
    switch (command.kind) {
      case 'incremental':
        this.#start(command.request, captured);
        return;
      case 'repair':
        this.#repair(signal, command.request, captured);
        return;
      case 'blocking':
        this.#set({ blocking: [...this.#state.blocking, command.request] });
        return;
      case 'stop':
        this.#stop(command);
        return;
      case 'pause':
      case 'resume':
        this.#pause(command.kind === 'pause');
        return;
      case 'log':
        this.#events.note(command.message.replace('{}', this.#events.offsetText()));
        return;
      case 'invalid':
        this.#reject(signal, command.reason);
        return;
      case 'none':
        return;
    }
  }

  #start(request: ExecuteRequest, captured: readonly T[]): void {
    const chosen = new Map<string, TableTask>();
    const choose = (task: TableTask): void => {
      const name = `${task.schema}.${task.table}`;
      if (!chosen.has(name)) chosen.set(name, task);
    };
    for (const name of request.collections) {
      const found = captured.filter(({ schema }) => matches(name, tableName(schema.id)));
      if (found.length === 0) {
        this.#events.warn(`the signal ${request.snapshotId} names ${name}, which is not captured`);
        choose(unknownTask(name, request));
      }
      for (const table of found) choose(taskOf(table, request, this.#dialect.isKeyed(table)));
    }
    const [first] = chosen.values();
    if (first === undefined) return;
    this.add([...chosen.values()]);
    const names = [...chosen.keys()].join(', ');
    this.#events.note(`${snapshotName(first)} of ${names} begins`);
    this.#tell(first, 'STARTED', { data_collections: this.#namesBeside(first) });
  }

  #repair(signal: SourceSignal, request: RepairRequest, captured: readonly T[]): void {
    const { collection, snapshotId } = request;
    const table = captured.find(({ schema }) => tableName(schema.id) === collection);
    if (table === undefined) {
      this.#reject(signal, `${collection} is not captured`);
      return;
    }
    const { id } = table.schema;
    if (this.#state.tasks.some((task) => isTaskOf(task, id) && mustFinish(task))) {
      this.#reject(signal, `${collection} is still read for the first time`);
      return;
    }
    const found = this.#dialect.repairKeys(table, request);
    if (typeof found === 'string') {
      this.#reject(signal, `${collection} ${found}`);
      return;
    }
    const { keyColumns, keys } = found;
    const task = newTask(
      { schema: id.schema, table: id.table, purpose: 'incremental', method: 'keys', snapshotId },
      // No range: nothing but those.
      { reread: [...new Set(keys)], lastKey: [], maxKey: [], repair: { keyColumns, deleted: [] } },
    );
    this.add([task]);
    this.#events.note(`${snapshotName(task)} of ${keys.length} rows of ${collection} begins`);
    this.#tell(task, 'STARTED', { data_collections: this.#namesBeside(task) });
  }

  #stop({ collections }: SignalCommand & { kind: 'stop' }): void {
    const stopped = this.#state.tasks.filter(
      (task) =>
        !mustFinish(task) &&
        (collections.length === 0 ||
          collections.some((name) => matches(name, `${task.schema}.${task.table}`))),
    );
    const [first] = stopped;
    if (first === undefined) return;
    const left = this.#state.tasks.filter((task) => !stopped.includes(task));
    this.#set({ tasks: left, ...this.#doneWith(stopped) });
    const names = stopped.map((task) => `${task.schema}.${task.table}`).join(',');
    this.#events.note(`${snapshotName(first)} of ${names} is stopped`);
    this.#tell(first, 'ABORTED', { data_collections: names });
    if (!this.hasIncremental()) this.#set({ paused: false });
  }

  #pause(paused: boolean): void {
    const first = this.#state.tasks.find((task) => task.purpose === 'incremental');
    if (paused === this.#state.paused || (paused && first === undefined)) return;
    this.#set({ paused });
    if (first === undefined) return;
    this.#events.note(`incremental snapshots ${paused ? 'pause' : 'go on'}`);
    this.#tell(first, paused ? 'PAUSED' : 'RESUMED', {
      data_collections: this.#namesBeside(first),
    });
  }

  #reject({ id, type }: SourceSignal, reason: string): void {
    this.#events.warn(`the signal ${id} is ignored: ${reason}`);
    this.#events.notify({
      id,
      aggregate: 'Signal',
      type: 'REJECTED',
      data: { signal_type: type, reason },
    });
  }

  /** Resumed: the first snapshot goes on where an earlier run left it, or was over before. */
  begin(resumed: boolean): void {
    if (!resumed) return;
    const first = this.#state.tasks.find((task) => task.purpose === 'initial');
    if (first !== undefined) this.#tell(first, 'STARTED', {});
    else {
      this.#events.notify({ aggregate: 'Initial Snapshot', type: 'SKIPPED', data: {} });
    }
  }

  /** Those of the same snapshot that are still to be read, this one included. */
  #namesBeside({ purpose }: TableTask): string {
    const same = this.#state.tasks.filter((task) => task.purpose === purpose);
    return same.map((task) => `${task.schema}.${task.table}`).join(',');
  }

  #tell(task: TableTask, type: SourceNotification['type'], data: SourceNotification['data']): void {
    this.#events.notify(
      task.purpose === 'initial'
        ? { aggregate: 'Initial Snapshot', type, data }
        : { id: task.snapshotId, aggregate: 'Incremental Snapshot', type, data },
    );
  }

  #set(change: Partial<SnapshotState>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    this.#text = undefined;
    this.#events.changed();
    const { tasks, seen } = this.#state;
    if (tasks.length !== before.tasks.length || seen !== before.seen) this.#events.tablesChanged();
  }
}

function taskOf(
  { schema: { id } }: ReadableTable,
  request: ExecuteRequest,
  isKeyed: boolean,
): TableTask {
  const table = { schema: id.schema, table: id.table, snapshotId: request.snapshotId };
  const method = isKeyed ? 'keys' : 'whole';
  return newTask(
    { ...table, purpose: 'incremental', method },
    { condition: conditionFor(request, id), surrogate: request.surrogate },
  );
}

/** Has its turn as the others, and ends with UNKNOWN_SCHEMA: whoever waits for it is told. */
function unknownTask(name: string, { snapshotId }: ExecuteRequest): TableTask {
  const parts = name.replaceAll('"', '').split('.');
  const table = parts.pop() ?? '';
  const schema = parts.join('.');
  return newTask({ schema, table, purpose: 'incremental', method: 'keys', snapshotId });
}

function snapshotName({ purpose, snapshotId, repair }: TableTask): string {
  if (repair !== undefined) return `the repair ${snapshotId}`;
  return purpose === 'initial' ? 'the snapshot' : `the incremental snapshot ${snapshotId}`;
}

function isSame(a: TableTask, b: TableTask): boolean {
  return a.schema === b.schema && a.table === b.table && a.snapshotId === b.snapshotId;
}

/** The captured tables that a request names, in the order of its names. */
export function resolveCollections<T extends ReadableTable>(
  request: BlockingRequest,
  captured: readonly T[],
): readonly T[] {
  const chosen = new Set<T>();
  for (const pattern of request.collections) {
    for (const table of captured) {
      if (matches(pattern, tableName(table.schema.id))) chosen.add(table);
    }
  }
  return [...chosen];
}
