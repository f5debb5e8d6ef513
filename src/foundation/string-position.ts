const MAX_REMEMBERED = 64;

/**
 * Reads one position of a schema that holds text. Many hold the same text record after record
 * (source.version, db, table, op, …): the last text is kept with its bytes, and comparing a few
 * bytes is far cheaper than making a string. A position whose text keeps changing stops trying.
 */
export class StringPosition {
  #bytes: Uint8Array = new Uint8Array(MAX_REMEMBERED);
  #length = -1;
  #text = '';
  /** Rises with hits, falls with misses; below zero the position is read without comparing. */
  #credit = 64;

  read(bytes: Buffer, start: number, length: number): string {
    if (length === this.#length && this.#same(bytes, start, length)) {
      if (this.#credit < 256) this.#credit++;
      return this.#text;
    }
    const text = decode(bytes, start, length);
    if (this.#credit >= 0 && length <= MAX_REMEMBERED) {
      this.#credit--;
      this.#length = length;
      this.#text = text;
      for (let i = 0; i < length; i++) this.#bytes[i] = bytes[start + i] as number;
    } else {
      this.#length = -1;
    }
    return text;
  }

  #same(bytes: Buffer, start: number, length: number): boolean {
    const known = this.#bytes;
    // From the end: what changes in identifiers and times are the last characters.
    for (let i = length - 1; i >= 0; i--) if (known[i] !== bytes[start + i]) return false;
    return true;
  }
}

/** Short ASCII is put together in JavaScript: the call into C++ costs more than its work. */
function decode(bytes: Buffer, start: number, length: number): string {
  if (length > 12) return bytes.toString('utf8', start, start + length);
  let text = '';
  for (let i = start; i < start + length; i++) {
    const byte = bytes[i] as number;
    if (byte > 0x7f) return bytes.toString('utf8', start, start + length);
    text += ASCII[byte] as string;
  }
  return text;
}

const ASCII: readonly string[] = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i));
