/** What the console writes to: `process.stdout` and `process.stderr` have this shape. */
export interface TextStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** `written` is called when the text has left the process. */
  write(text: string, written?: () => void): unknown;
}

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
};

/**
 * The one way in which commands print. Results go to standard output, everything else to standard
 * error; with `--json` standard output carries JSON and nothing else.
 */
export class ConsoleOutput {
  readonly #out: TextStream;
  readonly #err: TextStream;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(
    out: TextStream,
    err: TextStream,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.#out = out;
    this.#err = err;
    this.#environment = environment;
  }

  /** A terminal on which one can draw over what stands there: a dumb one takes lines only. */
  get isTerminal(): boolean {
    return this.#out.isTTY === true && this.#environment['TERM'] !== 'dumb';
  }

  /** Whether remarks and errors are read where they are written. */
  get showsErrorsOnTerminal(): boolean {
    return this.#err.isTTY === true;
  }

  get columns(): number {
    return this.#out.columns ?? 80;
  }

  get colours(): boolean {
    return this.isTerminal && this.#allowsColour();
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  /** Raw text, for pictures that are drawn over. */
  write(text: string): void {
    this.#out.write(text);
  }

  /** Raw text of any length: resolves when the reader, if there is one, took it. */
  async writeThrough(text: string): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#out.write(text, resolve);
    });
  }

  /** One JSON document on one line. */
  json(value: unknown): void {
    this.#out.write(`${JSON.stringify(value, jsonValue)}\n`);
  }

  /** A remark that is no result. */
  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  warning(text: string): void {
    this.note(`${this.#styled('yellow', 'warning:', this.#err)} ${text}`);
  }

  style(style: Style, text: string): string {
    return this.#styled(style, text, this.#out);
  }

  errorStyle(style: Style, text: string): string {
    return this.#styled(style, text, this.#err);
  }

  /** Rows as columns of equal width; the first row is the heading. */
  table(rows: readonly (readonly string[])[]): void {
    const widths: number[] = [];
    for (const row of rows) {
      for (const [column, cell] of row.entries()) {
        widths[column] = Math.max(widths[column] ?? 0, cell.length);
      }
    }
    for (const [index, row] of rows.entries()) {
      const text = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
      this.line(index === 0 ? this.style('bold', text.trimEnd()) : text.trimEnd());
    }
  }

  #styled(style: Style, text: string, stream: TextStream): string {
    if (stream.isTTY !== true || !this.#allowsColour()) return text;
    const [on, off] = CODES[style];
    return `\u001B[${on}m${text}\u001B[${off}m`;
  }

  #allowsColour(): boolean {
    const noColour = this.#environment['NO_COLOR'];
    return (noColour === undefined || noColour === '') && this.#environment['TERM'] !== 'dumb';
  }
}

/** LSNs and offsets may be bigints. */
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
