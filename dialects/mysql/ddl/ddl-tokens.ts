import type { DdlDialect } from './ddl-dialect.ts';

/**
 * `word` may be a keyword or a name, `name` was quoted; `hex` and `bits` have their digits as text;
 * `broken` is a string, name or comment without an end, and `end` comes for ever.
 */
export type TokenKind =
  'word' | 'name' | 'string' | 'number' | 'hex' | 'bits' | 'punctuation' | 'broken' | 'end';

/** A piece of a statement with its place in the text. */
export interface Token {
  readonly kind: TokenKind;
  /** Of strings and quoted names what they mean, else what is written. */
  readonly text: string;
  /** Of words in capitals, of others empty: only words are keywords. */
  readonly upper: string;
  /** N'…': the string is of the national character set. */
  readonly national: boolean;
  readonly start: number;
  readonly end: number;
}

const SPACE = /[\s\0]*/y;
const WORD = /[\w$\u0080-\uffff]+/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const HEX = /0x[\da-fA-F]+/y;
const BITS = /0b[01]+/y;
const HEX_DIGITS = /^[\da-fA-F]*$/;
const BIT_DIGITS = /^[01]*$/;
const COMMENT_MARK = /\/\*|\*\//g;
const VERSION = /\d{5,6}/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
  // Kept for LIKE patterns, as the server does.
  '%': '\\%',
  _: '\\_',
};

function isWordCharacter(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x24 ||
    code >= 0x80
  );
}

/**
 * Cuts a statement into tokens, on demand: of a statement that changes no table only the first few
 * are ever read. Comments go; versioned ones are code where the server runs them (PITFALLS B95).
 * Nothing here fails: what has no end becomes `broken`, and the parser says so.
 */
export class DdlTokenizer {
  readonly #text: string;
  readonly #dialect: DdlDialect;
  #at = 0;
  /** How many versioned comments are open: their end is no token. */
  #open = 0;
  /** Behind a dot all is a name: `db.1st`. */
  #afterDot = false;
  /** Where the last name or word ended: a dot right behind it begins no number. */
  #nameEnd = -1;

  constructor(text: string, dialect: DdlDialect) {
    this.#text = text;
    this.#dialect = dialect;
  }

