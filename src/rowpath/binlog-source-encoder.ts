import { compileAvroEncoder } from '../converter/avro-encoder.ts';
import { writeAvroLong, writeAvroSafeLong, writeAvroString } from '../converter/avro-primitives.ts';
import { jsonString, valueJson } from '../converter/json-text.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import { BINLOG_SOURCE_SCHEMAS } from '../envelope/binlog-source-block.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import { floorDiv } from '../foundation/floor-division.ts';
import type { BinlogOrigin, SnapshotMarker } from '../model/change-event.ts';
import type { ConnectField, ConnectValue } from '../model/connect-schema.ts';
import type { TableId } from '../model/table-schema.ts';
import { prepareBytes, writePrepared } from './prepared-bytes.ts';
import type { PreparedBytes } from './prepared-bytes.ts';
import type { WireFormat } from './row-encoder.ts';
import type { SourceEncoder } from './source-encoder.ts';
import { writeInteger } from './text-scan.ts';

/** Of both connectors: their schemas differ by name alone. */
const FIELDS = BINLOG_SOURCE_SCHEMAS.mysql.fields ?? [];

/** Index of a field by its name. */
const AT = Object.fromEntries(FIELDS.map(({ name }, at) => [name, at]));

type FieldName =
  | ('version' | 'connector' | 'name' | 'ts_ms' | 'snapshot' | 'db' | 'sequence' | 'ts_us')
  | ('ts_ns' | 'table' | 'server_id' | 'gtid' | 'file' | 'pos' | 'row' | 'thread' | 'query');

function at(name: FieldName): number {
  return AT[name] as number;
}

/** Writes one field: in JSON with its name and what separates it. */
interface FieldForm {
  any(field: number, value: ConnectValue, out: ByteWriter): void;
  text(field: number, value: string | null, out: ByteWriter): void;
  long(field: number, value: bigint, out: ByteWriter): void;
  /** A whole number below 2^53. */
  number(field: number, value: number | null, out: ByteWriter): void;
  /** Behind the last field. */
  readonly end: PreparedBytes;
}

const NULL = prepareBytes('null');

