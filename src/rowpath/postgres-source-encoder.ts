import { compileAvroEncoder } from '../converter/avro-encoder.ts';
import { writeAvroLong, writeAvroSafeLong } from '../converter/avro-primitives.ts';
import { jsonString, valueJson } from '../converter/json-text.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import {
  hidesLsn,
  POSTGRES_SOURCE_SCHEMA,
  postgresSource,
} from '../envelope/postgres-source-block.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import type { PostgresOrigin } from '../model/change-event.ts';
import type { ConnectField, ConnectValue } from '../model/connect-schema.ts';
import type { TableId } from '../model/table-schema.ts';
import { prepareBytes, writePrepared } from './prepared-bytes.ts';
import type { PreparedBytes } from './prepared-bytes.ts';
import type { SourceEncoder } from './source-encoder.ts';
import { writeInteger } from './text-scan.ts';

const NOTHING = prepareBytes('');
const NULL = prepareBytes('null');
const FIELDS = POSTGRES_SOURCE_SCHEMA.fields ?? [];
const SEQUENCE = FIELDS.findIndex((field) => field.name === 'sequence');
const LSN = FIELDS.findIndex((field) => field.name === 'lsn');

/*
 * Within a transaction only `lsn` moves, and with it the end of `sequence`: what stands before,
 * between and after is kept as bytes until the transaction ends, in JSON by all tables together.
 */

/** What of an origin is the same for all changes of a transaction (or of a snapshot's table). */
class TransactionCache {
  #commitLsn: bigint | null = null;
  #previousCommitLsn: bigint | null = null;
  #sourceMicros = 0n;
  #transactionId: number | null = null;
  #snapshot = '';

  /** Remembers the origin; true when the bytes have to be made anew. */
  moved(origin: PostgresOrigin): boolean {
    if (
      this.#commitLsn === origin.commitLsn &&
      this.#snapshot === origin.snapshot &&
      this.#transactionId === origin.transactionId &&
      this.#sourceMicros === origin.sourceMicros &&
      this.#previousCommitLsn === origin.previousCommitLsn
    ) {
      return false;
    }
    this.#commitLsn = origin.commitLsn;
    this.#previousCommitLsn = origin.previousCommitLsn;
    this.#sourceMicros = origin.sourceMicros;
    this.#transactionId = origin.transactionId;
    this.#snapshot = origin.snapshot;
    return true;
  }
}

function writeLsn(lsn: bigint, out: ByteWriter): void {
  const value = Number(lsn);
  // Above, a double does not hold every position (PITFALLS P15).
  if (value <= Number.MAX_SAFE_INTEGER) writeInteger(out, value);
  else out.ascii(lsn.toString());
}

/** The source block in JSON. What tells the table stands between what tells the transaction. */
export class PostgresJsonSource implements SourceEncoder<PostgresOrigin> {
  readonly #table: TableId;
  readonly #options: EnvelopeOptions;
  readonly #json: JsonTextOptions;
  readonly #cache = new TransactionCache();
  readonly #own: PreparedBytes;
  #transaction: TransactionBytes = NO_TRANSACTION;

  constructor(table: TableId, options: EnvelopeOptions, json: JsonTextOptions) {
    this.#table = table;
    this.#options = options;
    this.#json = json;
    const own = FIELDS.slice(OWN_FROM, OWN_TO).map(({ name, schema }) => {
      const value = name === 'schema' ? table.schema : table.table;
      return `${jsonString(name)}:${valueJson(schema, value, json)},`;
    });
    this.#own = prepareBytes(own.join(''));
  }

