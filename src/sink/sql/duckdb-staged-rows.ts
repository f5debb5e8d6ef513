import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { ColumnValues, StagedRows } from '../../../dialects/dialect.ts';
import type { TypedCell, TypedColumn } from '../../../dialects/typed-cells.ts';
import { must } from '../../foundation/assert.ts';
import type { DuckdbLibrary, PlainReader } from './duckdb-plain-values.ts';
import { plainReader } from './duckdb-plain-values.ts';

/** Rows of a vector, which DuckDB has fixed. */
const CHUNK_ROWS = 2048;

interface StagedColumn {
  readonly ddl: string;
  readonly type: DuckDBType;
  /** By vector. */
  readonly values: readonly (readonly DuckDBValue[])[];
}

/**
 * Puts rows into a temporary table: vector by vector, as values of the column's type where all of
 * its cells are in the usual form, otherwise as texts, which the statement casts. What is made by a
 * transaction that is rolled back goes with it, so the table is made anew each time.
 */
export class DuckdbStagedRows {
  readonly #connection: DuckDBConnection;
  readonly #library: DuckdbLibrary;
  readonly #readers = new Map<string, PlainReader | null>();

  constructor(connection: DuckDBConnection, library: DuckdbLibrary) {
    this.#connection = connection;
    this.#library = library;
  }

  async put({ table, types, columns }: StagedRows): Promise<void> {
    const staged = columns.map((cells, i) => this.#column(cells, this.#reader(types[i] ?? '')));
    const definition = staged.map(({ ddl }, i) => `k${i} ${ddl}`).join(', ');
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${table} (${definition})`);
    const [catalog = '', schema = '', name = ''] = table.split('.');
    const appender = await this.#connection.createAppender(name, schema, catalog);
    try {
      const rows = columns[0]?.length ?? 0;
      for (let from = 0; from < rows; from += CHUNK_ROWS) {
        const to = Math.min(from + CHUNK_ROWS, rows);
        const { DuckDBDataChunk: Chunk } = this.#library;
        const chunk = Chunk.create(
          staged.map(({ type }) => type),
          to - from,
        );
        staged.forEach(({ values }, i) => {
          chunk.setColumnValues(i, values[from / CHUNK_ROWS] ?? []);
        });
        appender.appendDataChunk(chunk);
      }
    } finally {
      appender.closeSync();
    }
  }

  #reader(type: string): PlainReader | null {
    let reader = this.#readers.get(type);
    if (reader === undefined) {
      reader = plainReader(type, this.#library);
      this.#readers.set(type, reader);
    }
    return reader;
  }

  #column(cells: ColumnValues | TypedColumn, reader: PlainReader | null): StagedColumn {
    if ('typed' in cells) {
      const { ddl, type, of } = must(
        reader,
        'values without a text are of a type that has a reader',
      );
      return { ddl, type, values: typedVectors(cells, of) };
    }
    if (reader !== null) {
      const values = vectorsOf(cells, reader.read);
      if (values !== null) return { ddl: reader.ddl, type: reader.type, values };
    }
    const values: ColumnValues[] = [];
    for (let from = 0; from < cells.length; from += CHUNK_ROWS) {
      values.push(cells.slice(from, from + CHUNK_ROWS));
    }
    return { ddl: 'VARCHAR', type: this.#library.VARCHAR, values };
  }
}

function typedVectors({ typed }: TypedColumn, of: PlainReader['of']): DuckDBValue[][] {
  const vectors: DuckDBValue[][] = [];
  for (let from = 0; from < typed.length; from += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, typed.length - from);
    const values: DuckDBValue[] = [];
    values.length = count;
    for (let i = 0; i < count; i++) {
      const cell = typed[from + i] as TypedCell | null;
      values[i] = cell === null ? null : of(cell);
    }
    vectors.push(values);
  }
  return vectors;
}

/** Null: a cell has another form than the usual one. */
function vectorsOf(cells: ColumnValues, read: PlainReader['read']): DuckDBValue[][] | null {
  const vectors: DuckDBValue[][] = [];
  for (let from = 0; from < cells.length; from += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, cells.length - from);
    const values: DuckDBValue[] = [];
    values.length = count;
    for (let i = 0; i < count; i++) {
      const cell = cells[from + i] as string | null;
      const value = cell === null ? null : read(cell);
      if (value === undefined) return null;
      values[i] = value;
    }
    vectors.push(values);
  }
  return vectors;
}
