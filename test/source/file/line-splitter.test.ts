import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONTEXT_BYTES, LineSplitter } from '../../../src/source/file/line-splitter.ts';

interface Cut {
  readonly line: string;
  readonly position: number;
}

function cut(splitter: LineSplitter, chunks: readonly Buffer[]): Cut[] {
  const lines: Cut[] = [];
  const take = (bytes: Buffer | null): boolean => {
    if (bytes === null) return false;
    lines.push({ line: bytes.toString('utf8'), position: splitter.position });
    return true;
  };
  for (const chunk of chunks) {
    splitter.push(chunk);
    while (take(splitter.next()));
  }
  take(splitter.rest());
  return lines;
}

test('lines do not depend on how their bytes came, and positions lead to the same rest', () => {
  const piece = fc.oneof(fc.constantFrom('\n', '\r', '\r\n', 'é', '😀', ''), fc.string());
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat({ max: 9 })), (pieces, sizes) => {
      const text = pieces.join('');
      const bytes = Buffer.from(text.toWellFormed());
      const wanted = bytes.toString('utf8').split(/\r\n|\n|\r/);
      if (wanted.at(-1) === '') wanted.pop();
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      chunks.push(bytes.subarray(at));
      const lines = cut(new LineSplitter(), chunks);
      expect(lines.map(({ line }) => line)).toEqual(wanted);
      for (const [i, { position }] of lines.entries()) {
        const before = bytes.subarray(Math.max(0, position - CONTEXT_BYTES), position);
        const again = new LineSplitter(position, before);
        expect(again.context.equals(before)).toBe(true);
        expect(cut(again, [bytes.subarray(position)])).toEqual(lines.slice(i + 1));
      }
    }),
  );
});

test('a line without its end is kept, a carriage return at the end of input waits', () => {
  const splitter = new LineSplitter();
  splitter.push(Buffer.from('ab\r'));
  expect(splitter.next()).toBeNull();
  expect([splitter.position, splitter.end, splitter.pending]).toEqual([0, 3, 3]);
  splitter.push(Buffer.from('\ncd'));
  expect(splitter.next()?.toString()).toBe('ab');
  expect(splitter.next()).toBeNull();
  expect([splitter.position, splitter.pending]).toEqual([4, 2]);
  expect(splitter.context.toString()).toBe('ab\r\n');
  expect(splitter.lastBytes.toString()).toBe('ab\r\ncd');
  expect(splitter.rest()?.toString()).toBe('cd');
  expect(splitter.rest()).toBeNull();
});