class JsonForm implements FieldForm {
  readonly end = prepareBytes('}');
  readonly #json: JsonTextOptions;
  readonly #names = FIELDS.map(({ name }, i) =>
    prepareBytes(`${i === 0 ? '{' : ','}${jsonString(name)}:`),
  );

  constructor(json: JsonTextOptions) {
    this.#json = json;
  }

  any(field: number, value: ConnectValue, out: ByteWriter): void {
    writePrepared(out, this.#names[field] as PreparedBytes);
    out.utf8(valueJson((FIELDS[field] as ConnectField).schema, value, this.#json));
  }

  text(field: number, value: string | null, out: ByteWriter): void {
    writePrepared(out, this.#names[field] as PreparedBytes);
    if (value === null) writePrepared(out, NULL);
    else out.utf8(jsonString(value));
  }

  long(field: number, value: bigint, out: ByteWriter): void {
    writePrepared(out, this.#names[field] as PreparedBytes);
    out.ascii(value.toString());
  }

  number(field: number, value: number | null, out: ByteWriter): void {
    writePrepared(out, this.#names[field] as PreparedBytes);
    if (value === null) writePrepared(out, NULL);
    else writeInteger(out, value);
  }
}

/** Optional fields without default are [null, T]: the value is the second branch. */
const BRANCH_NULL = 0;
const BRANCH_VALUE = 2;
const OPTIONAL = FIELDS.map(({ schema }) => schema.optional);

class AvroForm implements FieldForm {
  readonly end = prepareBytes('');
  readonly #encoders: readonly ReturnType<typeof compileAvroEncoder>[];

  constructor({ replaceNullWithDefault }: JsonTextOptions) {
    this.#encoders = FIELDS.map(({ schema }) => compileAvroEncoder(schema, replaceNullWithDefault));
  }

  any(field: number, value: ConnectValue, out: ByteWriter): void {
    this.#encoders[field]?.(out, value);
  }

  text(field: number, value: string | null, out: ByteWriter): void {
    if (this.#hasValue(field, value, out)) writeAvroString(out, value as string);
  }

  long(field: number, value: bigint, out: ByteWriter): void {
    if (this.#hasValue(field, value, out)) writeAvroLong(out, value);
  }

  number(field: number, value: number | null, out: ByteWriter): void {
    if (this.#hasValue(field, value, out)) writeAvroSafeLong(out, value as number);
  }

  #hasValue(field: number, value: string | bigint | number | null, out: ByteWriter): boolean {
    if (OPTIONAL[field] !== true) return true;
    out.u8(value === null ? BRANCH_NULL : BRANCH_VALUE);
    return value !== null;
  }
}

/** Above this length one call into the engine's own copy is faster. */
const BY_WORDS_MAX = 160;

/** Bytes that are made anew with each transaction, in the same memory. */
class TransactionBytes {
  readonly bytes = new ByteWriter(256);

  write(out: ByteWriter): void {
    const length = this.bytes.position;
    if (length > BY_WORDS_MAX) {
      out.range(this.bytes.bytes, 0, length);
      return;
    }
    // Up to three bytes past them are copied too: not yet used ones, on both sides.
    out.reserve(BY_WORDS_MAX);
    const from = this.bytes.view;
    const to = out.view;
    const start = out.position;
    for (let i = 0; i < length; i += 4) to.setInt32(start + i, from.getInt32(i, true), true);
    out.position = start + length;
  }
}

/**
 * What all changes of a transaction have in their source blocks, for all tables of a source: of
 * what moves with the rows of one event only `pos` and `row` are not in it.
 */
class TransactionParts {
  readonly form: FieldForm;
  /** Up to `snapshot`, `ts_us` and `ts_ns`, `server_id` to `file`, behind `row`. */
  readonly head = new TransactionBytes();
  readonly times = new TransactionBytes();
  readonly place = new TransactionBytes();
  readonly end = new TransactionBytes();
  readonly #constant: PreparedBytes;
  readonly #leavesDefaults: boolean;
  #gtid: string | null = null;
  #file: string | null = null;
  #query: string | null = null;
  #thread: number | null = null;
  #serverId = 0;
  #sourceMicros = 0n;
  #snapshot: SnapshotMarker = 'false';

  constructor(form: FieldForm, options: EnvelopeOptions) {
    this.form = form;
    this.#leavesDefaults = options.leavesDefaults === true;
    const constant = new ByteWriter(256);
    form.text(at('version'), options.version, constant);
    form.text(at('connector'), options.connector, constant);
    form.text(at('name'), options.topicPrefix, constant);
    this.#constant = prepareBytes(constant.written());
  }

  /** Nothing is done while the rows are of one statement and of one time. */
  follow(origin: BinlogOrigin): void {
    if (
      this.#gtid === origin.gtid &&
      this.#file === origin.file &&
      this.#sourceMicros === origin.sourceMicros &&
      this.#serverId === origin.serverId &&
      this.#snapshot === origin.snapshot &&
      this.#thread === origin.thread &&
      this.#query === origin.query
    ) {
      return;
    }
    this.#gtid = origin.gtid;
    this.#file = origin.file;
    this.#sourceMicros = origin.sourceMicros;
    this.#serverId = origin.serverId;
    this.#snapshot = origin.snapshot;
    this.#thread = origin.thread;
    this.#query = origin.query;
    this.#prepare(origin);
  }

  #prepare({ sourceMicros, snapshot, serverId, gtid, file, thread, query }: BinlogOrigin): void {
    const { form } = this;
    const head = cleared(this.head);
    writePrepared(head, this.#constant);
    form.long(at('ts_ms'), floorDiv(sourceMicros, 1000n), head);
    const marker = this.#leavesDefaults && snapshot === 'false' ? null : snapshot;
    form.any(at('snapshot'), marker, head);
    const times = cleared(this.times);
    form.long(at('ts_us'), sourceMicros, times);
    form.long(at('ts_ns'), sourceMicros * 1000n, times);
    const place = cleared(this.place);
    form.number(at('server_id'), serverId, place);
    form.text(at('gtid'), gtid, place);
    form.text(at('file'), file, place);
    const end = cleared(this.end);
    form.number(at('thread'), thread, end);
    form.text(at('query'), query, end);
    writePrepared(end, form.end);
  }
}

function cleared({ bytes }: TransactionBytes): ByteWriter {
  bytes.clear();
  return bytes;
}

/** The tables of a source share its transactions; a source has one object of options. */
const partsOfSources = new WeakMap<EnvelopeOptions, Map<string, TransactionParts>>();

function partsOf(
  options: EnvelopeOptions,
  wire: WireFormat,
  json: JsonTextOptions,
): TransactionParts {
  let ofSource = partsOfSources.get(options);
  if (ofSource === undefined) {
    ofSource = new Map();
    partsOfSources.set(options, ofSource);
  }
  const key = `${wire} ${json.replaceNullWithDefault}`;
  let parts = ofSource.get(key);
  if (parts === undefined) {
    parts = new TransactionParts(
      wire === 'json' ? new JsonForm(json) : new AvroForm(json),
      options,
    );
    ofSource.set(key, parts);
  }
  return parts;
}

/** The source block of MySQL and MariaDB, in JSON and in Avro. */
export class BinlogSource implements SourceEncoder<BinlogOrigin> {
  readonly #parts: TransactionParts;
  readonly #form: FieldForm;
  /** `db` and `sequence`. */
  readonly #database: PreparedBytes;
  readonly #table: PreparedBytes;

  constructor(
    { schema, table }: TableId,
    options: EnvelopeOptions,
    wire: WireFormat,
    json: JsonTextOptions,
  ) {
    this.#parts = partsOf(options, wire, json);
    const { form } = this.#parts;
    this.#form = form;
    const scratch = new ByteWriter(256);
    form.text(at('db'), schema, scratch);
    form.text(at('sequence'), null, scratch);
    this.#database = prepareBytes(scratch.written());
    scratch.clear();
    form.text(at('table'), table, scratch);
    this.#table = prepareBytes(scratch.written());
  }

  write(origin: BinlogOrigin, out: ByteWriter): void {
    const parts = this.#parts;
    parts.follow(origin);
    parts.head.write(out);
    writePrepared(out, this.#database);
    parts.times.write(out);
    writePrepared(out, this.#table);
    parts.place.write(out);
    this.#form.number(POS, origin.pos, out);
    this.#form.number(ROW, origin.row, out);
    parts.end.write(out);
  }
}

const POS = at('pos');
const ROW = at('row');
