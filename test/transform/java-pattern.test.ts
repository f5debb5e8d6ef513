import { expect, test } from 'vitest';
import { JavaReplacement, javaPattern, javaReplacement } from '../../src/transform/java-pattern.ts';

test.each([
  ['(.*)', 'x.$1', 'a.b', 'x.a.b'],
  ['(?<n>.)(.*)', '$2${n}', 'abc', 'bca'],
  ['p|p\\.t', 'Z', 'p.t', 'Z.t'],
  ['(?i)ABC', 'x', 'abc', 'x'],
  ['b', 'x', 'abc', null],
  ['a*', '-', '', '-'],
])('%s → %s: %s becomes %s', (pattern, replacement, text, wanted) => {
  expect(new JavaReplacement('p', pattern, replacement).apply(text)).toBe(wanted);
});

test('replacements are those of Java', () => {
  expect(javaReplacement('a\\$b\\\\c${n}$1')).toBe('a$$b\\c$<n>$1');
});

test('a broken expression is told with its property', () => {
  expect(() => javaPattern('topic.regex', '(', true)).toThrow(/^topic\.regex: .*Unterminated/);
});
