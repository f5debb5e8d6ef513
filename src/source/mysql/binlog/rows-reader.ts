import { type JsonDiffWriter, jsonDiffWriter } from '../../../../dialects/mysql/json-diffs.ts';
import type { BinlogValueWriter } from '../../../../dialects/mysql/binlog-column.ts';
import { ByteReader } from '../../../foundation/byte-reader.ts';
import { ByteWriter } from '../../../foundation/byte-writer.ts';
import { RowImage, ValueKind } from '../../../model/row-image.ts';
import type { BinlogTable, OmittedValue } from './binlog-table.ts';
import { readColumnBitmap } from './column-bitmap.ts';
import { inflated } from './mariadb-compression.ts';
import { packedInteger } from './packed-integer.ts';
import type { RowsKind } from './rows-kind.ts';

const SCRATCH_BYTES = 64 * 1024;
/** A scratch that one huge row made larger than this is given back. */
const SCRATCH_BYTES_KEPT = 4 * 1024 * 1024;
/** A bit of the options in front of a partial new row: differences of JSON follow (B84). */
const HAS_PARTIAL_JSON = 1n;

/**
 * Rows of one event, one after the other, into two images that share one scratch of text. How many
 * there are is told nowhere: they end with the event (PITFALLS B89).
 */
export class RowsReader {
  readonly before = new RowImage();
  readonly after = new RowImage();
  op: RowsKind['op'] = 'c';
  /** Rows read of this event. */
  rowCount = 0;
  /** The row has a difference to a JSON document that its old image lacks (B84). */
  lacksJson = false;
  readonly #reader = new ByteReader();
  #text = new ByteWriter(SCRATCH_BYTES);
  #kind: RowsKind | null = null;
  #table: BinlogTable | null = null;
  #writers: readonly BinlogValueWriter[] = [];
  #width = 0;
  #beforeColumns: Int32Array = new Int32Array(0);
  #afterColumns: Int32Array = new Int32Array(0);
  /** Where the values of the old row of a partial update lie in the event, by column. */
  #valueStarts = new Int32Array(0);
  /** By bytes of the length prefix. */
  readonly #jsonWriters: JsonDiffWriter[] = [];

