import { expect, test } from 'vitest';
import { keysOf, TerminalScreen, type Key } from '../../src/cli/terminal-screen.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';

test('only lines that changed are written, as one frame', () => {
  const terminal = new FakeTerminal();
  const screen = new TerminalScreen(
    terminal,
    () => undefined,
    () => undefined,
  );
  expect(terminal.taken()).toContain('\u001B[?1049h\u001B[?25l');
  screen.draw(['one', 'two', 'three']);
  terminal.taken();
  screen.draw(['one', 'TWO', 'three']);
  expect(terminal.taken()).toBe('\u001B[?2026h\u001B[2;1HTWO\u001B[0m\u001B[K\u001B[?2026l');
  screen.draw(['one', 'TWO', 'three']);
  expect(terminal.taken()).toBe('');
  screen.draw(['one']);
  expect(terminal.taken()).toContain('\u001B[3;1H\u001B[0m\u001B[K');
  screen.close();
});

test('a window of another size is drawn anew', () => {
  const terminal = new FakeTerminal();
  let resized = 0;
  const screen = new TerminalScreen(
    terminal,
    () => undefined,
    () => resized++,
  );
  screen.draw(['one']);
  terminal.taken();
  terminal.output.emit('resize');
  expect(resized).toBe(1);
  screen.draw(['one']);
  expect(terminal.taken()).toMatch(/2J.*one/s);
  screen.close();
});

test('the terminal is put back once, at the end or when the process goes', () => {
  for (const how of ['close', 'exit'] as const) {
    const terminal = new FakeTerminal();
    const screen = new TerminalScreen(
      terminal,
      () => undefined,
      () => undefined,
    );
    expect(terminal.events).toEqual(['raw true', 'resume']);
    terminal.taken();
    if (how === 'close') screen.close();
    else terminal.restore?.();
    screen.close();
    expect(terminal.taken()).toBe('\u001B[0m\u001B[?25h\u001B[?1049l');
    expect(terminal.events).toEqual(['raw true', 'resume', 'raw false', 'pause']);
    expect(terminal.restore).toBeNull();
    screen.draw(['late']);
    expect(terminal.taken()).toBe('');
    expect(terminal.input.listenerCount('data')).toBe(0);
    expect(terminal.output.listenerCount('resize')).toBe(0);
  }
});

test('keys, also several at once, and sequences that mean nothing here', () => {
  const seen: Key[] = [];
  const terminal = new FakeTerminal();
  const screen = new TerminalScreen(
    terminal,
    (key) => seen.push(key),
    () => undefined,
  );
  terminal.input.emit('data', Buffer.from('q\u001B[A\u001B[5~\u0003'));
  expect(seen).toEqual([{ char: 'q' }, 'up', 'pageup', 'interrupt']);
  screen.close();
  expect(keysOf('\u001B')).toEqual(['escape']);
  expect(keysOf('\u001B[15~\u001B[1;5C\u0001')).toEqual([]);
  expect(keysOf('é\r\u007F')).toEqual([{ char: 'é' }, 'enter', 'backspace']);
});
