import { crc32 } from 'node:zlib';
import { BoundedCache } from '../../../foundation/bounded-cache.ts';
import type { ByteReader } from '../../../foundation/byte-reader.ts';
import type { BinlogTable } from './binlog-table.ts';
import { readTableMap, type TableMapOrigin } from './table-map.ts';

/** Shapes that are kept: more tables than that are compiled again when they come again. */
const SHAPES_MAX = 8192;
/** Larger ones are not kept: a thousand columns with names have 20 KiB. */
const SHAPE_BYTES_MAX = 256 * 1024;

interface Shape {
  readonly content: Buffer;
  readonly table: BinlogTable;
}

/**
 * Which table a table id stands for (PITFALLS B37). An id holds until its statement ends; a new
 * TABLE_MAP usually has the content of an older one, whatever its id, and is then neither read nor
 * compiled again.
 */
export class TableMapCache {
  /** Ids of the running statement, and of earlier ones for comparison. */
  readonly #byId = new Map<number, { readonly shape: Shape; statement: number }>();
  readonly #byContent = new BoundedCache<number, readonly Shape[]>(SHAPES_MAX);
  #statement = 0;
  #idsMax = SHAPES_MAX;

  /** A TABLE_MAP; the reader stands behind its flags. */
  add(tableId: number, reader: ByteReader, origin: TableMapOrigin): BinlogTable {
    const { bytes, position, end } = reader;
    const known = this.#byId.get(tableId);
    if (known !== undefined && isContent(known.shape, bytes, position, end)) {
      known.statement = this.#statement;
      return known.shape.table;
    }
    const shape = this.#shape(reader, origin);
    // Ids only rise: what is not used any more would pile up.
    if (this.#byId.size >= this.#idsMax) this.#forgetOldIds();
    this.#byId.set(tableId, { shape, statement: this.#statement });
    return shape.table;
  }

  /** The table of an id in the running statement. */
  get(tableId: number): BinlogTable | undefined {
    const known = this.#byId.get(tableId);
    return known?.statement === this.#statement ? known.shape.table : undefined;
  }

  /** The statement is over: its ids may mean other tables from now on. */
  endStatement(): void {
    this.#statement++;
  }

  /** Another file: no id holds any more. */
  clear(): void {
    this.#byId.clear();
    this.#statement++;
  }

  #shape(reader: ByteReader, origin: TableMapOrigin): Shape {
    const { bytes, position, end } = reader;
    const hash = crc32(bytes.subarray(position, end));
    const candidates = this.#byContent.get(hash) ?? [];
    const known = candidates.find((shape) => isContent(shape, bytes, position, end));
    if (known !== undefined) return known;
    const content = Buffer.from(bytes.subarray(position, end));
    const shape = { content, table: readTableMap(reader, origin) };
    if (content.length <= SHAPE_BYTES_MAX) {
      this.#byContent.set(hash, [...candidates.slice(-3), shape]);
    }
    return shape;
  }

  #forgetOldIds(): void {
    for (const [id, { statement }] of this.#byId) {
      if (statement !== this.#statement) this.#byId.delete(id);
    }
    // One statement with more tables than that: look again when they have doubled.
    this.#idsMax = Math.max(SHAPES_MAX, this.#byId.size * 2);
  }
}

function isContent({ content }: Shape, bytes: Buffer, start: number, end: number): boolean {
  return content.length === end - start && content.compare(bytes, start, end) === 0;
}
