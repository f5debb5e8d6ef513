import { expect, test } from 'vitest';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { columnsThatMayLack, widestRecordBytes } from '../../src/runtime/widest-record.ts';
import { INTEGER, keyedTable, tableColumn } from '../support/keyed-table.ts';

function table(...types: readonly string[]): TableSchema {
  const columns = types.map((sourceType, index) => ({
    ...tableColumn(`c${index}`, index, INTEGER, index === 0),
    sourceType,
  }));
  return keyedTable(INTEGER, { columns });
}

test.each([
  // Name and four signs of JSON, the value, twice; and the envelope.
  [['integer'], 1024 + 2 * (6 + 26)],
  [['integer', 'character varying(100)'], 1024 + 2 * (6 + 26 + 6 + 400)],
  [['numeric(10,2)'], 1024 + 2 * (6 + 13)],
  [['timestamp(3) without time zone', 'uuid', 'boolean'], 1024 + 2 * (18 + 64 + 50 + 5)],
  [['integer', 'text'], null],
  [['character varying'], null],
  [['integer[]'], null],
  [['numeric'], null],
  [['tsvector'], null],
])('a table of %j has records up to %s bytes', (types, bytes) => {
  expect(widestRecordBytes(table(...types))).toBe(bytes);
});

test.each([
  // Such a row is never divided.
  [['integer', 'character varying(100)'], []],
  [['integer', 'text'], ['c1']],
  [
    ['integer', 'jsonb', 'numeric(5)', 'uuid', 'integer[]', 'timestamp without time zone'],
    ['c1', 'c4'],
  ],
  [['character varying(4)', 'character varying(600)'], ['c1']],
  [['time without time zone', 'timetz_of_mine'], ['c1']],
])('of %j these may lack: %j', (types, names) => {
  expect(columnsThatMayLack(table(...types)).map(({ name }) => name)).toEqual(names);
});
