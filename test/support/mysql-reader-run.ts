import { expect } from 'vitest';
import type {
  ChangeReceiver,
  RowChange,
  SchemaChange,
  SchemaStatement,
  SourceOffset,
} from '../../src/model/change-event.ts';
import type { MysqlReaderParts } from '../../src/source/mysql/mysql-reader.ts';
import { MysqlReader } from '../../src/source/mysql/mysql-reader.ts';
import type { MysqlSourceOptions } from '../../src/source/mysql/mysql-source-options.ts';
import { MemoryHistory } from './memory-history.ts';

/** One life of a reader, and what it told: rows as `c t 1|two`. */
export interface ReaderRun extends AsyncDisposable {
  readonly reader: MysqlReader;
  readonly told: string[];
  readonly statements: SchemaStatement[];
  readonly notes: string[];
  /** Why it ended by itself. */
  readonly ended: Promise<unknown>;
  /** Waits until so many rows have come in all; everything told is then confirmed. */
  until(rows: number): Promise<void>;
  /** Ends it as a stop does; the offset behind what was told. */
  stop(): Promise<SourceOffset>;
  /** Waits until the limit of rows has ended it as a crash does; the offset behind them. */
  cut(): Promise<SourceOffset>;
}

/** What outlives a reader. */
export interface ReaderState {
  readonly history: MemoryHistory;
  offset: SourceOffset | null;
}

/** Nothing has been read yet. */
export function newReaderState(): ReaderState {
  return { history: new MemoryHistory(), offset: null };
}

/** The same, for a life of its own. */
export function copyOf({ history, offset }: ReaderState): ReaderState {
  const copy = newReaderState();
  copy.history.records = structuredClone(history.records);
  copy.history.stored = structuredClone(history.stored);
  copy.offset = structuredClone(offset);
  return copy;
}

/** More rows are not taken. */
const LIMIT = new Error('the limit of rows');

/** Begins a life of a reader where the state says. */
export function startReader(
  options: MysqlSourceOptions,
  state: ReaderState,
  more: Partial<MysqlReaderParts> & {
    readonly limit?: number;
    readonly onSchema?: (change: SchemaChange) => void;
  } = {},
): ReaderRun {
  const { limit = Infinity, onSchema = () => undefined, ...parts } = more;
  const told: string[] = [];
  const statements: SchemaStatement[] = [];
  const notes: string[] = [];
  const abort = new AbortController();
  const note = (text: string): number => notes.push(text);
  // Readers of one name replace each other at a server, and files of tests share one.
  const database = options.databaseInclude.map(({ source }) => source).join();
  const name = `reader-${options.topicPrefix}-${database}`;
  const reader = new MysqlReader({
    options,
    name,
    history: state.history,
    note,
    warn: note,
    ...parts,
  });
  const receiver: ChangeReceiver = {
    ...recorder(told, statements, state.history, limit),
    schemaChanged: (change) => {
      onSchema(change);
      return undefined;
    },
  };
  const ended = reader.run(receiver, state.offset, abort.signal).catch((error: unknown) => error);
  const run: ReaderRun = {
    reader,
    told,
    statements,
    notes,
    ended,
    async until(rows) {
      const outcome = { error: undefined as unknown };
      void ended.then((error) => (outcome.error = error));
      await expect
        .poll(() => outcome.error ?? told.length, { message: 'rows told' })
        .toBeGreaterThanOrEqual(rows);
      reader.confirm(reader.offset());
    },
    async stop() {
      abort.abort();
      const error = await ended;
      if (error !== undefined) throw error;
      state.offset = structuredClone(reader.offset());
      await reader[Symbol.asyncDispose]();
      return state.offset;
    },
    async cut() {
      const error = await ended;
      if (!(error instanceof Error) || error.cause !== LIMIT) throw error;
      state.offset = structuredClone(reader.offset());
      await reader[Symbol.asyncDispose]();
      return state.offset;
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await ended;
      await reader[Symbol.asyncDispose]();
    },
  };
  return run;
}

/** Keeps what it is told; rows over the limit fail. */
function recorder(
  told: string[],
  statements: SchemaStatement[],
  history: MemoryHistory,
  limit: number,
): Omit<ChangeReceiver, 'schemaChanged'> {
  return {
    snapshotStarted: () => Promise.resolve(),
    snapshotCompleted: () => Promise.resolve(),
    statement: (statement) => {
      statements.push(statement);
      history.take(statement);
      return undefined;
    },
    row: (change) => {
      if (told.length === limit) throw LIMIT;
      told.push(rowText(change));
    },
    truncate: ({ table }) => told.push(`t ${table.id.table}`),
    message: () => undefined,
    committed: () => undefined,
    settle: () => undefined,
  };
}

function rowText({ op, table, after, before }: RowChange): string {
  const image = after ?? before;
  const values = table.columns.map(({ tupleIndex }) => {
    const value = image?.text(tupleIndex);
    return value === undefined ? 'absent' : (value ?? 'NULL');
  });
  return `${op} ${table.id.table} ${values.join('|')}`;
}
