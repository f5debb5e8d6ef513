import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { RowImage } from '../../../../src/model/row-image.ts';
import { readCopyRow } from '../../../../src/source/postgres/snapshot/copy-text.ts';

const ESCAPED: Readonly<Record<string, string>> = {
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': String.raw`\\`,
};

/** What the server's CopyAttributeOutText does. */
function copyLine(values: readonly (string | null)[]): string {
  const fields = values.map((value) =>
    value === null
      ? String.raw`\N`
      : value.replaceAll(/[\b\f\n\r\t\v\\]/g, (char) => ESCAPED[char] as string),
  );
  return `${fields.join('\t')}\n`;
}

function readLine(line: string, columns: number, padding = 0): (string | null | undefined)[] {
  const bytes = Buffer.concat([
    Buffer.alloc(padding, 0x5c),
    Buffer.from(line),
    Buffer.alloc(padding, 9),
  ]);
  const image = new RowImage();
  readCopyRow(bytes, padding, bytes.length - padding, image, columns);
  return Array.from({ length: image.count }, (_, i) => image.text(i));
}

describe('readCopyRow', () => {
  test.each<[string, string, (string | null)[]]>([
    ['plain values', '1\tabc\n', ['1', 'abc']],
    ['null is not the text N', '\\N\tN\n', [null, 'N']],
    ['a backslash before N inside a value', 'a\\\\N\n', ['a\\N']],
    ['a value that begins with an escaped backslash', '\\\\N\n', ['\\N']],
    ['empty strings', '\t\n', ['', '']],
    ['all escapes', '\\b\\f\\n\\r\\t\\v\\\\\n', ['\b\f\n\r\t\v\\']],
    ['the end-of-data mark of old protocols as a value', '\\\\.\n', ['\\.']],
    ['one empty column', '\n', ['']],
  ])('%s', (_, line, values) => {
    expect(readLine(line, values.length)).toEqual(values);
  });

  test('a row without columns is an empty line', () => {
    expect(readLine('\n', 0)).toEqual([]);
    expect(() => readLine('a\n', 0)).toThrow(DecodeError);
  });

  test.each([
    ['too few columns', '1\t2\n', 3],
    ['too many columns', '1\t2\n', 1],
    ['no newline', '1\t2', 2],
    ['nothing', '', 1],
    ['a newline in the middle', '1\n2\n', 2],
    ['an escape that the server never writes', '\\x41\n', 1],
    ['a backslash at the end', 'a\\\n', 1],
    ['something behind a null', '\\Nx\ty\n', 2],
    ['something behind the last null', '\\Nx\n', 1],
  ])('refuses %s', (_, line, columns) => {
    expect(() => readLine(line, columns)).toThrow(DecodeError);
  });

  test('reads what the server writes of any text', () => {
    const value = fc.option(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: fc.constantFrom('\\', 'N', '\t', '\n', 'a', '\r', '\b', 'ü', '.') }),
      ),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), fc.nat(3), (values, pad) => {
        expect(readLine(copyLine(values), values.length, pad)).toEqual(values);
      }),
    );
  });

  test('any bytes give a row or a DecodeError, and nothing past the range is touched', () => {
    const soup = fc.string({
      unit: fc.constantFrom('\\', 'N', '\t', '\n', 'a', 'n'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(soup, fc.nat(4), (line, columns) => {
        const bytes = Buffer.from(`${line}|rest`);
        const end = bytes.length - 5;
        try {
          readCopyRow(bytes, 0, end, new RowImage(), columns);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
        expect(bytes.toString('utf8', end)).toBe('|rest');
      }),
      { numRuns: 2000 },
    );
  });
});
