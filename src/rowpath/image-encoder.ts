import { conversionError } from '../../dialects/value-conversion.ts';
import type { ByteWriter } from '../foundation/byte-writer.ts';
import { imageOfAfter, isKnownBefore } from '../envelope/record-plan.ts';
import type { RowChange } from '../model/change-event.ts';
import { ValueKind } from '../model/row-image.ts';
import type { RowImage } from '../model/row-image.ts';
import type { ColumnSchema } from '../model/table-schema.ts';
import type { ColumnEncoder } from './column-encoder.ts';
import { writePrepared } from './prepared-bytes.ts';
import type { PreparedBytes } from './prepared-bytes.ts';

/** Writes the columns of one struct (row or key) from the images of a change. */
export class ImageEncoder {
  readonly #columns: readonly ColumnSchema[];
  readonly #encoders: readonly ColumnEncoder[];
  /** What opens and closes the struct: `{` and `}` in JSON, nothing in Avro. */
  readonly #open: PreparedBytes;
  readonly #close: PreparedBytes;
  /** The column in work, so that an error can name it. */
  current = 0;
  /** A placeholder was written since it was last set to false. */
  placeholderWritten = false;

  constructor(
    columns: readonly ColumnSchema[],
    encoders: readonly ColumnEncoder[],
    open: PreparedBytes,
    close: PreparedBytes,
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
    writePrepared(out, this.#open);
    for (let i = 0; i < encoders.length; i++) {
      this.current = i;
      const column = encoders[i] as ColumnEncoder;
      const at = column.tupleIndex;
      const kind = kinds[at];
      if (kind === ValueKind.text) {
        writePrepared(out, column.prefix);
        column.encode(bytes, starts[at] as number, ends[at] as number, out);
      } else if (kind === ValueKind.null) {
        writeNull(column, out);
      } else {
        this.#absent(change, column, i, out);
      }
    }
    writePrepared(out, this.#close);
  }

  before(change: RowChange, image: RowImage, out: ByteWriter): void {
    const encoders = this.#encoders;
    writePrepared(out, this.#open);
    for (let i = 0; i < encoders.length; i++) {
      this.current = i;
      const column = encoders[i] as ColumnEncoder;
      if (isKnownBefore(change, this.#columns[i] as ColumnSchema)) writeKnown(column, image, out);
      else writePrepared(out, column.unknownBytes);
    }
    writePrepared(out, this.#close);
  }

  /** Unchanged TOAST: the old tuple may have it; otherwise the placeholder stands. */
  #absent(change: RowChange, column: ColumnEncoder, index: number, out: ByteWriter): void {
    const image = imageOfAfter(change, this.#columns[index] as ColumnSchema);
    if (image === null) {
      this.placeholderWritten = true;
      writePrepared(out, column.placeholderBytes);
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
  writePrepared(out, column.prefix);
  column.encode(image.bytes, image.starts[at] as number, image.ends[at] as number, out);
}

function writeNull(column: ColumnEncoder, out: ByteWriter): void {
  if (column.nullBytes === null) throw conversionError('null, in a column that is NOT NULL');
  writePrepared(out, column.nullBytes);
}
