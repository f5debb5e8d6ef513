import { conversionError } from '../value-conversion.ts';

/** Elements of an array literal; an array inside is a further dimension. */
export type ArrayText = readonly (string | null | ArrayText)[];

/**
 * Reads `{a,"b \"c",NULL,"NULL",{…}}` and `[0:2]={…}` (PITFALLS P97): an unquoted NULL is null, a
 * quoted one a string, a backslash takes the next character as it is. Lower bounds are dropped.
 */
export function parseArrayText(text: string, delimiter: string): ArrayText {
  const start = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const reader = new ArrayReader(text, start, delimiter);
  const array = reader.array();
  if (reader.position !== text.length) throw malformed();
  return array;
}

class ArrayReader {
  readonly #text: string;
  readonly #delimiter: string;
  position: number;

  constructor(text: string, start: number, delimiter: string) {
    this.#text = text;
    this.position = start;
    this.#delimiter = delimiter;
  }

  array(): ArrayText {
    this.#expect('{');
    const items: (string | null | ArrayText)[] = [];
    if (this.#text[this.position] === '}') {
      this.position++;
      return items;
    }
    for (;;) {
      items.push(this.#element());
      const next = this.#text[this.position++];
      if (next === '}') return items;
      if (next !== this.#delimiter) throw malformed();
    }
  }

  #element(): string | null | ArrayText {
    const first = this.#text[this.position];
    if (first === '{') return this.array();
    return first === '"' ? this.#quoted() : this.#bare();
  }

  #quoted(): string {
    this.#expect('"');
    let value = '';
    for (;;) {
      const next = this.#text[this.position++];
      if (next === undefined) throw malformed();
      if (next === '"') return value;
      value += next === '\\' ? this.#escaped() : next;
    }
  }

  #bare(): string | null {
    let value = '';
    let escaped = false;
    for (;;) {
      const next = this.#text[this.position];
      if (next === undefined || next === '{' || next === '"') throw malformed();
      if (next === '}' || next === this.#delimiter) break;
      this.position++;
      if (next === '\\') {
        escaped = true;
        value += this.#escaped();
      } else {
        value += next;
      }
    }
    if (value === '') throw malformed();
    return !escaped && value.toUpperCase() === 'NULL' ? null : value;
  }

  #escaped(): string {
    const next = this.#text[this.position++];
    if (next === undefined) throw malformed();
    return next;
  }

  #expect(character: string): void {
    if (this.#text[this.position++] !== character) throw malformed();
  }
}

function malformed(): Error {
  return conversionError('the text is not an array literal');
}
