import { expect, test } from 'vitest';
import { sqliteTarget } from '../../../dialects/sqlite/sqlite-target-dialect.ts';
import { sqlSinkParts } from '../../../src/sink/sql/sql-sink-parts.ts';
import { sinkOptions } from '../../support/sink-harness.ts';

test('a replay writes what the task of the same options would write', () => {
  const options = sinkOptions({ url: 'sqlite:/a.db' }, { metadataColumns: ['op'] });
  const { tables } = sqlSinkParts(
    sqliteTarget,
    options,
    () => undefined,
    () => Promise.resolve([]),
  );
  expect(tables.changes.map(({ name }) => name)).toEqual(['_cdc_op']);
  expect(tables.options).toBe(options);
});
