import { expect, test } from 'vitest';
import { countFields, fieldRoom, limitFor } from '../../../dialects/search/field-limit.ts';

const text = { type: 'text', fields: { keyword: { type: 'keyword' } } };

/** A mapping of so many texts, of two fields each. */
function texts(count: number, from = 0) {
  const names = Array.from({ length: count }, (_, i) => `c${from + i}`);
  return { properties: Object.fromEntries(names.map((name) => [name, text])) };
}

test('objects and sub-fields count, and a wide mapping has room to grow', () => {
  expect(countFields({ properties: { a: { properties: { b: text } } } })).toBe(3);
  expect(limitFor(texts(250))).toBeNull();
  expect(limitFor(texts(400))).toBe(1600);
});

test('what is added is counted once, against the limit of the index', () => {
  const limit = { index: { mapping: { total_fields: { limit: '100' } } } };
  expect(fieldRoom(texts(40), texts(5, 35), limit)).toEqual({
    fields: 80,
    limit: 100,
    state: 'free',
  });
  expect(fieldRoom(texts(40), texts(6, 40), limit).state).toBe('near');
  expect(fieldRoom(texts(40), texts(11, 40), limit)).toMatchObject({ fields: 102, state: 'over' });
  expect(fieldRoom(texts(40), texts(11, 40), null)).toMatchObject({ limit: 1000, state: 'free' });
});
