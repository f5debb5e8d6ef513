import { TidemarkError } from './errors.ts';

/**
 * A JSON number that a JavaScript number may not hold: the digits as they stood. Integers come as
 * `number` when they are safe and as `bigint` when they are not; everything with a point or an
 * exponent comes as this, so that `1.10` keeps its scale (PITFALLS C34).
 */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonNode =
  | null
  | boolean
  | number
  | bigint
  | string
  | JsonNumber
  | readonly JsonNode[]
  | { readonly [key: string]: JsonNode };

export type JsonObject = { readonly [key: string]: JsonNode };

/** Whether the node is an object: neither null, array nor number. */
export function isJsonObject(node: JsonNode | undefined): node is JsonObject {
  return (
    typeof node === 'object' &&
    node !== null &&
    !Array.isArray(node) &&
    !(node instanceof JsonNumber)
  );
}

/** Writes what was parsed, with the digits that it had. */
export function formatLosslessJson(node: JsonNode): string {
  if (typeof node === 'bigint') return node.toString();
  if (typeof node !== 'object' || node === null) return JSON.stringify(node);
  if (node instanceof JsonNumber) return node.text;
  if (Array.isArray(node)) return `[${node.map(formatLosslessJson).join(',')}]`;
  const members = Object.entries(node as JsonObject).map(
    ([name, value]) => `${JSON.stringify(name)}:${formatLosslessJson(value)}`,
  );
  return `{${members.join(',')}}`;
}

const MAX_DEPTH = 256;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;

/** Parses JSON without loss of digits. Throws RECORD_FORMAT with the place for anything else. */
export function parseLosslessJson(text: string): JsonNode {
  const parser = new Parser(text);
  const node = parser.value(0);
  parser.end();
  return node;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonNode {
    if (depth > MAX_DEPTH) this.#fail('nested too deeply');
    this.#space();
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object(depth);
      case 0x5b:
        return this.#array(depth);
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) this.#fail('text after the value');
  }

  #object(depth: number): JsonNode {
    // No prototype: a column may be called `__proto__` or `constructor`.
    const object = Object.create(null) as Record<string, JsonNode>;
    this.#at++;
    if (this.#take(0x7d)) return object;
    for (;;) {
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== 0x22) this.#fail('a name expected');
      const name = this.#string();
      if (!this.#take(0x3a)) this.#fail('`:` expected');
      object[name] = this.value(depth + 1);
      if (this.#take(0x2c)) continue;
      if (this.#take(0x7d)) return object;
      this.#fail('`,` or `}` expected');
    }
  }

  #array(depth: number): JsonNode {
    const array: JsonNode[] = [];
    this.#at++;
    if (this.#take(0x5d)) return array;
    for (;;) {
      array.push(this.value(depth + 1));
      if (this.#take(0x2c)) continue;
      if (this.#take(0x5d)) return array;
      this.#fail('`,` or `]` expected');
    }
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code === 0x5c) return this.#escapedString(start - 1, at);
      if (code < 0x20 || Number.isNaN(code)) this.#fail('unterminated string');
      at++;
    }
  }

  #escapedString(start: number, from: number): string {
    const text = this.#text;
    let at = from;
    while (text.charCodeAt(at) !== 0x22) {
      if (at >= text.length) this.#fail('unterminated string');
      at += text.charCodeAt(at) === 0x5c ? 2 : 1;
    }
    this.#at = at + 1;
    try {
      return JSON.parse(text.slice(start, at + 1)) as string;
    } catch (error) {
      throw new TidemarkError('RECORD_FORMAT', `bad escape in a JSON string at ${start}`, {
        cause: error,
      });
    }
  }

  #number(): JsonNode {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) this.#fail('a value expected');
    const digits = match[0];
    this.#at += digits.length;
    if (match[1] !== undefined || match[2] !== undefined) return new JsonNumber(digits);
    const value = Number(digits);
    // -0 is an integer in JSON, but would lose its sign as a bigint or an int.
    if (Object.is(value, -0)) return new JsonNumber(digits);
    return Number.isSafeInteger(value) ? value : BigInt(digits);
  }

  #word<T extends JsonNode>(word: string, node: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('a value expected');
    this.#at += word.length;
    return node;
  }

  #space(): void {
    if (this.#text.charCodeAt(this.#at) > 0x20) return;
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #take(code: number): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #fail(what: string): never {
    const near = this.#text.slice(Math.max(0, this.#at - 20), this.#at + 20);
    throw new TidemarkError(
      'RECORD_FORMAT',
      `not valid JSON: ${what} at character ${this.#at} near ${JSON.stringify(near)}`,
    );
  }
}
