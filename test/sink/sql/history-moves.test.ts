import { expect, test } from 'vitest';
import { mysqlTarget } from '../../../dialects/mysql/mysql-target-dialect.ts';
import { completion } from '../../../src/sink/sql/history-moves.ts';

const created = {
  table: { schema: 's', table: 't' },
  key: ['k'],
  source: "it's",
  position: '1',
};

test('names and texts are quoted, in lists as they stand there', () => {
  const text = completion(mysqlTarget, created, ['a"b`c']);
  expect(text).toContain('`a"b``c` = (SELECT x.found');
  // The list of absent columns is JSON.
  expect(text).toContain(mysqlTarget.literal('"a\\"b`c"'));
  expect(text).toContain(`\`_cdc_source\` = ${mysqlTarget.literal("it's")}`);
});

test('every value must be known, or the row stays as it came', () => {
  const conditions = completion(mysqlTarget, created, ['a', 'b']).split('EXISTS').length - 1;
  expect(conditions).toBe(2);
});
