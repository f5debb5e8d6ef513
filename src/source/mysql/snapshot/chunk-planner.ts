import { must } from '../../../foundation/assert.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import type { OrderedKey } from './key-range.ts';
import { beyondKey, keyOrder, keySelectList, orderedKey, upToKey } from './key-range.ts';
import type { KeyChunk } from './mysql-snapshot-ledger.ts';
import { quotedTable, selectList } from './mysql-select-list.ts';
import type { TableToRead } from './mysql-select-override.ts';
import { overrideQuery } from './mysql-select-override.ts';
import { quotedName } from '../capture/server-tables.ts';

interface PlannedTable extends TableToRead {
  /** Null: it is read in one piece. */
  readonly key: OrderedKey | null;
  chunks: number;
  from: readonly string[] | null;
  /** The chunk with its end has been taken. */
  isPlanned: boolean;
  /** While a connection looks for the end of a chunk. */
  looking: Promise<void> | null;
}

/**
 * Cuts tables into chunks while they are read: whoever takes a chunk asks the server for the key at
 * its end, so that the server's own order decides (PITFALLS B118), and others take theirs behind
 * it. Tables are begun in their order.
 */
export class ChunkPlanner {
  readonly #tables: readonly PlannedTable[];
  readonly #chunkRows: number;
  readonly #another: (table: number) => void;

  /** `another`: of the table with this index one more chunk will come. */
  constructor(tables: readonly TableToRead[], chunkRows: number, another: (table: number) => void) {
    this.#tables = tables.map((table) => ({
      ...table,
      key: table.statement === null ? orderedKey(table.definition) : null,
      chunks: 0,
      from: null,
      isPlanned: false,
      looking: null,
    }));
    this.#chunkRows = chunkRows;
    this.#another = another;
  }

  /** Null: all have been taken. */
  async next(querier: MysqlQuerier, signal: AbortSignal): Promise<KeyChunk | null> {
    for (;;) {
      const open = this.#tables.filter(({ isPlanned }) => !isPlanned);
      const free = open.find(({ looking }) => looking === null);
      if (free !== undefined) return await this.#take(free, querier, signal);
      const [first] = open;
      if (first === undefined) return null;
      // Whoever looks finds an end or fails; then there may be another chunk.
      await first.looking;
    }
  }

  async #take(table: PlannedTable, querier: MysqlQuerier, signal: AbortSignal): Promise<KeyChunk> {
    const index = this.#tables.indexOf(table);
    const { from } = table;
    if (table.key === null) return this.#chunk(table, index, from, null);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    table.looking = promise;
    try {
      const sql = endQuery(table, table.key, from, this.#chunkRows);
      const [row] = (await querier.query(sql, signal).catch(failedAt(index))).rows;
      const to = row?.map((value) => must(value, 'a key without a null')) ?? null;
      return this.#chunk(table, index, from, to);
    } finally {
      table.looking = null;
      resolve(undefined);
    }
  }

  #chunk(table: PlannedTable, index: number, from: KeyChunk['from'], to: KeyChunk['to']): KeyChunk {
    table.from = to;
    if (to === null || table.isPlanned) table.isPlanned = true;
    else this.#another(index);
    return { table: index, number: table.chunks++, from, to };
  }

  /** No further chunk of the table is to be read. */
  giveUp(table: number): void {
    must(this.#tables[table], 'a table that is read').isPlanned = true;
  }

  /** The SELECT of a chunk. */
  query({ table, from, to }: KeyChunk): string {
    const planned = must(this.#tables[table], 'a table that is read');
    const { definition, schema, statement, key } = planned;
    if (statement !== null) return overrideQuery(planned, statement);
    const conditions: string[] = [];
    if (key !== null && from !== null) conditions.push(beyondKey(key, from));
    if (key !== null && to !== null) conditions.push(upToKey(key, to));
    const list = selectList(definition, schema);
    const from_ = quotedTable(definition);
    if (key === null || conditions.length === 0) return `SELECT ${list} FROM ${from_}`;
    return `SELECT ${list} FROM ${from_} ${forced(key)} WHERE ${conditions.join(' AND ')}`;
  }
}

/** The end of a chunk of the table with this index cannot be found. */
export class ChunkEndError extends Error {
  readonly table: number;

  constructor(table: number, cause: unknown) {
    super('the end of a chunk', { cause });
    this.table = table;
  }
}

function failedAt(table: number): (cause: unknown) => never {
  return (cause) => {
    throw new ChunkEndError(table, cause);
  };
}

/** The key of the row at the end of a chunk; no row: there are fewer. */
function endQuery(
  { definition }: PlannedTable,
  key: OrderedKey,
  from: readonly string[] | null,
  rows: number,
): string {
  const where = from === null ? '' : ` WHERE ${beyondKey(key, from)}`;
  return (
    `SELECT ${keySelectList(key)} FROM ${quotedTable(definition)} ${forced(key)}${where} ` +
    `ORDER BY ${keyOrder(key)} LIMIT ${rows - 1}, 1`
  );
}

/** Estimates that are wrong would have the server read the whole table for every chunk. */
function forced({ name }: OrderedKey): string {
  return `FORCE INDEX (${quotedName(name)})`;
}