  /** The next token; behind the last one `end`, as often as asked. */
  next(): Token {
    if (!this.#skipBlanks()) return this.#token('broken', '', this.#at, this.#text.length);
    const at = this.#at;
    if (at >= this.#text.length) return this.#token('end', '', at, at);
    const afterDot = this.#afterDot;
    this.#afterDot = false;
    const char = this.#text[at] as string;
    switch (char) {
      case "'":
        return this.#quoted('string', at, at, "'");
      case '"':
        return this.#quoted(this.#dialect.ansiQuotes ? 'name' : 'string', at, at, '"');
      case '`':
        return this.#quoted('name', at, at, '`');
      default:
    }
    if (!afterDot && (char !== '.' || at !== this.#nameEnd)) {
      const number = this.#number(at, char);
      if (number !== null) return number;
    }
    const word = this.#match(WORD, at);
    if (word !== null) return this.#word(word, at);
    this.#afterDot = char === '.';
    return this.#token('punctuation', char, at, at + 1);
  }

  #token(kind: TokenKind, text: string, start: number, end: number, national = false): Token {
    this.#at = end;
    if (kind === 'word' || kind === 'name') this.#nameEnd = end;
    return { kind, text, upper: kind === 'word' ? text.toUpperCase() : '', national, start, end };
  }

  #match(pattern: RegExp, at: number): string | null {
    pattern.lastIndex = at;
    return pattern.exec(this.#text)?.[0] ?? null;
  }

  /** A number, unless it is the beginning of a name such as `1st`. */
  #number(at: number, char: string): Token | null {
    const isDigit = char >= '0' && char <= '9';
    if (!isDigit && char !== '.') return null;
    for (const [pattern, kind] of [
      [HEX, 'hex'],
      [BITS, 'bits'],
    ] as const) {
      const digits = this.#match(pattern, at);
      if (digits !== null && !isWordCharacter(this.#code(at + digits.length))) {
        return this.#token(kind, digits.slice(2), at, at + digits.length);
      }
    }
    const number = this.#match(NUMBER, at);
    if (number === null) return null;
    const next = this.#code(at + number.length);
    // `1e5x` is a name; `1.5x` is a number and a name.
    if (isWordCharacter(next) && !number.includes('.')) return null;
    return this.#token('number', number, at, at + number.length);
  }

  #word(word: string, at: number): Token {
    const end = at + word.length;
    if (this.#text[end] !== "'" || word.length !== 1) return this.#token('word', word, at, end);
    const letter = word.toUpperCase();
    if (letter === 'N') return { ...this.#quoted('string', at, end, "'"), national: true };
    const [kind, digits] =
      letter === 'X' ? (['hex', HEX_DIGITS] as const) : (['bits', BIT_DIGITS] as const);
    if (letter !== 'X' && letter !== 'B') return this.#token('word', word, at, end);
    const literal = this.#quoted('string', at, end, "'");
    const valid = literal.kind === 'string' && digits.test(literal.text);
    return valid ? { ...literal, kind } : { ...literal, kind: 'broken' };
  }

  #quoted(kind: TokenKind, start: number, open: number, quote: string): Token {
    const text = this.#text;
    const escapes = kind === 'string' && !this.#dialect.noBackslashEscapes;
    let out = '';
    let at = open + 1;
    let from = at;
    for (; at < text.length; at++) {
      const char = text[at] as string;
      if (char === quote) {
        if (text[at + 1] !== quote) {
          return this.#token(kind, out + text.slice(from, at), start, at + 1);
        }
        out += text.slice(from, ++at);
        from = at + 1;
      } else if (char === '\\' && escapes && at + 1 < text.length) {
        const escaped = text[at + 1] as string;
        out += text.slice(from, at) + (ESCAPES[escaped] ?? escaped);
        from = ++at + 1;
      }
    }
    return this.#token('broken', text.slice(start), start, text.length);
  }

  /** Passes over space and comments; false when a comment has no end. */
  #skipBlanks(): boolean {
    while (true) {
      this.#at += this.#match(SPACE, this.#at)?.length ?? 0;
      const char = this.#code(this.#at);
      if (char === 0x23 /* # */ || (char === 0x2d /* - */ && this.#isDashComment())) {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end < 0 ? this.#text.length : end + 1;
      } else if (this.#open > 0 && this.#text.startsWith('*/', this.#at)) {
        this.#open--;
        this.#at += 2;
      } else if (this.#text.startsWith('/*', this.#at)) {
        if (!this.#enterComment()) return false;
      } else {
        return true;
      }
    }
  }

  #code(at: number): number {
    return at < this.#text.length ? this.#text.charCodeAt(at) : 0;
  }

  /** `--` begins a comment only before space, a control character or the end. */
  #isDashComment(): boolean {
    if (this.#code(this.#at + 1) !== 0x2d) return false;
    return this.#at + 2 >= this.#text.length || this.#code(this.#at + 2) <= 0x20;
  }

  #enterComment(): boolean {
    const mark = this.#text[this.#at + 2];
    const isMariadb = this.#dialect.flavor === 'mariadb';
    const isOwn = mark === 'M' && isMariadb && this.#text[this.#at + 3] === '!';
    if (mark === '!' || isOwn) {
      const at = this.#at + (isOwn ? 4 : 3);
      const digits = this.#match(VERSION, at) ?? '';
      if (this.#runs(digits === '' ? 0 : Number(digits), isOwn)) {
        this.#open++;
        this.#at = at + digits.length;
        return true;
      }
    }
    return this.#skipComment();
  }

  #runs(version: number, isOwn: boolean): boolean {
    if (version > this.#dialect.version) return false;
    // What MySQL 5.7 and later brought is nothing for MariaDB, whose numbers are higher.
    const isMariadb = this.#dialect.flavor === 'mariadb';
    return !isMariadb || isOwn || version < 50_700 || version > 99_999;
  }

  /** A comment in a comment ends with its own mark only if the outer one is versioned. */
  #skipComment(): boolean {
    const nests = this.#text[this.#at + 2] === '!' || this.#text.startsWith('M!', this.#at + 2);
    COMMENT_MARK.lastIndex = this.#at + 2;
    let depth = 1;
    while (depth > 0) {
      const mark = COMMENT_MARK.exec(this.#text)?.[0];
      if (mark === undefined) return false;
      if (mark === '*/') depth--;
      else if (nests) depth++;
    }
    this.#at = COMMENT_MARK.lastIndex;
    return true;
  }
}