  write(origin: PostgresOrigin, out: ByteWriter): void {
    if (this.#cache.moved(origin)) {
      this.#transaction = transactionBytes(origin, this.#table, this.#options, this.#json);
    }
    const { head, beforeTable, beforeLsn, tail } = this.#transaction;
    writePrepared(out, head);
    const from = out.position;
    writeLsn(origin.lsn, out);
    const to = out.position;
    writePrepared(out, beforeTable);
    writePrepared(out, this.#own);
    writePrepared(out, beforeLsn);
    if (hidesLsn(origin)) writePrepared(out, NULL);
    else out.range(out.bytes, from, to);
    writePrepared(out, tail);
  }
}

/** What all changes of a transaction have in their source blocks, in the order of the fields. */
interface TransactionBytes {
  /** Up to the position in `sequence`. */
  readonly head: PreparedBytes;
  readonly beforeTable: PreparedBytes;
  readonly beforeLsn: PreparedBytes;
  readonly tail: PreparedBytes;
}

const NO_TRANSACTION: TransactionBytes = {
  head: NOTHING,
  beforeTable: NOTHING,
  beforeLsn: NOTHING,
  tail: NOTHING,
};

/** The fields that tell the table, `schema` and `table`, follow each other. */
const OWN_FROM = FIELDS.findIndex((field) => field.name === 'schema');
const OWN_TO = OWN_FROM + 2;

const SEQUENCE_END = jsonString('"]').slice(1);

/** Of the last transaction: its tables share what it says of itself. */
const lastTransaction = {
  cache: new TransactionCache(),
  options: null as EnvelopeOptions | null,
  replaceNull: false,
  bytes: NO_TRANSACTION,
};

function transactionBytes(
  origin: PostgresOrigin,
  table: TableId,
  options: EnvelopeOptions,
  json: JsonTextOptions,
): TransactionBytes {
  const last = lastTransaction;
  const moved = last.cache.moved(origin);
  const { replaceNullWithDefault: replaceNull } = json;
  if (!moved && last.options === options && last.replaceNull === replaceNull) return last.bytes;
  const { values } = postgresSource(origin, table, options);
  const text = (from: number, to: number): string => {
    let joined = '';
    for (let i = from; i < to; i++) {
      const { name, schema } = FIELDS[i] as ConnectField;
      joined += `${jsonString(name)}:${valueJson(schema, values[i] as ConnectValue, json)},`;
    }
    return joined;
  };
  // `[null,"` or `["123","`: what stands before the position inside the JSON text of the pair.
  const sequence = values[SEQUENCE] as string;
  const opening = jsonString(sequence.slice(0, sequence.lastIndexOf(',') + 2)).slice(0, -1);
  last.bytes = {
    head: prepareBytes(`{${text(0, SEQUENCE)}"sequence":${opening}`),
    beforeTable: prepareBytes(`${SEQUENCE_END},${text(SEQUENCE + 1, OWN_FROM)}`),
    beforeLsn: prepareBytes(`${text(OWN_TO, LSN)}"lsn":`),
    tail: prepareBytes(`,${text(LSN + 1, FIELDS.length).slice(0, -1)}}`),
  };
  last.options = options;
  last.replaceNull = replaceNull;
  return last.bytes;
}

const FIELD_ENCODERS = {
  withNulls: FIELDS.map((field) => compileAvroEncoder(field.schema)),
  withDefaults: FIELDS.map((field) => compileAvroEncoder(field.schema, true)),
};
/** Both fields are optional without default: the value is the union's second branch. */
const PRESENT = 2;

/** The source block in Avro. */
export class PostgresAvroSource implements SourceEncoder<PostgresOrigin> {
  readonly #table: TableId;
  readonly #options: EnvelopeOptions;
  readonly #encoders: (typeof FIELD_ENCODERS)['withNulls'];
  readonly #cache = new TransactionCache();
  readonly #scratch = new ByteWriter(512);
  #head: PreparedBytes = NOTHING;
  #opening: PreparedBytes = NOTHING;
  #middle: PreparedBytes = NOTHING;
  #tail: PreparedBytes = NOTHING;

  constructor(table: TableId, options: EnvelopeOptions, replaceNull: boolean) {
    this.#table = table;
    this.#options = options;
    this.#encoders = FIELD_ENCODERS[replaceNull ? 'withDefaults' : 'withNulls'];
  }

  write(origin: PostgresOrigin, out: ByteWriter): void {
    if (this.#cache.moved(origin)) this.#prepare(origin);
    writePrepared(out, this.#head);
    // The length comes first: at most 47 bytes, so always one byte of varint.
    const lengthAt = out.position;
    out.u8(0);
    writePrepared(out, this.#opening);
    writeLsn(origin.lsn, out);
    out.u8(0x22);
    out.u8(0x5d);
    out.bytes[lengthAt] = (out.position - lengthAt - 1) * 2;
    writePrepared(out, this.#middle);
    if (!hidesLsn(origin)) {
      const lsn = Number(origin.lsn);
      if (lsn <= Number.MAX_SAFE_INTEGER) writeAvroSafeLong(out, lsn);
      else writeAvroLong(out, origin.lsn);
    }
    writePrepared(out, this.#tail);
  }

  #prepare(origin: PostgresOrigin): void {
    const values = postgresSource(origin, this.#table, this.#options).values;
    const sequence = values[SEQUENCE] as string;
    this.#head = this.#part(values, 0, SEQUENCE, true);
    this.#opening = prepareBytes(sequence.slice(0, sequence.lastIndexOf(',') + 2));
    const hidden = hidesLsn(origin);
    this.#middle = this.#part(values, SEQUENCE + 1, hidden ? LSN + 1 : LSN, !hidden);
    this.#tail = this.#part(values, LSN + 1, FIELDS.length, false);
  }

  #part(values: readonly ConnectValue[], from: number, to: number, branch: boolean): PreparedBytes {
    const writer = this.#scratch;
    writer.clear();
    for (let i = from; i < to; i++) this.#encoders[i]?.(writer, values[i] as ConnectValue);
    if (branch) writer.u8(PRESENT);
    return prepareBytes(writer.written());
  }
}
