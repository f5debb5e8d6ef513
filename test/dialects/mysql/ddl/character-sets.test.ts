import { describe, expect, test } from 'vitest';
import {
  bytesPerCharacter,
  canonicalCharset,
  charsetOfCollation,
  databaseDefault,
  defaultCollation,
  resolveCharacterSet,
  shownCharset,
} from '../../../../dialects/mysql/ddl/character-sets.ts';

const MYSQL57 = { flavor: 'mysql', version: 50_722 } as const;
const MYSQL8 = { flavor: 'mysql', version: 80_036 } as const;
const MARIADB = { flavor: 'mariadb', version: 101_119 } as const;
const MARIADB118 = { flavor: 'mariadb', version: 110_809 } as const;

test.each([
  ['utf8mb4', MYSQL57, 'utf8mb4_general_ci'],
  ['utf8mb4', MYSQL8, 'utf8mb4_0900_ai_ci'],
  ['utf8mb4', MARIADB, 'utf8mb4_general_ci'],
  ['utf8mb4', MARIADB118, 'utf8mb4_general_ci'],
  ['latin1', MARIADB118, 'latin1_swedish_ci'],
  ['gbk', MYSQL8, 'gbk_chinese_ci'],
  ['binary', MYSQL8, 'binary'],
] as const)(
  '%s has a collation of its own, by server (PITFALLS B104)',
  (charset, server, collation) => {
    expect(defaultCollation(charset, server, {})).toBe(collation);
  },
);

test('a session may have other defaults', () => {
  const since115 = { utf8mb4: 'utf8mb4_uca1400_ai_ci' };
  expect(defaultCollation('utf8mb4', MARIADB118, since115)).toBe('utf8mb4_uca1400_ai_ci');
  const overrides = { utf8mb4: 'utf8mb4_general_ci', utf8mb3: 'utf8_bin' };
  expect(defaultCollation('utf8mb4', MYSQL8, overrides)).toBe('utf8mb4_general_ci');
  expect(defaultCollation('utf8mb3', MYSQL8, overrides)).toBe('utf8mb3_bin');
});

describe('what is written comes to', () => {
  const inherited = { charset: 'latin1', collation: 'latin1_bin' };
  test.each([
    [null, null, 'latin1 latin1_bin'],
    ['utf8', null, 'utf8mb3 utf8mb3_general_ci'],
    ['latin1', null, 'latin1 latin1_swedish_ci'],
    [null, 'utf8_bin', 'utf8mb3 utf8mb3_bin'],
    ['utf8mb4', 'utf8mb4_bin', 'utf8mb4 utf8mb4_bin'],
    ['utf8mb4', 'uca1400_ai_ci', 'utf8mb4 utf8mb4_uca1400_ai_ci'],
    [null, 'binary', 'binary binary'],
    ['utf8mb4', 'default', 'utf8mb4 utf8mb4_general_ci'],
    [null, 'default', 'latin1 latin1_swedish_ci'],
    ['default', null, 'latin1 latin1_bin'],
  ])('%s and %s: %s', (charset, collation, expected) => {
    const set = resolveCharacterSet(charset, collation, inherited, MARIADB, {});
    expect(`${set.charset} ${set.collation}`).toBe(expected);
  });
});

test('utf8 is utf8mb3, which is shown by version', () => {
  expect(canonicalCharset('utf8')).toBe('utf8mb3');
  expect(canonicalCharset('utf8_bin')).toBe('utf8mb3_bin');
  expect(canonicalCharset('utf8mb4')).toBe('utf8mb4');
  expect(shownCharset('utf8mb3', { flavor: 'mysql', version: 80_015 })).toBe('utf8');
  expect(shownCharset('utf8mb3', { flavor: 'mysql', version: 80_028 })).toBe('utf8mb3');
  expect(shownCharset('utf8mb3_bin', { flavor: 'mysql', version: 80_028 })).toBe('utf8_bin');
  expect(shownCharset('utf8mb3_bin', { flavor: 'mariadb', version: 100_500 })).toBe('utf8_bin');
  expect(shownCharset('utf8mb4', MYSQL57)).toBe('utf8mb4');
});

test('characters have widths, and collations their character set', () => {
  expect(['latin1', 'gbk', 'utf8mb3', 'utf32', 'unknown'].map(bytesPerCharacter)).toEqual([
    1, 2, 3, 4, 1,
  ]);
  expect(charsetOfCollation('utf8mb4_0900_ai_ci')).toBe('utf8mb4');
  expect(charsetOfCollation('binary')).toBe('binary');
});

test('CHARACTER SET DEFAULT', () => {
  const database = { charset: 'utf8mb4', collation: 'utf8mb4_unicode_ci' };
  expect(databaseDefault(database, MYSQL8)).toEqual(database);
  expect(databaseDefault(database, MARIADB).collation).toBe('utf8mb4_general_ci');
});
