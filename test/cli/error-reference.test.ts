import { expect, test } from 'vitest';
import { renderErrorReference } from '../../src/cli/error-reference.ts';
import { ERROR_TABLE } from '../../src/foundation/error-table.ts';

test('every code has its row', () => {
  const rows = renderErrorReference().split('\n').slice(2);
  expect(rows.map((row) => /^\| `(\w+)` \|/.exec(row)?.[1])).toEqual(Object.keys(ERROR_TABLE));
  // A bare angle bracket would be taken for HTML and vanish.
  expect(rows.join('')).not.toMatch(/[^\\]<\w/);
});
