import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DdlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { DdlTokenizer } from '../../../../dialects/mysql/ddl/ddl-tokens.ts';
import { MARIADB, MYSQL, MYSQL57 } from '../../../support/mysql-ddl.ts';

function tokens(text: string, dialect: DdlDialect = MYSQL): string[] {
  const tokenizer = new DdlTokenizer(text, dialect);
  const found: string[] = [];
  for (let token = tokenizer.next(); token.kind !== 'end'; token = tokenizer.next()) {
    found.push(
      token.kind === 'word' || token.kind === 'punctuation'
        ? token.text
        : `${token.kind}:${token.text}`,
    );
  }
  return found;
}

const words = (text: string, dialect?: DdlDialect): string => tokens(text, dialect).join(' ');

describe('pieces of a statement (PITFALLS B95)', () => {
  test.each([
    ['a b', 'a b'],
    ['a.b . c', 'a . b . c'],
    ['db.1st', 'db . 1st'],
    ['1st $x _y ü', '1st $x _y ü'],
    ['1e5 1e5x 1.5 .5 -7', 'number:1e5 1e5x number:1.5 number:.5 - number:7'],
    ['0x1F 0b101 0xg', 'hex:1F bits:101 0xg'],
    ["X'4a' b'01' N'x' _utf8'y'", 'hex:4a bits:01 string:x _utf8 string:y'],
    ["X'4' 'a'", 'hex:4 string:a'],
    ["X'zz'", 'broken:zz'],
    ["'it''s' 'a\\'b' \"q\"\"r\" 'c\\\\'", "string:it's string:a'b string:q\"r string:c\\"],
    ["'\\n\\0\\%\\_\\x'", 'string:\n\0\\%\\_x'],
    ['`a``b` `x.y`', 'name:a`b name:x.y'],
    ['a -- b\nc # d\ne /* f */ g--h', 'a c e g - - h'],
    ['a --', 'a'],
    ["a 'b", "a broken:'b"],
    ['a /* b', 'a broken:'],
    ['a `b', 'a broken:`b'],
    ['', ''],
  ])('%j', (text, expected) => {
    expect(words(text)).toBe(expected);
  });

  test('sql_mode says what quotes and backslashes are', () => {
    const ansi = ddlDialect(MYSQL, 4);
    const plain = ddlDialect(MYSQL, 1 << 20);
    expect(words('"a""b"', ansi)).toBe('name:a"b');
    expect(words("'a\\' b", plain)).toBe('string:a\\ b');
  });

  test.each([
    ['a /*!50001 b */ c', MYSQL, 'a b c'],
    ['a /*! b */ c', MYSQL, 'a b c'],
    ['a /*!80023 b */ c', MYSQL57, 'a c'],
    ['a /*!99999 b /* d */ e */ c', MYSQL, 'a c'],
    ['a /*!50001 b /* d */ e */ c', MYSQL, 'a b e c'],
    ['a /*M!100300 b */ c', MYSQL, 'a c'],
    ['a /*M!100300 b */ c', MARIADB, 'a b c'],
    ['a /*M!110000 b */ c', MARIADB, 'a c'],
    ['a /*!50701 b */ c', MARIADB, 'a c'],
    ['a /*!100100 b */ c', MARIADB, 'a b c'],
    ["a /*!50001 '*/' */ c", MYSQL, 'a string:*/ c'],
    ['a /*!50001 b', MYSQL, 'a b'],
  ])('versioned comments: %j', (text, dialect, expected) => {
    expect(words(text, dialect)).toBe(expected);
  });
});

test('any text comes to an end, and its pieces are in order', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '`',
    '/*',
    '*/',
    '/*!',
    '/*!50001 ',
    '\\',
    'a',
    '1',
    '.',
    '-- ',
    '\n',
    '0x',
    "x'",
    '#',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }),
      fc.nat(2 ** 21),
      (parts, mode) => {
        const text = parts.join('');
        const tokenizer = new DdlTokenizer(text, ddlDialect(MARIADB, mode));
        let at = 0;
        for (let count = 0; count <= text.length + 1; count++) {
          const token = tokenizer.next();
          expect(token.start).toBeGreaterThanOrEqual(at);
          expect(token.end).toBeLessThanOrEqual(text.length);
          at = token.end;
          if (token.kind === 'end') return;
        }
        throw new Error('there are more pieces than characters');
      },
    ),
  );
});
