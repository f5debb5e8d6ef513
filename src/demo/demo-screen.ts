import type { DemoView } from './terminal-view.ts';
import { renderDemo, renderDemoLine } from './terminal-view.ts';

/** Where the demo shows itself: standard output, or a test. */
export interface DemoOutput {
  /** A terminal is painted over; anything else gets a line now and then. */
  readonly isTerminal: boolean;
  readonly colours: boolean;
  /** Asked for every picture: the window may be resized. */
  columns(): number;
  write(text: string): void;
}

const PLAIN_EVERY_MS = 2000;

/** Draws the demo: a terminal's lines are drawn over the last picture. */
export class DemoScreen {
  readonly #output: DemoOutput;
  #drawnLines = 0;
  #lastPlainMs = -Infinity;

  constructor(output: DemoOutput) {
    this.#output = output;
  }

  draw(view: DemoView): void {
    const output = this.#output;
    if (output.isTerminal) {
      const traits = { columns: output.columns(), colours: output.colours };
      const lines = renderDemo(view, traits);
      const up = this.#drawnLines > 0 ? `\x1b[${this.#drawnLines}A\r\x1b[J` : '';
      output.write(`${up}${lines.join('\n')}\n`);
      this.#drawnLines = lines.length;
    } else if (view.elapsedMs - this.#lastPlainMs >= PLAIN_EVERY_MS) {
      this.#lastPlainMs = view.elapsedMs;
      output.write(`${renderDemoLine(view)}\n`);
    }
  }

  /** A line that stays, below the picture; the next picture begins under it. */
  say(text: string): void {
    this.#drawnLines = 0;
    this.#output.write(`${text}\n`);
  }
}
