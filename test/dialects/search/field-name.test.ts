import { expect, test } from 'vitest';
import { fieldName, refuseAmbiguous } from '../../../dialects/search/field-name.ts';

test.each(['id', 'a.b', '_deleted', 'ünï', 'with space', '__proto__'])('%s is a field', (name) => {
  expect(fieldName(name)).toBe(name);
});

test.each(['', ' ', '.a', 'a.', 'a..b', '_id', '_source', 'a\0'])('%j is none (S14)', (name) => {
  expect(() => fieldName(name)).toThrow(/cannot be a field/);
});

test('a dot makes an object, which no other column may be', () => {
  expect(() => refuseAmbiguous(['a.b', 'a.c', 'ab'])).not.toThrow();
  expect(() => refuseAmbiguous(['a.b.c', 'a.b'])).toThrow(/"a.b" and "a.b.c"/);
});
