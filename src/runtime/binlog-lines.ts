import { isUtf8 } from 'node:buffer';
import { BinlogType } from '../../dialects/mysql/binlog-type.ts';
import type { BinlogColumn } from '../../dialects/mysql/binlog-column.ts';
import { formatMariadbGtid } from '../model/mariadb-gtid.ts';
import { GtidSet } from '../model/gtid-set.ts';
import { type RowImage, ValueKind } from '../model/row-image.ts';
import type { BinlogDecoder } from '../source/mysql/binlog/binlog-decoder.ts';
import type { BinlogEvent, GtidEvent } from '../source/mysql/binlog/binlog-event.ts';
import { eventTypeName } from '../source/mysql/binlog/binlog-event-type.ts';
import type { BinlogTable } from '../source/mysql/binlog/binlog-table.ts';

const BINARY_COLLATION = 63;
const TYPE_NAMES = new Map<number, string>(
  Object.entries(BinlogType).map(([name, type]) => [type, name]),
);

/** How a column's text becomes JSON. `guess`: the server did not say whether it is text. */
type Rendering = 'number' | 'json' | 'text' | 'bytes' | 'guess';

interface ShownTable {
  readonly id: string;
  /** `"name":`, as JSON. */
  readonly keys: readonly string[];
  readonly names: readonly string[];
  readonly renderings: readonly Rendering[];
}

/** Events and rows as lines of JSON, for people and programs that look into a binlog. */
export class BinlogLines {
  readonly #decoder: BinlogDecoder;
  readonly #tables = new WeakMap<BinlogTable, ShownTable>();
  /** `"gtid":…,` of the running group. */
  #gtid = '"gtid":null,';
  #second = -1;
  #time = '';

  constructor(decoder: BinlogDecoder) {
    this.#decoder = decoder;
  }

  /** The open event. `inner`: its number in a compressed transaction. */
  event(event: BinlogEvent, inner: number | null): string {
    if (event.kind === 'gtid') this.#gtid = `"gtid":${JSON.stringify(gtidText(event))},`;
    if (event.kind === 'mariadb-gtid') {
      this.#gtid = `"gtid":${JSON.stringify(formatMariadbGtid(event.gtid))},`;
    }
    const details = JSON.stringify(detailsOf(event), plainValue).slice(1, -1);
    const comma = details === '' ? '' : ',';
    return `{${this.#head(inner)}"end":${this.#decoder.endPosition}${comma}${details}}\n`;
  }

  /** The open rows event; null: it has no table, and only ends a statement. */
  rowsEvent(table: BinlogTable | null, inner: number | null): string {
    const { endPosition, tableId } = this.#decoder;
    const name = table === null ? 'null' : JSON.stringify(`${table.schema}.${table.name}`);
    const details = `"end":${endPosition},"table":${name},"tableId":${tableId}`;
    return `{${this.#head(inner)}${details}}\n`;
  }

  /** The row that was read last; `row` is its number in the event. */
  row(table: BinlogTable, row: number, inner: number | null): string {
    const { op, before, after } = this.#decoder;
    const shown = this.#shown(table);
    const binary = new Set<number>();
    const images = [
      op === 'c' ? '' : `,"before":${imageText(shown, before, binary)}`,
      op === 'd' ? '' : `,"after":${imageText(shown, after, binary)}`,
    ];
    if (binary.size > 0) {
      const names = Array.from(binary, (column) => shown.names[column]);
      images.push(`,"base64":${JSON.stringify(names)}`);
    }
    const head = this.#head(inner);
    return `{${head}"row":${row},"table":${shown.id},"op":"${op}"${images.join('')}}\n`;
  }

  #head(inner: number | null): string {
    const { position, timestamp, type } = this.#decoder;
    if (timestamp !== this.#second) {
      this.#second = timestamp;
      this.#time = new Date(timestamp * 1000).toISOString().replace('.000', '');
    }
    const number = inner === null ? '' : `"inner":${inner},`;
    const place = `"position":${position},${number}"timestamp":"${this.#time}"`;
    return `${place},"type":"${eventTypeName(type)}",${this.#gtid}`;
  }

  #shown(table: BinlogTable): ShownTable {
    let shown = this.#tables.get(table);
    if (shown === undefined) {
      const names = table.columns.map((_, column) => table.columnName(column));
      shown = {
        id: JSON.stringify(`${table.schema}.${table.name}`),
        names,
        keys: names.map((name) => `${JSON.stringify(name)}:`),
        renderings: table.columns.map(renderingOf),
      };
      this.#tables.set(table, shown);
    }
    return shown;
  }
}

