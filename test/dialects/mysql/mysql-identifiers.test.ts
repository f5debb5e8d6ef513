import { expect, test } from 'vitest';
import {
  portableText,
  quoteName,
  quoteQualifiedName,
  quoteText,
} from '../../../dialects/mysql/mysql-identifiers.ts';

test('names are quoted each on its own (S14)', () => {
  expect(quoteName('a`b')).toBe('`a``b`');
  expect(quoteQualifiedName('a.b', 'c')).toBe('`a.b`.`c`');
});

test('no text ends its literal, whatever the sql_mode (S24)', () => {
  expect(quoteText("it's")).toBe("'it''s'");
  // With backslashes for escapes this is \' and with none it is two of them: closed by neither.
  expect(quoteText(String.raw`\'`)).toBe(String.raw`'\\'''`);
  expect(portableText(String.raw`\'`)).toBe("_utf8mb4 X'5c27'");
  expect(portableText("it's")).toBe("'it''s'");
});
