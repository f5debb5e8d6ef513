import { expect, test } from 'vitest';
import { BulkPace } from '../../../src/sink/search/bulk-pace.ts';

const MB = 1024 * 1024;

test('bulks grow while the server is quick, and halve when it is slow or has had too much', () => {
  const pace = new BulkPace(2 * MB);
  expect(pace.bytes).toBe(MB);
  pace.taken(1000, 5);
  expect(pace.bytes, 'a small one says nothing').toBe(MB);
  for (let i = 0; i < 10; i++) pace.taken(pace.bytes, 5);
  expect(pace.bytes).toBe(2 * MB);
  pace.taken(pace.bytes, 5_000);
  expect(pace.bytes).toBe(MB);
  for (let i = 0; i < 10; i++) pace.refused();
  expect(pace.bytes).toBe(64 * 1024);
});

test('a bound below the smallest is kept', () => {
  const pace = new BulkPace(2048);
  pace.refused();
  expect(pace.bytes).toBe(2048);
});
