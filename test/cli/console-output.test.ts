import { describe, expect, test } from 'vitest';
import { ConsoleOutput } from '../../src/cli/console-output.ts';

function captured(isTTY: boolean, environment: Record<string, string> = {}) {
  const texts = { out: '', err: '' };
  const output = new ConsoleOutput(
    { isTTY, write: (text) => (texts.out += text) },
    { isTTY, write: (text) => (texts.err += text) },
    environment,
  );
  return { output, texts };
}

describe('ConsoleOutput', () => {
  test('colours only on a terminal that wants them', () => {
    expect(captured(true).output.style('red', 'x')).toBe('\u001B[31mx\u001B[39m');
    expect(captured(false).output.style('red', 'x')).toBe('x');
    expect(captured(true, { NO_COLOR: '1' }).output.style('red', 'x')).toBe('x');
    expect(captured(true, { TERM: 'dumb' }).output.errorStyle('red', 'x')).toBe('x');
    // The standard says: only a value that is not empty.
    expect(captured(true, { NO_COLOR: '' }).output.colours).toBe(true);
    expect(captured(true, { TERM: 'xterm' }).output.isTerminal).toBe(true);
    expect(captured(true, { TERM: 'dumb' }).output.isTerminal).toBe(false);
    expect(captured(true).output.showsErrorsOnTerminal).toBe(true);
    expect(captured(false).output.showsErrorsOnTerminal).toBe(false);
  });

  test('remarks do not stand among results', () => {
    const { output, texts } = captured(false);
    output.warning('careful');
    output.line('result');
    output.json({ lsn: 5n });
    expect(texts).toEqual({ out: 'result\n{"lsn":"5"}\n', err: 'warning: careful\n' });
  });

  test('columns are as wide as their widest cell, without trailing blanks', () => {
    const { output, texts } = captured(false);
    output.table([
      ['a', 'name'],
      ['longer', 'x'],
    ]);
    expect(texts.out).toBe('a       name\nlonger  x\n');
  });
});
