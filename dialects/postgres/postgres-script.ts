/**
 * A piece of a script: `name` was quoted, `body` stands between dollars; `broken` is a string, name
 * or comment without an end, and `end` comes for ever.
 */
export type ScriptTokenKind =
  'word' | 'name' | 'string' | 'body' | 'number' | 'punctuation' | 'broken' | 'end';

/** With its place in the text. */
export interface ScriptToken {
  readonly kind: ScriptTokenKind;
  /** Of strings, names and bodies what stands inside, else what is written. */
  readonly text: string;
  /** Of words in capitals, of others empty: only words are keywords. */
  readonly upper: string;
  readonly start: number;
  readonly end: number;
}

/** A statement of a script, or a command that the script's program would take for itself. */
export interface ScriptStatement {
  readonly text: string;
  /** Of its first token, from 1. */
  readonly line: number;
  readonly tokens: readonly ScriptToken[];
  /** `\connect` and its like, which no server knows. */
  readonly isMeta: boolean;
}

const BLANKS = /[\s\0\uFEFF]*/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*/y;
const DOLLARS = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const COMMENT_MARK = /\/\*|\*\//g;

/** Cuts SQL into tokens as the server's lexer does; comments go. Nothing here fails. */
export class PostgresTokenizer {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The rest of the line, which is passed over. */
  restOfLine(): string {
    const end = this.#text.indexOf('\n', this.#at);
    const from = this.#at;
    this.#at = end < 0 ? this.#text.length : end;
    return this.#text.slice(from, this.#at).trim();
  }

  /** The next token; behind the last one `end`, as often as asked. */
  next(): ScriptToken {
    const start = this.#at;
    if (!this.#skipBlanks()) return this.#token('broken', start, this.#text.length);
    const at = this.#at;
    const char = this.#text[at];
    if (char === undefined) return this.#token('end', at, at);
    if (char === "'") return this.#quoted('string', at, at, false);
    if (char === '"') return this.#quoted('name', at, at, false);
    const dollars = char === '$' ? this.#match(DOLLARS) : null;
    if (dollars !== null) return this.#body(at, dollars);
    const word = this.#match(WORD);
    if (word !== null) {
      const end = at + word.length;
      const isEscaped = word.toUpperCase() === 'E' && this.#text[end] === "'";
      return isEscaped ? this.#quoted('string', at, end, true) : this.#token('word', at, end);
    }
    const number = this.#match(NUMBER);
    if (number !== null) return this.#token('number', at, at + number.length);
    return this.#token('punctuation', at, at + 1);
  }

  #token(
    kind: ScriptTokenKind,
    start: number,
    end: number,
    text = this.#text.slice(start, end),
  ): ScriptToken {
    this.#at = end;
    return { kind, text, upper: kind === 'word' ? text.toUpperCase() : '', start, end };
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? null;
  }

  #body(start: number, tag: string): ScriptToken {
    const from = start + tag.length;
    const end = this.#text.indexOf(tag, from);
    if (end < 0) return this.#token('broken', start, this.#text.length);
    return this.#token('body', start, end + tag.length, this.#text.slice(from, end));
  }

  #quoted(kind: 'string' | 'name', start: number, open: number, isEscaped: boolean): ScriptToken {
    const text = this.#text;
    const quote = text[open] ?? '';
    let inside = '';
    for (let at = open + 1; at < text.length; at++) {
      const char = text[at] ?? '';
      if (isEscaped && char === '\\') {
        inside += text[++at] ?? '';
      } else if (char !== quote) {
        inside += char;
      } else if (text[at + 1] === quote) {
        inside += text[at++];
      } else {
        return this.#token(kind, start, at + 1, inside);
      }
    }
    return this.#token('broken', start, text.length);
  }

  /** Passes over space and comments, which nest; false when one has no end. */
  #skipBlanks(): boolean {
    while (true) {
      this.#at += this.#match(BLANKS)?.length ?? 0;
      if (this.#text.startsWith('--', this.#at)) {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end < 0 ? this.#text.length : end + 1;
      } else if (this.#text.startsWith('/*', this.#at)) {
        if (!this.#skipComment()) return false;
      } else {
        return true;
      }
    }
  }

  #skipComment(): boolean {
    COMMENT_MARK.lastIndex = this.#at + 2;
    for (let depth = 1; depth > 0;) {
      const mark = COMMENT_MARK.exec(this.#text)?.[0];
      if (mark === undefined) return false;
      depth += mark === '/*' ? 1 : -1;
    }
    this.#at = COMMENT_MARK.lastIndex;
    return true;
  }
}

/** All tokens of a piece of SQL, such as the body of a function. */
export function postgresTokens(text: string): readonly ScriptToken[] {
  const tokenizer = new PostgresTokenizer(text);
  const tokens: ScriptToken[] = [];
  for (let token = tokenizer.next(); token.kind !== 'end'; token = tokenizer.next()) {
    tokens.push(token);
  }
  return tokens;
}

/**
 * Cuts a script where psql would: at semicolons outside of parentheses, strings and the bodies of
 * functions (`BEGIN ATOMIC … END`). What stands behind the last one is a statement, too.
 */
export function splitPostgresScript(text: string): readonly ScriptStatement[] {
  const tokenizer = new PostgresTokenizer(text);
  const statements: ScriptStatement[] = [];
  const lines = new LineCounter(text);
  let tokens: ScriptToken[] = [];
  let nesting = new Nesting();
  const close = (): void => {
    const [first, last] = [tokens[0], tokens.at(-1)];
    if (first !== undefined && last !== undefined) {
      const sql = text.slice(first.start, last.end);
      statements.push({ text: sql, line: lines.at(first.start), tokens, isMeta: false });
    }
    tokens = [];
    nesting = new Nesting();
  };
  for (let token = tokenizer.next(); token.kind !== 'end'; token = tokenizer.next()) {
    if (token.kind === 'punctuation' && token.text === '\\') {
      const command = `\\${tokenizer.restOfLine()}`;
      const line = lines.at(token.start);
      statements.push({ text: command, line, tokens: [...tokens], isMeta: true });
    } else if (token.text === ';' && token.kind === 'punctuation' && nesting.isFlat) {
      close();
    } else {
      tokens.push(token);
      nesting.take(token, tokens);
    }
  }
  close();
  return statements;
}

const CREATES_ROUTINE = /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)$/;

/** What a semicolon would be inside of. */
class Nesting {
  #parentheses = 0;
  #blocks = 0;
  #isRoutine = false;

  get isFlat(): boolean {
    return this.#parentheses === 0 && this.#blocks === 0;
  }

  take({ kind, text, upper }: ScriptToken, tokens: readonly ScriptToken[]): void {
    if (kind === 'punctuation') {
      if (text === '(') this.#parentheses++;
      else if (text === ')' && this.#parentheses > 0) this.#parentheses--;
    } else if (kind === 'word') {
      if (tokens.length <= 4 && !this.#isRoutine) {
        this.#isRoutine = CREATES_ROUTINE.test(tokens.map((token) => token.upper).join(' '));
      }
      if (!this.#isRoutine) return;
      if (upper === 'BEGIN' || (upper === 'CASE' && this.#blocks > 0)) this.#blocks++;
      else if (upper === 'END' && this.#blocks > 0) this.#blocks--;
    }
  }
}

/** Lines of places that only go up. */
class LineCounter {
  readonly #text: string;
  #line = 1;
  #seen = 0;

  constructor(text: string) {
    this.#text = text;
  }

  at(place: number): number {
    for (; this.#seen < place; this.#seen++) if (this.#text[this.#seen] === '\n') this.#line++;
    return this.#line;
  }
}