  /** Behind table id and flags of the event in `reader`, which is not needed any longer then. */
  open(kind: RowsKind, table: BinlogTable, reader: ByteReader): void {
    this.#kind = kind;
    this.#table = table;
    this.op = kind.op;
    this.rowCount = 0;
    if (kind.version === 2) skipExtraData(reader);
    const count = packedInteger(reader);
    const width = table.columns.length;
    if (count !== BigInt(width)) {
      reader.fail(`rows of ${count} columns for ${width} of the table map`);
    }
    this.#width = width;
    const first = readColumnBitmap(reader, table.allColumns);
    this.#beforeColumns = first;
    this.#afterColumns = kind.op === 'u' ? readColumnBitmap(reader, table.allColumns) : first;
    if (kind.compressed) {
      const plain = inflated(reader.take(reader.remaining));
      this.#reader.reset(plain, 0, plain.length);
    } else {
      this.#reader.reset(reader.bytes, reader.position, reader.end);
    }
    if (this.#text.bytes.length > SCRATCH_BYTES_KEPT) this.#text = new ByteWriter(SCRATCH_BYTES);
    if (kind.partial && this.#valueStarts.length < width) this.#valueStarts = new Int32Array(width);
    this.before.reset(this.#text.bytes, kind.op === 'c' ? 0 : width);
    this.after.reset(this.#text.bytes, kind.op === 'd' ? 0 : width);
  }

  /** Fills the images with the next row; false: there was none. */
  next(): boolean {
    const reader = this.#reader;
    const start = reader.position;
    // An INSERT of defaults only may have no column at all, and so a row of no bytes.
    if (this.rowCount > 0 && start >= reader.end) return false;
    // Not before: columns may be refined between opening and the first row.
    if (this.rowCount === 0) this.#writers = (this.#table as BinlogTable).writers;
    const text = this.#text;
    text.position = 0;
    this.lacksJson = false;
    const valueStarts = this.#kind?.partial === true ? this.#valueStarts : null;
    if (this.op !== 'c') this.#image(this.before, this.#beforeColumns, valueStarts);
    if (valueStarts !== null) this.#partialImage(valueStarts);
    else if (this.op !== 'd') this.#image(this.after, this.#afterColumns, null);
    if (reader.position === start && start < reader.end) reader.fail('a row without bytes');
    // The scratch may have moved while it grew.
    this.before.bytes = text.bytes;
    this.after.bytes = text.bytes;
    this.rowCount++;
    return true;
  }

  /**
   * What the new row of an update left out has not changed: takes it from the old row, where that
   * has it; what an inserted row left out has its default (PITFALLS B61). Not part of `next`,
   * because tools show what was logged.
   */
  fillLeftOut(): void {
    if (this.op === 'd' || (this.#afterColumns.length === this.#width && !this.lacksJson)) return;
    if (this.op === 'c') {
      this.#fillDefaults((this.#table as BinlogTable).omitted);
      return;
    }
    const { before, after } = this;
    for (let i = 0; i < this.#width; i++) {
      if (after.kinds[i] !== ValueKind.absent) continue;
      after.kinds[i] = before.kinds[i] as number;
      after.starts[i] = before.starts[i] as number;
      after.ends[i] = before.ends[i] as number;
    }
  }

  #fillDefaults(omitted: readonly OmittedValue[]): void {
    const { after } = this;
    const text = this.#text;
    omitted.forEach((value, i) => {
      if (value === undefined || after.kinds[i] !== ValueKind.absent) return;
      after.kinds[i] = value === null ? ValueKind.null : ValueKind.text;
      after.starts[i] = text.position;
      if (value !== null) text.raw(value);
      after.ends[i] = text.position;
    });
    after.bytes = text.bytes;
  }

  /** The hot loop. Value writers check their bounds against the end of the event. */
  #image(image: RowImage, columns: Int32Array, valueStarts: Int32Array | null): void {
    const reader = this.#reader;
    const count = columns.length;
    const nulls = reader.skip((count + 7) >> 3);
    const { bytes, end } = reader;
    let at = reader.position;
    const text = this.#text;
    const writers = this.#writers;
    const { kinds, starts, ends } = image;
    if (count < this.#width) kinds.fill(ValueKind.absent, 0, this.#width);
    for (let i = 0; i < count; i++) {
      const column = columns[i] as number;
      if ((((bytes[nulls + (i >> 3)] as number) >> (i & 7)) & 1) === 1) {
        kinds[column] = ValueKind.null;
        continue;
      }
      kinds[column] = ValueKind.text;
      if (valueStarts !== null) valueStarts[column] = at;
      starts[column] = text.position;
      at = (writers[column] as BinlogValueWriter)(bytes, at, end, text);
      ends[column] = text.position;
    }
    reader.position = at;
  }

  /**
   * The new row of PARTIAL_UPDATE_ROWS: options, a bit for each JSON column of the table, which
   * says whether its value is a difference, then as usual.
   */
  #partialImage(valueStarts: Int32Array): void {
    const reader = this.#reader;
    const options = packedInteger(reader);
    if ((options & HAS_PARTIAL_JSON) === 0n) {
      this.#image(this.after, this.#afterColumns, null);
      return;
    }
    const partial = new Set(readColumnBitmap(reader, (this.#table as BinlogTable).jsonColumns));
    const present = this.#afterColumns;
    const nulls = reader.skip((present.length + 7) >> 3);
    const { after } = this;
    const { bytes } = reader;
    after.kinds.fill(ValueKind.absent, 0, this.#width);
    present.forEach((column, i) => {
      if ((((bytes[nulls + (i >> 3)] as number) >> (i & 7)) & 1) === 1) {
        after.kinds[column] = ValueKind.null;
        return;
      }
      after.starts[column] = this.#text.position;
      after.kinds[column] = ValueKind.text;
      if (partial.has(column)) this.#patchedJson(column, valueStarts[column] as number);
      else {
        const writer = this.#writers[column] as BinlogValueWriter;
        reader.position = writer(bytes, reader.position, reader.end, this.#text);
      }
      after.ends[column] = this.#text.position;
    });
  }

  /** The old document with the differences applied; absent where the old row does not have it. */
  #patchedJson(column: number, valueStart: number): void {
    const reader = this.#reader;
    const { bytes, position, end } = reader;
    if (this.before.kinds[column] !== ValueKind.text) {
      this.after.kinds[column] = ValueKind.absent;
      this.lacksJson = true;
      reader.skip(reader.u32le());
      return;
    }
    const prefix = this.#table?.columns[column]?.meta ?? 4;
    const write = (this.#jsonWriters[prefix] ??= jsonDiffWriter(prefix));
    reader.position = write(bytes, valueStart, position, end, this.#text);
  }
}

/** NDB's and partitions' data: a length that counts itself, nothing that a row needs (B88). */
function skipExtraData(reader: ByteReader): void {
  const length = reader.u16le();
  if (length < 2) reader.fail(`extra data of ${length} bytes`);
  reader.skip(length - 2);
}
