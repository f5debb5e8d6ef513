import {
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBAppender,
  type DuckDBDateValue,
  type DuckDBTimestampTZValue,
  type DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { ProcessUsage } from './process-usage.ts';

/**
 * DuckDB's own appender: takes the rows of a table into memory as the values that it appends, and
 * measures how it writes them into a table like it, in one transaction, until they are in the file.
 * The figures come as JSON. It is what no program that has its rows as JavaScript's values beats.
 *
 * Usage: duckdb-appender-process.ts <file> <table> <new file> <values|chunks>
 */
const CHUNK_ROWS = 2048;

const [from = '', table = '', to = '', kind = 'values'] = process.argv.slice(2);

interface Read {
  readonly chunks: readonly (readonly (readonly DuckDBValue[])[])[];
  readonly types: readonly DuckDBType[];
  readonly ddl: string;
}

async function read(): Promise<Read> {
  const instance = await DuckDBInstance.create(from);
  const connection = await instance.connect();
  const created = await connection.runAndReadAll(
    `SELECT sql FROM duckdb_tables() WHERE table_name = '${table}'`,
  );
  const [[ddl] = []] = created.getRowsJson() as [string][];
  const all = await connection.runAndReadAll(`SELECT * FROM ${table} ORDER BY id`);
  const rows = all.getRows();
  const chunks: (readonly DuckDBValue[])[][] = [];
  for (let i = 0; i < rows.length; i += CHUNK_ROWS) chunks.push(rows.slice(i, i + CHUNK_ROWS));
  const types = all.columnTypes();
  connection.disconnectSync();
  instance.closeSync();
  return { chunks, types, ddl: ddl ?? '' };
}

type Append = (appender: DuckDBAppender, value: DuckDBValue) => void;

/** The calls that the appender has for these types: none has to look for what a value is. */
const APPEND: Readonly<Record<string, Append>> = {
  BIGINT: (appender, value) => {
    appender.appendBigInt(value as bigint);
  },
  INTEGER: (appender, value) => {
    appender.appendInteger(value as number);
  },
  DOUBLE: (appender, value) => {
    appender.appendDouble(value as number);
  },
  BOOLEAN: (appender, value) => {
    appender.appendBoolean(value as boolean);
  },
  VARCHAR: appendText,
  JSON: appendText,
  TIMESTAMP: (appender, value) => {
    appender.appendTimestamp(value as DuckDBTimestampValue);
  },
  'TIMESTAMP WITH TIME ZONE': (appender, value) => {
    appender.appendTimestampTZ(value as DuckDBTimestampTZValue);
  },
  DATE: (appender, value) => {
    appender.appendDate(value as DuckDBDateValue);
  },
};

function appendText(appender: DuckDBAppender, value: DuckDBValue): void {
  appender.appendVarchar(value as string);
}

function appendOf(type: DuckDBType): Append {
  return (
    APPEND[String(type)] ??
    ((appender, value) => {
      appender.appendValue(value, type);
    })
  );
}

function appendValues(
  appender: DuckDBAppender,
  types: readonly DuckDBType[],
  chunks: Read['chunks'],
): void {
  const calls = types.map(appendOf);
  for (const rows of chunks) {
    for (const row of rows) {
      for (let i = 0; i < calls.length; i++) {
        const value = row[i] ?? null;
        if (value === null) appender.appendNull();
        else calls[i]?.(appender, value);
      }
      appender.endRow();
    }
  }
}

function appendChunks(
  appender: DuckDBAppender,
  types: readonly DuckDBType[],
  chunks: Read['chunks'],
): void {
  for (const rows of chunks) {
    const chunk = DuckDBDataChunk.create(types);
    chunk.setRows(rows);
    appender.appendDataChunk(chunk);
  }
}

const { chunks, types, ddl } = await read();
const instance = await DuckDBInstance.create(to, { threads: '2' });
const connection = await instance.connect();
await connection.run(ddl);
const usage = new ProcessUsage(process.pid);
usage.resetPeak();
const cpu = process.cpuUsage();
const startMs = performance.now();
const appender = await connection.createAppender(table);
(kind === 'values' ? appendValues : appendChunks)(appender, types, chunks);
appender.closeSync();
const seconds = (performance.now() - startMs) / 1000;
const { user, system } = process.cpuUsage(cpu);
const rows = chunks.reduce((sum, part) => sum + part.length, 0);
connection.disconnectSync();
instance.closeSync();
process.stdout.write(
  JSON.stringify({
    startSeconds: 0,
    rowsPerSecond: rows / seconds,
    cpuMicrosPerRow: (user + system) / rows,
    peakMb: usage.peakMb(),
  }),
);
