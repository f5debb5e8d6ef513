import type { ByteReader } from '../../../foundation/byte-reader.ts';
import type { ServerErrorFields } from '../postgres-errors.ts';

/** Type bytes of the messages that a server sends and we read (PostgreSQL 15 to 18). */
export const ServerMessage = {
  commandComplete: 0x43, // C
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyBoth: 0x57, // W
  copyIn: 0x47, // G
  copyOut: 0x48, // H
  dataRow: 0x44, // D
  emptyQuery: 0x49, // I
  error: 0x45, // E
  notice: 0x4e, // N
  notification: 0x41, // A
  parameterStatus: 0x53, // S
  readyForQuery: 0x5a, // Z
  rowDescription: 0x54, // T
} as const;

function frame(type: string, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(5 + body.length);
  bytes.writeUInt8(type.charCodeAt(0), 0);
  bytes.writeUInt32BE(4 + body.length, 1);
  body.copy(bytes, 5);
  return bytes;
}

/** A simple Query. */
export function queryFrame(sql: string): Buffer {
  return frame('Q', Buffer.from(`${sql}\0`));
}

/** CopyData around a payload. */
export function copyDataFrame(payload: Buffer): Buffer {
  return frame('d', payload);
}

/** The end of what we copy. */
export function copyDoneFrame(): Buffer {
  return frame('c', Buffer.alloc(0));
}

/** Goodbye. */
export function terminateFrame(): Buffer {
  return frame('X', Buffer.alloc(0));
}

/** Body of an ErrorResponse or NoticeResponse. */
export function readServerError(reader: ByteReader): ServerErrorFields {
  const fields = new Map<string, string>();
  for (let kind = reader.u8(); kind !== 0; kind = reader.u8()) {
    fields.set(String.fromCharCode(kind), reader.cstring());
  }
  return {
    code: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? 'no message',
    detail: fields.get('D'),
    hint: fields.get('H'),
  };
}

/** Column names of a RowDescription. */
export function readColumnNames(reader: ByteReader): readonly string[] {
  const names: string[] = [];
  for (let count = reader.u16be(); count > 0; count--) {
    names.push(reader.cstring());
    reader.skip(18);
  }
  return names;
}

/** Values of a DataRow in text format. */
export function readDataRow(reader: ByteReader): readonly (string | null)[] {
  const values: (string | null)[] = [];
  for (let count = reader.u16be(); count > 0; count--) {
    const length = reader.i32be();
    values.push(length < 0 ? null : reader.take(length).toString('utf8'));
  }
  return values;
}
