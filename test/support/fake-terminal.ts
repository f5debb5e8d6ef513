import { EventEmitter } from 'node:events';
import type { Terminal } from '../../src/cli/terminal-screen.ts';

/** A terminal of 80 by 12 that remembers what was done to it. */
export class FakeTerminal implements Terminal {
  readonly events: string[] = [];
  /** All that was written. */
  written = '';
  /** What the end of the process would call; null: nothing. */
  restore: (() => void) | null = null;

  readonly input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (raw: boolean) => this.events.push(`raw ${raw}`),
    resume: () => this.events.push('resume'),
    pause: () => this.events.push('pause'),
  });

  readonly output = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 80,
    rows: 12,
    write: (text: string) => (this.written += text),
  });

  atExit(restore: () => void): () => void {
    this.restore = restore;
    return () => {
      this.restore = null;
    };
  }

  type(text: string): void {
    this.input.emit('data', Buffer.from(text));
  }

  /** What was written since the last time. */
  taken(): string {
    const text = this.written;
    this.written = '';
    return text;
  }
}
