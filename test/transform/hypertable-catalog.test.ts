import { expect, test } from 'vitest';
import { chunkKey } from '../../src/transform/hypertable-catalog.ts';

test('names with dots are not taken for others', () => {
  const keys = [
    { schema: 'a', table: 'b.c' },
    { schema: 'a.b', table: 'c' },
    { schema: 'a', table: '"b"' },
  ].map(chunkKey);
  expect(new Set(keys).size).toBe(3);
});
