import { ByteReader } from '../../../foundation/byte-reader.ts';
import type { QueryContext, QueryEvent } from './binlog-event.ts';
import { collationText } from './collation-text.ts';
import { inflated } from './mariadb-compression.ts';

/** Which status variable follows; each has a form of its own, so an unknown one hides the rest. */
const Status = {
  flags: 0,
  sqlMode: 1,
  catalogWithNul: 2,
  autoIncrement: 3,
  charset: 4,
  timeZone: 5,
  catalog: 6,
  timeNames: 7,
  databaseCollation: 8,
  tableMapForUpdate: 9,
  dataWritten: 10,
  invoker: 11,
  databases: 12,
  microseconds: 13,
  explicitTimestampDefaults: 16,
  ddlXid: 17,
  utf8mb4Collation: 18,
  requirePrimaryKey: 19,
  tableEncryption: 20,
  mariadbMicroseconds: 128,
  mariadbXid: 129,
  mariadbGtidFlags: 130,
  mariadbCollations: 131,
} as const;

const NOT_AUTOCOMMIT = 1 << 19;
/** Stands for a count: too many databases to list. */
const TOO_MANY_DATABASES = 254;
/** With these of MariaDB's extra flags the number of the START ALTER follows (B108). */
const ENDS_ALTER = 4 | 8;

type Context = { -readonly [K in keyof QueryContext]: QueryContext[K] };

/** Thread, times, schema, status variables and the text of a QUERY event. */
export function readQuery(
  reader: ByteReader,
  postHeaderLength: number,
  form: { readonly compressed: boolean; readonly load: boolean },
): QueryEvent {
  const start = reader.position;
  const threadId = reader.u32le();
  const executionSeconds = reader.u32le();
  const schemaLength = reader.u8();
  const errorCode = reader.u16le();
  const statusLength = reader.u16le();
  const loadFileId = form.load ? reader.u32le() : null;
  // Newer servers may make the fixed part longer.
  reader.skip(Math.max(postHeaderLength - (reader.position - start), 0));
  const status = reader.skip(statusLength);
  const context = readContext(new ByteReader(reader.bytes, status, status + statusLength));
  const schema = reader.take(schemaLength).toString('utf8');
  if (reader.u8() !== 0) reader.fail('no end of the schema name');
  const rest = reader.take(reader.remaining);
  const text = form.compressed ? inflated(rest) : rest;
  const sql = collationText(text, context.clientCollation);
  return {
    kind: 'query',
    threadId,
    executionSeconds,
    errorCode,
    schema,
    context,
    sql,
    loadFileId,
  };
}

function readContext(reader: ByteReader): QueryContext {
  const context: Context = {
    sqlMode: null,
    autocommit: null,
    clientCollation: null,
    connectionCollation: null,
    serverCollation: null,
    databaseCollation: null,
    utf8mb4Collation: null,
    timeZone: null,
    microseconds: 0,
    ddlXid: null,
    databases: null,
    alterFlags: 0,
  };
  while (reader.remaining > 0) {
    const variable = reader.u8();
    if (!readSession(variable, reader, context) && !readStatement(variable, reader, context)) break;
  }
  return context;
}

/** Settings of the session. False: another variable. */
function readSession(variable: number, reader: ByteReader, context: Context): boolean {
  switch (variable) {
    case Status.flags:
      context.autocommit = (reader.u32le() & NOT_AUTOCOMMIT) === 0;
      return true;
    case Status.sqlMode:
      context.sqlMode = reader.u64le();
      return true;
    case Status.charset:
      context.clientCollation = reader.u16le();
      context.connectionCollation = reader.u16le();
      context.serverCollation = reader.u16le();
      return true;
    case Status.timeZone:
      context.timeZone = reader.take(reader.u8()).toString('utf8');
      return true;
    case Status.databaseCollation:
      context.databaseCollation = reader.u16le();
      return true;
    case Status.utf8mb4Collation:
      context.utf8mb4Collation = reader.u16le();
      return true;
    case Status.microseconds:
    case Status.mariadbMicroseconds:
      context.microseconds = reader.u24le();
      return true;
    default:
      return false;
  }
}

/** What belongs to this statement, and what nobody asks for. False: an unknown variable. */
function readStatement(variable: number, reader: ByteReader, context: Context): boolean {
  switch (variable) {
    case Status.databases:
      context.databases = readDatabases(reader);
      return true;
    case Status.ddlXid:
    case Status.mariadbXid:
      context.ddlXid = reader.u64le();
      return true;
    case Status.mariadbGtidFlags:
      context.alterFlags = reader.u8();
      if ((context.alterFlags & ENDS_ALTER) !== 0) reader.skip(8);
      return true;
    case Status.catalogWithNul:
      reader.skip(reader.u8() + 1);
      return true;
    case Status.catalog:
      reader.skip(reader.u8());
      return true;
    case Status.invoker:
      reader.skip(reader.u8());
      reader.skip(reader.u8());
      return true;
    case Status.mariadbCollations:
      reader.skip(reader.u8() * 4);
      return true;
    case Status.tableMapForUpdate:
      reader.skip(8);
      return true;
    case Status.autoIncrement:
    case Status.dataWritten:
      reader.skip(4);
      return true;
    case Status.timeNames:
      reader.skip(2);
      return true;
    case Status.explicitTimestampDefaults:
    case Status.requirePrimaryKey:
    case Status.tableEncryption:
      reader.skip(1);
      return true;
    default:
      return false;
  }
}

function readDatabases(reader: ByteReader): readonly string[] | null {
  const count = reader.u8();
  if (count === TOO_MANY_DATABASES) return null;
  return Array.from({ length: count }, () => reader.cstring());
}
