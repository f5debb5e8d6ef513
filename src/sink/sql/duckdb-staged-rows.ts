import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { ColumnValues, StagedRows } from '../../../dialects/dialect.ts';
import type { DuckdbLibrary, PlainReader } from './duckdb-plain-values.ts';
import { plainReader } from './duckdb-plain-values.ts';

/** Rows of a vector, which DuckDB has fixed. */
const CHUNK_ROWS = 2048;

interface StagedColumn {
  readonly ddl: string;
  readonly type: DuckDBType;
  readonly values: readonly DuckDBValue[];
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
          chunk.setColumnValues(i, values.slice(from, to));
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

  #column(cells: ColumnValues, reader: PlainReader | null): StagedColumn {
    const texts = { ddl: 'VARCHAR', type: this.#library.VARCHAR, values: cells };
    if (reader === null) return texts;
    const values: DuckDBValue[] = [];
    for (const cell of cells) {
      const value = cell === null ? null : reader.read(cell);
      if (value === undefined) return texts;
      values.push(value);
    }
    return { ddl: reader.ddl, type: reader.type, values };
  }
}
