import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { firstCharacters, maskText } from '../../src/model/column-mask.ts';
import type { ColumnMask } from '../../src/model/column-mask.ts';

const hash = (version: 1 | 2, length: number | null = null): ColumnMask => ({
  kind: 'hash',
  algorithm: 'sha256',
  salt: 'CzQMA0cB5K',
  version,
  length,
});

const sha256 = (...parts: (string | Buffer)[]): string => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest('hex');
};

describe('maskText', () => {
  test('version 2 digests salt and UTF-8 text', () => {
    expect(maskText(hash(2), 'Zoë')).toBe(sha256('CzQMA0cB5KZoë'));
  });

  test('version 1 digests what Java serialises', () => {
    // new ObjectOutputStream(…).writeObject("foo")
    const foo = Buffer.from('aced0005740003666f6f', 'hex');
    expect(maskText(hash(1), 'foo')).toBe(sha256('CzQMA0cB5K', foo));
  });

  test.each([
    ['\u0000', 'aced0005740002c080'],
    ['é', 'aced0005740002c3a9'],
    ['€', 'aced0005740003e282ac'],
    ['😀', 'aced0005740006eda0bdedb880'],
  ])('version 1 knows Java’s form of UTF-8: %j', (text, bytes) => {
    expect(maskText(hash(1), text)).toBe(sha256('CzQMA0cB5K', Buffer.from(bytes, 'hex')));
  });

  test('version 1 has another form for long texts', () => {
    const text = 'x'.repeat(0x10000);
    const head = Buffer.from('aced00057c0000000000010000', 'hex');
    expect(maskText(hash(1), text)).toBe(sha256('CzQMA0cB5K', head, text));
  });

  test('a digest is cut to the length of the column', () => {
    expect(maskText(hash(2, 20), 'a')).toBe(sha256('CzQMA0cB5Ka').slice(0, 20));
  });

  test.each<[string, ColumnMask, string, string]>([
    ['always the same', { kind: 'constant', text: '****' }, 'secret', '****'],
    ['characters', { kind: 'truncate', length: 3, unit: 'character' }, 'abcdef', 'abc'],
    ['shorter than that', { kind: 'truncate', length: 9, unit: 'character' }, 'abc', 'abc'],
    ['bytes', { kind: 'truncate', length: 2, unit: 'byte' }, '\\x00ff10', '\\x00ff'],
    [
      'text that only looks so',
      { kind: 'truncate', length: 3, unit: 'character' },
      '\\x00',
      '\\x0',
    ],
  ])('%s', (_name, mask, text, wanted) => {
    expect(maskText(mask, text)).toBe(wanted);
  });
});

test('a surrogate pair is not cut in two', () => {
  expect(firstCharacters('a😀b', 2)).toBe('a');
  expect(firstCharacters('a😀b', 3)).toBe('a😀');
  expect(firstCharacters('😀', 0)).toBe('');
});
