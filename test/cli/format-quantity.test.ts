import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration } from '../../src/cli/format-quantity.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 kB'],
  [5 * 1024 ** 4 * 1000, '5000.0 TB'],
  [-2048, '-2.0 kB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1234567.4, '1,234,567'],
])('%d counts as %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test.each([
  [12.4, '12 ms'],
  [1500, '1.5 s'],
  [600_000, '10 min'],
  [7_199_000, '120 min'],
  [26 * 3_600_000, '26 h'],
  [49 * 3_600_000, '2 days'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
