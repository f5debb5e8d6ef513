import { conversionError } from '../../dialects/postgres/value-conversion.ts';
import type { ByteWriter } from '../foundation/byte-writer.ts';
import { imageOfAfter, isKnownBefore } from '../envelope/record-plan.ts';
import type { RowChange } from '../model/change-event.ts';
import { ValueKind } from '../model/row-image.ts';
import type { RowImage } from '../model/row-image.ts';
import type { ColumnSchema } from '../model/table-schema.ts';
import type { ColumnEncoder } from './column-encoder.ts';

/** Writes the columns of one struct (row or key) from the images of a change. */
export class ImageEncoder {
  readonly #columns: readonly ColumnSchema[];
  readonly #encoders: readonly ColumnEncoder[];
  /** What opens and closes the struct: `{` and `}` in JSON, nothing in Avro. */
  readonly #open: Buffer;
  readonly #close: Buffer;
  /** The column in work, so that an error can name it. */
  current = 0;
  /** A placeholder was written since it was last set to false. */
  placeholderWritten = false;

  constructor(
    columns: readonly ColumnSchema[],
    encoders: readonly ColumnEncoder[],
    open: Buffer,
    close: Buffer,
  ) {
    this.#columns = columns;
    this.#encoders = encoders;
    this.#open = open;
    this.#close = close;
  }

  currentColumn(): ColumnSchema | undefined {
    return this.#columns[this.current];
  }

  after(change: RowChange, image: RowImage, out: ByteWriter): void {
    const encoders = this.#encoders;
    const { bytes, kinds, starts, ends } = image;
    out.range(this.#open, 0, this.#open.length);
    for (let i = 0; i < encoders.length; i++) {
      this.current = i;
      const column = encoders[i] as ColumnEncoder;
      const at = column.tupleIndex;
      const kind = kinds[at];
      if (kind === ValueKind.text) {
        out.range(column.prefix, 0, column.prefix.length);
        column.encode(bytes, starts[at] as number, ends[at] as number, out);
      } else if (kind === ValueKind.null) {
        writeNull(column, out);
      } else {
        this.#absent(change, column, i, out);
      }
    }
    out.range(this.#close, 0, this.#close.length);
  }

  before(change: RowChange, image: RowImage, out: ByteWriter): void {
    const encoders = this.#encoders;
    out.range(this.#open, 0, this.#open.length);
    for (let i = 0; i < encoders.length; i++) {
      this.current = i;
      const column = encoders[i] as ColumnEncoder;
      if (isKnownBefore(change, this.#columns[i] as ColumnSchema)) writeKnown(column, image, out);
      else out.range(column.unknownBytes, 0, column.unknownBytes.length);
    }
    out.range(this.#close, 0, this.#close.length);
  }

  /** Unchanged TOAST: the old tuple may have it; otherwise the placeholder stands. */
  #absent(change: RowChange, column: ColumnEncoder, index: number, out: ByteWriter): void {
    const image = imageOfAfter(change, this.#columns[index] as ColumnSchema);
    if (image === null) {
      this.placeholderWritten = true;
      out.range(column.placeholderBytes, 0, column.placeholderBytes.length);
    } else {
      writeKnown(column, image, out);
    }
  }
}

function writeKnown(column: ColumnEncoder, image: RowImage, out: ByteWriter): void {
  const at = column.tupleIndex;
  if (image.kinds[at] === ValueKind.null) {
    writeNull(column, out);
    return;
  }
  out.range(column.prefix, 0, column.prefix.length);
  column.encode(image.bytes, image.starts[at] as number, image.ends[at] as number, out);
}

function writeNull(column: ColumnEncoder, out: ByteWriter): void {
  if (column.nullBytes === null) throw conversionError('null, in a column that is NOT NULL');
  out.range(column.nullBytes, 0, column.nullBytes.length);
}
