/** A statement of a script for the program `mysql`, or a command for the program itself. */
export interface MysqlScriptStatement {
  readonly text: string;
  /** Of its first character, from 1. */
  readonly line: number;
  /** `\! …` and its like, which no server knows. */
  readonly isCommand: boolean;
}

const BLANKS = /[\s\0\uFEFF]*/y;
const DELIMITER = /delimiter[ \t]+([^\s]+)[^\n]*/iy;
/** A comment that no server runs; `--` needs a blank behind it. */
const PLAIN_COMMENT = /#[^\n]*|--(?:[ \t][^\n]*|(?=\n|$))|\/\*(?![!]|M!)[^]*?(?:\*\/|$)/y;
const ENDED_BY_LETTER = /\\[gG]/y;

/**
 * Cuts a script where the program `mysql` would: at the delimiter, which a line may change, outside
 * of strings, quoted names and comments. What stands behind the last one is a statement, too.
 */
export function splitMysqlScript(script: string): readonly MysqlScriptStatement[] {
  return new ScriptCutter(script).cut();
}

class ScriptCutter {
  readonly #text: string;
  readonly #statements: MysqlScriptStatement[] = [];
  #at = 0;
  #delimiter = ';';
  #line = 1;
  #counted = 0;

  constructor(text: string) {
    this.#text = text;
  }

  cut(): readonly MysqlScriptStatement[] {
    while (this.#begin()) {
      const start = this.#at;
      if (this.#text[start] === '\\') {
        this.#at = this.#endOfLine();
        this.#push(start, this.#at, true);
      } else {
        const end = this.#toDelimiter();
        this.#push(start, end, false);
      }
    }
    return this.#statements;
  }

  /** To the first character of a statement; false where there is none any more. */
  #begin(): boolean {
    while (true) {
      const passed = this.#match(BLANKS) ?? '';
      this.#at += passed.length;
      const skipped = this.#match(PLAIN_COMMENT) ?? (this.#isAtDelimiter() ? this.#delimiter : '');
      if (skipped !== '') {
        this.#at += skipped.length;
        continue;
      }
      const other = this.#isLineBegin() ? this.#matchDelimiter() : null;
      if (other === null) return this.#at < this.#text.length;
      this.#delimiter = other;
    }
  }

  #isLineBegin(): boolean {
    const before = this.#text.lastIndexOf('\n', this.#at - 1);
    return /^[\s\0\uFEFF]*$/.test(this.#text.slice(this.#at === 0 ? 0 : before + 1, this.#at));
  }

  #matchDelimiter(): string | null {
    DELIMITER.lastIndex = this.#at;
    const found = DELIMITER.exec(this.#text);
    if (found === null) return null;
    this.#at += found[0].length;
    return found[1] ?? ';';
  }

  /** Behind the delimiter; returns where the statement ends. */
  #toDelimiter(): number {
    const text = this.#text;
    while (this.#at < text.length) {
      if (this.#isAtDelimiter()) {
        const end = this.#at;
        this.#at += this.#delimiter.length;
        return end;
      }
      const letter = this.#match(ENDED_BY_LETTER);
      if (letter !== null) {
        const end = this.#at;
        this.#at += letter.length;
        return end;
      }
      const char = text[this.#at] ?? '';
      const comment = this.#match(PLAIN_COMMENT);
      if (comment !== null && comment !== '') this.#at += comment.length;
      else if (char === "'" || char === '"' || char === '`') this.#passQuoted(char);
      else this.#at++;
    }
    return text.length;
  }

  /** A doubled quote is the end of one and the beginning of another. */
  #passQuoted(quote: string): void {
    const text = this.#text;
    this.#at++;
    while (this.#at < text.length) {
      const char = text[this.#at++];
      if (char === quote) return;
      if (char === '\\' && quote !== '`') this.#at++;
    }
  }

  #isAtDelimiter(): boolean {
    return this.#text.startsWith(this.#delimiter, this.#at);
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? null;
  }

  #push(start: number, end: number, isCommand: boolean): void {
    for (; this.#counted < start; this.#counted++) {
      if (this.#text[this.#counted] === '\n') this.#line++;
    }
    const text = this.#text.slice(start, end).trimEnd();
    if (text !== '') this.#statements.push({ text, line: this.#line, isCommand });
  }
}
