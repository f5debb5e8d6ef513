import { expect, test } from 'vitest';
import {
  charsetOfCollation,
  collationOfCharset,
} from '../../../dialects/mysql/mysql-collations.ts';

// information_schema of MySQL 9.7.4 and MariaDB 10.11.18, 2026-11-22.
test.each([
  [8, 'latin1'], // latin1_swedish_ci
  [33, 'utf8mb3'],
  [45, 'utf8mb4'],
  [63, 'binary'],
  [215, 'utf8mb3'],
  [223, 'utf8mb3'],
  [249, 'gb18030'],
  [255, 'utf8mb4'], // utf8mb4_0900_ai_ci
  [323, 'utf8mb4'],
  [1032, 'latin1'], // latin1_swedish_nopad_ci
  [2048, 'utf8mb3'], // utf8mb3_uca1400_ai_ci
  [2304, 'utf8mb4'], // utf8mb4_uca1400_ai_ci
  [3271, 'utf32'],
  [0, undefined],
  [17, undefined],
  [4000, undefined],
])('collation %i is of %s', (id, charset) => {
  expect(charsetOfCollation(id)).toBe(charset);
});

test('a collation of a character set', () => {
  for (const charset of ['binary', 'latin1', 'utf8mb3', 'utf8mb4', 'gb18030', 'ucs2']) {
    expect(charsetOfCollation(collationOfCharset(charset) ?? 0)).toBe(charset);
  }
  expect(collationOfCharset('klingon')).toBeUndefined();
});
