/** The terminal as the process has it: `process.stdin`, `process.stdout` and its end. */
export interface Terminal {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
  /** Called once before the process goes, however it goes (but for SIGKILL). */
  atExit(restore: () => void): () => void;
}

/** What keys come from. */
export interface TerminalInput {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** What is drawn on. */
export interface TerminalOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** A key by its name, or the character itself. */
export type Key =
  | 'up'
  | 'down'
  | 'pageup'
  | 'pagedown'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'backspace'
  | 'interrupt'
  | { readonly char: string };

const ENTER = '\u001B[?1049h\u001B[?25l\u001B[H\u001B[2J';
const LEAVE = '\u001B[0m\u001B[?25h\u001B[?1049l';
/** Terminals that know it show a frame as a whole; the others pass over it. */
const BEGIN_FRAME = '\u001B[?2026h';
const END_FRAME = '\u001B[?2026l';

/**
 * The whole screen, drawn frame by frame: only lines that changed are written, so nothing flickers.
 * What stood there before comes back when it is closed, or when the process ends.
 */
export class TerminalScreen {
  readonly #terminal: Terminal;
  readonly #onKey: (key: Key) => void;
  readonly #onResize: () => void;
  readonly #forget: () => void;
  #drawn: readonly string[] = [];
  #isOpen = true;

  constructor(terminal: Terminal, onKey: (key: Key) => void, onResize: () => void) {
    this.#terminal = terminal;
    this.#onKey = onKey;
    this.#onResize = onResize;
    this.#forget = terminal.atExit(() => this.close());
    const { input, output } = terminal;
    output.write(ENTER);
    input.setRawMode?.(true);
    input.on('data', this.#data);
    input.resume();
    output.on('resize', this.#resized);
  }

  get width(): number {
    return this.#terminal.output.columns ?? 80;
  }

  get height(): number {
    return this.#terminal.output.rows ?? 24;
  }

  /** Lines of at most the width, at most the height. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const count = Math.max(lines.length, this.#drawn.length);
    let text = '';
    for (let row = 0; row < count && row < this.height; row++) {
      const line = lines[row] ?? '';
      if (line !== this.#drawn[row]) text += `\u001B[${row + 1};1H${line}\u001B[0m\u001B[K`;
    }
    this.#drawn = lines;
    if (text !== '') this.#terminal.output.write(`${BEGIN_FRAME}${text}${END_FRAME}`);
  }

  /** Puts the terminal back as it was; again is harmless. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { input, output } = this.#terminal;
    input.off('data', this.#data);
    output.off('resize', this.#resized);
    input.setRawMode?.(false);
    input.pause();
    output.write(LEAVE);
    this.#forget();
  }

  readonly #data = (bytes: Buffer): void => {
    for (const key of keysOf(bytes.toString('utf8'))) this.#onKey(key);
  };

  readonly #resized = (): void => {
    // What the terminal has made of the old frame is not known.
    this.#drawn = [];
    this.#terminal.output.write('\u001B[2J');
    this.#onResize();
  };
}

const SEQUENCES: Readonly<Record<string, Key>> = {
  '\u001B[A': 'up',
  '\u001B[B': 'down',
  '\u001BOA': 'up',
  '\u001BOB': 'down',
  '\u001B[5~': 'pageup',
  '\u001B[6~': 'pagedown',
  '\u001B[H': 'home',
  '\u001B[F': 'end',
  '\u001BOH': 'home',
  '\u001BOF': 'end',
  '\u001B[1~': 'home',
  '\u001B[4~': 'end',
  '\u0003': 'interrupt',
  '\r': 'enter',
  '\n': 'enter',
  '\u007F': 'backspace',
  '\b': 'backspace',
};

/** A key press with others of its kind: CSI, SS3, or one character. */
// eslint-disable-next-line no-control-regex -- keys are control characters
const PRESS = /\u001B\[[0-9;?]*[ -/]*[@-~]|\u001BO.|[\s\S]/gu;

/** What was typed; sequences that mean nothing here are left out. */
export function keysOf(text: string): readonly Key[] {
  return (text.match(PRESS) ?? []).flatMap((press): Key[] => {
    const known = SEQUENCES[press];
    if (known !== undefined) return [known];
    if (press === '\u001B') return ['escape'];
    return press.length > 2 || press < ' ' ? [] : [{ char: press }];
  });
}
