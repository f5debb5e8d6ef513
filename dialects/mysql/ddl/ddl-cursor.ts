import type { DdlDialect } from './ddl-dialect.ts';
import type { TableName } from './ddl-syntax.ts';
import type { Token } from './ddl-tokens.ts';
import { DdlTokenizer } from './ddl-tokens.ts';

/**
 * The text is not what the parser expected. It never leaves the parser: the statement is then
 * uncertain, and the tables that it names are read again.
 */
export class DdlSyntaxError extends Error {
  constructor(wanted: string, found: Token) {
    super(`${wanted} expected at character ${found.start}`);
    this.name = 'DdlSyntaxError';
  }
}

/** Reads tokens with look-ahead, and what statements of all kinds have in common. */
export class DdlCursor {
  readonly text: string;
  readonly dialect: DdlDialect;
  readonly #tokenizer: DdlTokenizer;
  readonly #tokens: Token[] = [];
  #at = 0;
  /** Where the token before the current one ended. */
  #consumed = 0;

  constructor(text: string, dialect: DdlDialect) {
    this.text = text;
    this.dialect = dialect;
    this.#tokenizer = new DdlTokenizer(text, dialect);
  }

  /** The token `ahead` places on. */
  peek(ahead = 0): Token {
    while (this.#tokens.length <= this.#at + ahead) this.#tokens.push(this.#tokenizer.next());
    return this.#tokens[this.#at + ahead] as Token;
  }

  advance(): Token {
    const token = this.peek();
    this.#at++;
    this.#consumed = token.end;
    return token;
  }

  /** Where the cursor stands, for `reset` and `textSince`. */
  get position(): number {
    return this.#at;
  }

  reset(position: number): void {
    this.#at = position;
  }

  /** What is written from the token at `position` to the last one that was read. */
  textSince(position: number): string {
    const first = this.#tokens[position];
    return first === undefined || position >= this.#at
      ? ''
      : this.text.slice(first.start, this.#consumed);
  }

  fail(wanted: string): never {
    throw new DdlSyntaxError(wanted, this.peek());
  }

  isWord(word: string, ahead = 0): boolean {
    return this.peek(ahead).upper === word;
  }

  /** Whether the next word is one of these. */
  isOneOf(words: ReadonlySet<string>, ahead = 0): boolean {
    return words.has(this.peek(ahead).upper);
  }

  /** Reads these words if all of them come next. */
  accept(...words: readonly string[]): boolean {
    for (let i = 0; i < words.length; i++) {
      if (this.peek(i).upper !== words[i]) return false;
    }
    for (let i = 0; i < words.length; i++) this.advance();
    return true;
  }

  expect(word: string): void {
    if (!this.accept(word)) this.fail(word);
  }

  isMark(mark: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'punctuation' && token.text === mark;
  }

  acceptMark(mark: string): boolean {
    if (!this.isMark(mark)) return false;
    this.advance();
    return true;
  }

  expectMark(mark: string): void {
    if (!this.acceptMark(mark)) this.fail(mark);
  }

  /** The statement is over: at its end or at a `;`. */
  isEnd(): boolean {
    return this.peek().kind === 'end' || this.isMark(';');
  }

  isName(ahead = 0): boolean {
    const { kind } = this.peek(ahead);
    return kind === 'word' || kind === 'name';
  }

  name(): string {
    return this.isName() ? this.advance().text : this.fail('a name');
  }

  /** `t`, `db.t`, `.t`. */
  tableName(): TableName {
    const leadingDot = this.acceptMark('.');
    const first = this.name();
    if (leadingDot || !this.acceptMark('.')) return { database: null, name: first };
    return { database: first, name: this.name() };
  }

  /** A column, which may have its table's name before it: `t.a`, `db.t.a`, `.a`. */
  columnName(): string {
    this.acceptMark('.');
    let name = this.name();
    while (this.acceptMark('.')) name = this.name();
    return name;
  }

  /** Adjacent strings are one. */
  string(): string {
    if (this.peek().kind !== 'string') this.fail('a string');
    let text = this.advance().text;
    while (this.peek().kind === 'string') text += this.advance().text;
    return text;
  }

  integer(): number {
    const token = this.peek();
    const value =
      token.kind === 'number' && /^\d{1,10}$/.test(token.text) ? Number(token.text) : -1;
    if (value < 0 || value > 0xffff_ffff) this.fail('a number');
    this.advance();
    return value;
  }

  /** Reads from an opening bracket to the one that closes it; returns what stands between. */
  brackets(): string {
    const open = this.peek();
    if (!this.isMark('(')) this.fail('(');
    let depth = 0;
    do {
      const token = this.advance();
      if (token.kind === 'end' || token.kind === 'broken') this.fail(')');
      if (token.kind !== 'punctuation') continue;
      if (token.text === '(') depth++;
      else if (token.text === ')') depth--;
    } while (depth > 0);
    return this.text.slice(open.end, this.#consumed - 1);
  }

  /** Passes over whatever comes until a comma, a closing bracket or the end, all at this level. */
  skipItem(): void {
    while (!this.isEnd() && !this.isMark(',') && !this.isMark(')')) {
      if (this.isMark('(')) this.brackets();
      else if (this.peek().kind === 'broken') this.fail('an end of the string');
      else this.advance();
    }
  }

  /** IF EXISTS or IF NOT EXISTS. */
  acceptIfExists(): boolean {
    return this.accept('IF', 'EXISTS');
  }

  acceptIfNotExists(): boolean {
    return this.accept('IF', 'NOT', 'EXISTS');
  }
}
