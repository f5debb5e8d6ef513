import { expect, test } from 'vitest';
import { indexName } from '../../../dialects/search/index-name.ts';

test.each([
  ['shop.public.Orders', 'shop.public.orders'],
  ['a b/c:d#e,f*g?"h<i>j|k\\l', 'a_b_c_d_e_f_g__h_i_j_k_l'],
  ['Müller', 'müller'],
])('%s is %s (S14)', (text, name) => {
  expect(indexName(text)).toBe(name);
});

test.each(['', '_x', '-x', '+x', '.', '..', '.kibana', 'é'.repeat(128)])('%j is none', (text) => {
  expect(() => indexName(text)).toThrow(/cannot name an index/);
});
