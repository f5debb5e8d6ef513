import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BulkColumn } from '../../../dialects/dialect.ts';
import { copyLine, copyValue, stagingTable } from '../../../dialects/postgres/postgres-staging.ts';

function column(plain: boolean): BulkColumn {
  const flags = { isArray: false, notNull: false, hasDefault: false, generated: false };
  return {
    plain,
    column: { name: 'c', type: 'text', castType: 'text', identityAlways: false, ...flags },
  };
}

test('signs that COPY gives a meaning are written as two', () => {
  expect(copyValue('a\\b\tc\nd\re')).toBe('a\\\\b\\tc\\nd\\re');
  expect(copyValue('\\N')).toBe('\\\\N');
  expect(copyValue('\\.')).toBe('\\\\.');
  expect(copyValue('{"a": "b, c"}')).toBe('{"a": "b, c"}');
});

test('a value is one field of one line, whatever it holds, and is read as it was', () => {
  const names: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
  const special = fc.string({ unit: fc.constantFrom('\\', '\t', '\n', '\r', 'N', '.', 'é', '𝄞') });
  fc.assert(
    fc.property(special, (text) => {
      const written = copyValue(text);
      expect(written).not.toMatch(/[\t\n\r]/);
      expect(written.replaceAll(/\\(.)/g, (_, sign: string) => names[sign] ?? '?')).toBe(text);
    }),
  );
});

test('a line has the columns asked for, in their order, and null as no text is written', () => {
  const line = copyLine([column(true), column(false), column(false)]);
  expect(line(['x', 'a\tb', undefined, null, '7'], [4, 1, 3])).toBe('7\ta\\tb\t\\N\n');
});

test('statements never share a table', () => {
  const [one, other] = ['INSERT INTO a', 'INSERT INTO b'].map((statement) =>
    stagingTable(['bigint', 'text'], statement),
  );
  expect(one?.table).not.toBe(other?.table);
  expect(one?.table).toMatch(/^pg_temp\.tidemark_rows_[0-9a-f]{24}$/);
  expect(one?.create).toContain('(c0 bigint, c1 text) ON COMMIT DELETE ROWS');
});
