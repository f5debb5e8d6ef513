import { readFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { BinlogDecoder } from '../../src/source/mysql/binlog/binlog-decoder.ts';
import type { BinlogEvent } from '../../src/source/mysql/binlog/binlog-event.ts';
import { EventSplitter } from '../../src/source/mysql/binlog/event-splitter.ts';
import { rowsKind } from '../../src/source/mysql/binlog/rows-kind.ts';
import { smallPayload } from '../../src/source/mysql/binlog/transaction-payload.ts';

const FOLDER = path.join(import.meta.dirname, '..', 'golden', 'binlog');

/**
 * Binlogs that were recorded on 2026-11-22: a server of that version, with binlog_row_metadata=FULL
 * and (MySQL) rows queries and GTIDs on, ran the statements of the .sql file beside it.
 */
export type RecordedBinlog = 'mysql-9.7' | 'mariadb-10.11';

export function recordedBinlog(name: RecordedBinlog): Buffer {
  return readFileSync(path.join(FOLDER, `${name}.binlog`));
}

/** The events of a file, without its magic bytes. */
export function eventsOf(file: Buffer): readonly Buffer[] {
  const events: Buffer[] = [];
  for (let at = 4; at < file.length;) {
    const end = at + file.readUInt32LE(at + 9);
    events.push(file.subarray(at, end));
    at = end;
  }
  return events;
}

/** Bytes of hexadecimal digits; spaces separate what belongs together. */
export function hexBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

export interface EventParts {
  readonly type: number;
  readonly body: Buffer;
  readonly flags?: number;
  readonly logPosition?: number;
  readonly serverId?: number;
  readonly timestamp?: number;
  readonly checksum?: boolean;
}

/** An event as a server would write it. */
export function eventBytes(parts: EventParts): Buffer {
  const { type, body, flags = 0, logPosition = 0, serverId = 1, checksum = false } = parts;
  const header = Buffer.alloc(19);
  header.writeUInt32LE(parts.timestamp ?? 0, 0);
  header[4] = type;
  header.writeUInt32LE(serverId, 5);
  header.writeUInt32LE(19 + body.length + (checksum ? 4 : 0), 9);
  header.writeUInt32LE(logPosition, 13);
  header.writeUInt16LE(flags, 17);
  const content = Buffer.concat([header, body]);
  if (!checksum) return content;
  const trailer = Buffer.alloc(4);
  trailer.writeUInt32LE(crc32(content));
  return Buffer.concat([content, trailer]);
}

/** The head of a file without checksums. */
export function formatEvent(serverVersion = '8.0.36', algorithm = 0): Buffer {
  const body = Buffer.alloc(57 + 41 + 5);
  body.writeUInt16LE(4, 0);
  body.write(serverVersion, 2);
  body[56] = 19;
  // Fixed parts of TABLE_MAP and of rows: an id of six bytes.
  for (const [type, length] of [
    [2, 13],
    [19, 8],
    [23, 8],
    [24, 8],
    [25, 8],
    [30, 10],
    [31, 10],
    [32, 10],
  ] as const) {
    body[56 + type] = length;
  }
  body[98] = algorithm;
  if (algorithm === 0) return eventBytes({ type: 15, body, logPosition: 4 + 19 + body.length });
  const content = body.subarray(0, body.length - 4);
  const logPosition = 4 + 19 + body.length;
  return eventBytes({ type: 15, body: content, logPosition, checksum: true });
}

export type DecodedEvent =
  | BinlogEvent
  | {
      readonly kind: 'rows';
      readonly op: string;
      readonly table: string | null;
      /** Old and new texts; undefined is absent. */
      readonly rows: readonly (readonly (readonly (string | null | undefined)[])[])[];
    };

/** Everything the decoder makes of the event that is open. */
export function decodeOpen(decoder: BinlogDecoder): DecodedEvent[] {
  if (rowsKind(decoder.type) === undefined) {
    const event = decoder.event();
    if (event.kind !== 'transaction-payload') return [event];
    const inner = new EventSplitter();
    inner.push(smallPayload(event) ?? Buffer.alloc(0));
    const all: DecodedEvent[] = [event];
    while (inner.next()) {
      decoder.openInner(inner.bytes, inner.start, inner.end);
      all.push(...decodeOpen(decoder));
    }
    return all;
  }
  const table = decoder.openRows();
  const rows: (string | null | undefined)[][][] = [];
  if (table === null) return [{ kind: 'rows', op: decoder.op, table: null, rows }];
  while (decoder.nextRow()) {
    const images = [];
    if (decoder.op !== 'c') images.push(table.columns.map((_, i) => decoder.before.text(i)));
    if (decoder.op !== 'd') images.push(table.columns.map((_, i) => decoder.after.text(i)));
    rows.push(images);
  }
  return [{ kind: 'rows', op: decoder.op, table: table.name, rows }];
}

/** Decodes the events of a file; each lies in the middle of other bytes. */
export function decodeAll(
  events: readonly Buffer[],
  decoder: BinlogDecoder = new BinlogDecoder(),
): DecodedEvent[] {
  return events.flatMap((event) => {
    const buffer = Buffer.concat([Buffer.alloc(5, 0xff), event, Buffer.alloc(32, 0xff)]);
    decoder.open(buffer, 5, 5 + event.length);
    return decodeOpen(decoder);
  });
}
