import { readFileSync } from 'node:fs';
import { TidemarkError } from '../foundation/errors.ts';

/** What a Java program writes in front of a HashMap, up to the two numbers of its table. */
const MAP_HEAD = Buffer.concat([
  Buffer.from('aced00057372', 'hex'),
  utf('java.util.HashMap'),
  Buffer.from('0507dac1c31660d103000246', 'hex'),
  utf('loadFactor'),
  Buffer.from('49', 'hex'),
  utf('threshold'),
  Buffer.from('7870', 'hex'),
]);
const TABLE_NUMBERS_BYTES = 8;
/** A block of eight bytes: buckets and entries. */
const SIZES_HEAD = Buffer.from('7708', 'hex');
const END = Buffer.from('78', 'hex');
const NULL = 0x70;
const ARRAY = 0x75;
/** The class of byte arrays: described at the first one, named by its number after that. */
const BYTES_CLASS = Buffer.concat([
  Buffer.from('72', 'hex'),
  utf('[B'),
  Buffer.from('acf317f8060854e00200007870', 'hex'),
]);
const BYTES_CLASS_AGAIN = Buffer.from('71007e0002', 'hex');

function utf(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}

/**
 * Reads the offsets file of Connect's standalone worker and of Debezium's engine: a serialised
 * `HashMap<byte[], byte[]>`, of which keys and values are texts; a null value stands for none.
 * Nothing else is read: it is data of another program, and no object is ever made from it.
 */
export function readJavaOffsetFile(file: string): ReadonlyMap<string, string | null> {
  try {
    return parseJavaOffsets(readFileSync(file));
  } catch (error) {
    if (error instanceof TidemarkError) {
      throw new TidemarkError(error.code, `${file} ${error.message}`, { cause: error });
    }
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new TidemarkError('CONFIG_FILE', `${file} cannot be read (${code})`, { cause: error });
  }
}

function parseJavaOffsets(bytes: Buffer): ReadonlyMap<string, string | null> {
  // A worker that never stored an offset leaves an empty file.
  if (bytes.length === 0) return new Map();
  const reader = new SerializedBytes(bytes);
  reader.expect(MAP_HEAD);
  reader.skip(TABLE_NUMBERS_BYTES);
  reader.expect(SIZES_HEAD);
  reader.skip(4);
  const count = reader.int();
  const offsets = new Map<string, string | null>();
  for (let i = 0; i < count; i++) {
    const key = reader.text();
    if (key === null) throw reader.malformed();
    offsets.set(key, reader.text());
  }
  reader.expect(END);
  reader.end();
  return offsets;
}

class SerializedBytes {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  malformed(): TidemarkError {
    return new TidemarkError(
      'CONFIG_FILE',
      `is not an offsets file of Connect's standalone worker (byte ${this.#at})`,
    );
  }

  expect(bytes: Buffer): void {
    if (!this.#starts(bytes)) throw this.malformed();
    this.#at += bytes.length;
  }

  skip(count: number): void {
    if (this.#at + count > this.#bytes.length) throw this.malformed();
    this.#at += count;
  }

  int(): number {
    this.skip(4);
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  /** A byte array as text, or null. */
  text(): string | null {
    const tag = this.#bytes[this.#at];
    this.skip(1);
    if (tag === NULL) return null;
    if (tag !== ARRAY) throw this.malformed();
    this.expect(this.#starts(BYTES_CLASS_AGAIN) ? BYTES_CLASS_AGAIN : BYTES_CLASS);
    const length = this.int();
    if (length < 0) throw this.malformed();
    this.skip(length);
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw this.malformed();
  }

  #starts(bytes: Buffer): boolean {
    return this.#bytes.subarray(this.#at, this.#at + bytes.length).equals(bytes);
  }
}
