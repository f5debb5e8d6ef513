import type { Clock } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { ConsoleOutput } from './console-output.ts';
import { afterKey, FIRST_STATE, type ScreenState } from './status-keys.ts';
import { pictureOf, type StatusAnswer, type StatusPicture } from './status-model.ts';
import { plainStatus, renderStatus, scrolledOf, type ScreenView } from './status-screen.ts';
import { type Key, type Terminal, TerminalScreen } from './terminal-screen.ts';

/** What a daemon is asked by. */
export interface WatchedStatusParts {
  /** Null: nobody answers there now. Throws what asking again does not mend. */
  readonly ask: () => Promise<StatusAnswer | null>;
  /** For whoever reads why there is nothing new. */
  readonly where: string;
  readonly output: ConsoleOutput;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly json: boolean;
  /** Null, or one that is no terminal: lines instead of a picture. */
  readonly terminal: Terminal | null;
}

const ASK_EVERY_MS = 1000;
/** Without a terminal. */
const LINE_EVERY_MS = 5000;

/** `status --watch`: until q, Ctrl-C or a signal. */
export async function watchStatus(parts: WatchedStatusParts): Promise<void> {
  const { terminal, output, json } = parts;
  const draws = terminal?.input.isTTY === true && output.isTerminal && !json;
  if (terminal === null || !draws) await printLines(parts);
  else await new StatusDisplay(parts, terminal).run();
}

async function printLines({ ask, where, output, clock, signal, json }: WatchedStatusParts) {
  let before: StatusAnswer | null = null;
  let picture: StatusPicture | null = null;
  while (!signal.aborted) {
    const now = await ask();
    if (signal.aborted) return;
    if (now !== null) picture = pictureOf(now, before);
    before = now ?? before;
    const problem = now === null ? `no daemon answers at ${where}` : null;
    const time = new Date(clock.nowMs()).toISOString();
    if (json) {
      const shown = now === null ? {} : { ...now.status, tables: now.tables };
      output.json({ time, running: now !== null, ...shown });
    } else {
      const ageMs = before === null ? 0 : clock.monotonicMs() - before.atMs;
      const view = { picture, state: FIRST_STATE, problem, ageMs, nowMs: clock.nowMs() };
      output.line(plainStatus(view, time));
    }
    await clock.sleep(json ? ASK_EVERY_MS : LINE_EVERY_MS, signal);
  }
}

/** The picture: what was answered last, in the way that was chosen by keys. */
class StatusDisplay {
  readonly #parts: WatchedStatusParts;
  readonly #terminal: Terminal;
  readonly #done = new AbortController();
  #state: ScreenState = FIRST_STATE;
  #last: StatusAnswer | null = null;
  #picture: StatusPicture | null = null;
  #problem: string | null = null;
  #screen: TerminalScreen | null = null;

  constructor(parts: WatchedStatusParts, terminal: Terminal) {
    this.#parts = parts;
    this.#terminal = terminal;
  }

  async run(): Promise<void> {
    const { ask, where, clock, signal } = this.#parts;
    const until = AbortSignal.any([signal, this.#done.signal]);
    const key = (one: Key): void => this.#key(one);
    const screen = new TerminalScreen(this.#terminal, key, () => this.#draw());
    this.#screen = screen;
    try {
      this.#draw();
      while (!until.aborted) {
        const now = await ask();
        this.#problem = now === null ? `no daemon answers at ${where}; asking again` : null;
        if (now !== null && !this.#state.isPaused) this.#take(now);
        this.#draw();
        await clock.sleep(ASK_EVERY_MS, until);
      }
    } catch (thrown) {
      if (!until.aborted) throw toTidemarkError(thrown);
    } finally {
      screen.close();
    }
  }

  #take(now: StatusAnswer): void {
    this.#picture = pictureOf(now, this.#last);
    this.#last = now;
  }

  #key(key: Key): void {
    const screen = this.#screen;
    if (screen === null) return;
    const { page, count } = scrolledOf(this.#view(), screen);
    this.#state = afterKey(this.#state, key, page, count);
    if (this.#state.isDone) this.#done.abort();
    else this.#draw();
  }

  #view(): ScreenView {
    const { clock } = this.#parts;
    return {
      picture: this.#picture,
      state: this.#state,
      problem: this.#problem,
      ageMs: this.#last === null ? 0 : clock.monotonicMs() - this.#last.atMs,
      nowMs: clock.nowMs(),
    };
  }

  #draw(): void {
    const screen = this.#screen;
    if (screen === null) return;
    const { width, height } = screen;
    const { colours } = this.#parts.output;
    screen.draw(renderStatus(this.#view(), { width, height, colours }));
  }
}