function gtidText({ gtid }: GtidEvent): string | null {
  if (gtid === null) return null;
  const { uuid, tag, number } = gtid;
  return tag === '' ? `${uuid}:${number}` : `${uuid}:${tag}:${number}`;
}

/** What an event says beyond its header; what is null was not told. */
function detailsOf(event: BinlogEvent): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case 'format-description': {
      const { serverVersion, flavor, checksum } = event;
      return { serverVersion, flavor, checksum };
    }
    case 'query': {
      const { context, schema, sql, threadId, executionSeconds, errorCode, loadFileId } = event;
      return { schema, sql, threadId, executionSeconds, errorCode, loadFileId, ...context };
    }
    case 'table-map': {
      const { tableId, table } = event;
      const columns = table.columns.map((column, i) => ({
        name: table.columnName(i),
        type: TYPE_NAMES.get(column.type) ?? String(column.type),
        meta: column.meta,
        nullable: table.nullable[i],
        unsigned: column.unsigned ? true : null,
        collation: column.collation,
        members: column.members,
      }));
      const primaryKey = table.metadata.primaryKey?.map(({ column }) => table.columnName(column));
      return { table: `${table.schema}.${table.name}`, tableId, columns, primaryKey };
    }
    case 'transaction-payload':
      return { algorithm: event.algorithm, uncompressedBytes: event.uncompressedBytes };
    case 'rotate':
      return { file: event.file, filePosition: event.position };
    case 'heartbeat':
      return { file: event.file };
    case 'gtid-list':
      return { gtids: event.gtids.map(formatMariadbGtid).join(',') };
    case 'gtid':
    case 'mariadb-gtid': {
      const { kind: _kind, gtid: _gtid, ...rest } = event;
      return rest;
    }
    default: {
      const { kind: _kind, ...rest } = event;
      return rest;
    }
  }
}

/** Of numbers those that JSON readers take, else their digits; nothing of what was not told. */
function plainValue(_key: string, value: unknown): unknown {
  if (value === null) return undefined;
  if (value instanceof GtidSet) return value.toString();
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  }
  // A Buffer has turned itself into this.
  if (typeof value === 'object' && 'data' in value && Array.isArray(value.data)) {
    return Buffer.from(value.data as number[]).toString('hex');
  }
  return value;
}

function renderingOf({ type, collation, members }: BinlogColumn): Rendering {
  switch (type) {
    case BinlogType.tiny:
    case BinlogType.short:
    case BinlogType.int24:
    case BinlogType.long:
    case BinlogType.longlong:
    case BinlogType.float:
    case BinlogType.double:
      return 'number';
    case BinlogType.enum:
    case BinlogType.set:
      return members === null ? 'number' : 'text';
    case BinlogType.json:
      return 'json';
    case BinlogType.bit:
    case BinlogType.geometry:
    case BinlogType.vector:
      return 'bytes';
    case BinlogType.string:
    case BinlogType.varchar:
    case BinlogType.varString:
    case BinlogType.compressedVarchar:
    case BinlogType.tinyBlob:
    case BinlogType.mediumBlob:
    case BinlogType.longBlob:
    case BinlogType.blob:
    case BinlogType.compressedBlob:
      if (collation === null) return 'guess';
      return collation === BINARY_COLLATION ? 'bytes' : 'text';
    default:
      return 'text';
  }
}

/** An object of the columns that the image has; what is in base64 is added to `binary`. */
function imageText(table: ShownTable, image: RowImage, binary: Set<number>): string {
  let text = '{';
  for (let i = 0; i < image.count; i++) {
    const kind = image.kinds[i];
    if (kind === ValueKind.absent) continue;
    if (text.length > 1) text += ',';
    text += table.keys[i] as string;
    text += kind === ValueKind.null ? 'null' : valueText(table.renderings[i], image, i, binary);
  }
  return `${text}}`;
}

function valueText(
  rendering: Rendering | undefined,
  image: RowImage,
  column: number,
  binary: Set<number>,
): string {
  const bytes = image.bytes.subarray(image.starts[column], image.ends[column]);
  if (rendering === 'number' || rendering === 'json') return bytes.toString('utf8');
  if (rendering === 'bytes' || (rendering === 'guess' && !isUtf8(bytes))) {
    binary.add(column);
    return `"${bytes.toString('base64')}"`;
  }
  return JSON.stringify(bytes.toString('utf8'));
}
