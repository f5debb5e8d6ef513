import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePattern, PatternError, splitPatterns } from '../../src/config/pattern-list.ts';

describe('splitPatterns', () => {
  test.each([
    ['a,b', ['a', 'b']],
    [' public\\.a , public\\.b ', ['public\\.a', 'public\\.b']],
    ['public\\.(a,b)', ['public\\.(a,b)']],
    ['x{1,3},y', ['x{1,3}', 'y']],
    ['[a,b],c', ['[a,b]', 'c']],
    ['[(],c', ['[(]', 'c']],
    ['a\\,b,c', ['a\\,b', 'c']],
    ['a,,b,', ['a', 'b']],
    ['', []],
  ])('%s', (text, parts) => {
    expect(splitPatterns(text)).toEqual(parts);
  });

  test('plain names come back whatever they are', () => {
    const name = fc.stringMatching(/^[a-z_]{1,8}\.[a-z_]{1,8}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        expect(splitPatterns(names.join(','))).toEqual(names);
      }),
    );
  });
});

describe('compilePattern', () => {
  test('is anchored at both ends, over the whole alternation', () => {
    const pattern = compilePattern('public\\.a|public\\.b', 'i');
    expect(pattern.test('public.b')).toBe(true);
    expect(pattern.test('xpublic.b')).toBe(false);
    expect(pattern.test('public.ax')).toBe(false);
  });

  test('case counts only without the flag', () => {
    expect(compilePattern('Shop', 'i').test('sHOP')).toBe(true);
    expect(compilePattern('Shop', '').test('shop')).toBe(false);
    expect(compilePattern('(?i)Shop', '').test('shop')).toBe(true);
  });

  test('escapes of Java users that need no escape are harmless', () => {
    expect(compilePattern('a\\-b', '').test('a-b')).toBe(true);
    expect(compilePattern('\\p{Lu}x', '').test('Äx')).toBe(true);
  });

  test.each([
    '(',
    'a{2',
    '[z-a]',
    '\\Qa.b\\E',
    'a++',
    '(?>a)b',
    '[a-z&&[^b]]',
    'a\\z',
    '[[:alpha:]]',
  ])('%s is refused or means what it says', (source) => {
    if (source === 'a{2') {
      expect(compilePattern(source, '').test('a{2')).toBe(true);
      return;
    }
    expect(() => compilePattern(source, '')).toThrow(PatternError);
  });
});
