import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedCache } from '../../src/foundation/bounded-cache.ts';

test('what was used the longest ago is forgotten first', () => {
  const cache = new BoundedCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  cache.set('a', 4);
  expect([cache.get('a'), cache.size]).toEqual([4, 2]);
});

test('it holds exactly the last used keys, at most so many as its bound', () => {
  const steps = fc.array(fc.record({ key: fc.nat(12), isGet: fc.boolean() }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), steps, (bound, taken) => {
      const cache = new BoundedCache<number, number>(bound);
      let model: number[] = [];
      for (const { key, isGet } of taken) {
        const isThere = model.includes(key);
        if (isGet) expect(cache.get(key)).toBe(isThere ? key : undefined);
        else cache.set(key, key);
        if (isThere || !isGet) model = [...model.filter((other) => other !== key), key];
        model = model.slice(-bound);
        expect(cache.size).toBe(model.length);
      }
    }),
  );
});
