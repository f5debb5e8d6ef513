import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import type { ColumnSchema, TableSchema } from '../../../../src/model/table-schema.ts';
import {
  examineOverrides,
  overrideOf,
} from '../../../../src/source/mysql/snapshot/mysql-select-override.ts';
import { tableDefinition } from '../../../support/mysql-definitions.ts';
import { rejection } from '../../../support/snapshot-run.ts';

const { signal } = new AbortController();
const OVERRIDES = [
  { table: 'g.t', statement: 'SELECT 1 AS id' },
  { table: 'g.gone', statement: 'SELECT 2' },
];
const schema: TableSchema = {
  id: { catalog: 'def', schema: 'g', table: 't' },
  version: 1,
  columns: [{ name: 'id', tupleIndex: 0 } as ColumnSchema],
  keyColumns: [0],
  replicaIdentity: 'full',
};
const TABLE = {
  schema,
  definition: tableDefinition('CREATE TABLE t (id INT PRIMARY KEY)'),
  estimatedRows: 0,
  stamp: '',
  isUnversioned: false,
  statement: overrideOf(OVERRIDES, schema),
};

test('the server looks at each, reads nothing, and those without a table are noted', async () => {
  const asked: string[] = [];
  const notes: string[] = [];
  const query = (sql: string): Promise<{ columns: string[]; rows: [] }> => {
    asked.push(sql);
    return Promise.resolve({ columns: [], rows: [] });
  };
  await examineOverrides({ query }, [TABLE], OVERRIDES, (text) => notes.push(text), signal);
  expect(asked).toEqual(['SELECT `id` FROM (SELECT 1 AS id\n) AS chosen LIMIT 0']);
  expect(notes).toEqual([expect.stringContaining('names g.gone')]);
});

test('one that does not fit is wrong, a lost connection says nothing', async () => {
  const failing = (code: 'MYSQL_SERVER' | 'MYSQL_CONNECTION_LOST') => ({
    query: () => Promise.reject(new TidemarkError(code, 'it says')),
  });
  const note = (): void => undefined;
  const refused = examineOverrides(failing('MYSQL_SERVER'), [TABLE], OVERRIDES, note, signal);
  expect(await rejection(refused)).toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'snapshot.select.statement.overrides.g.t: it says',
  });
  const lost = failing('MYSQL_CONNECTION_LOST');
  const cut = examineOverrides(lost, [TABLE], OVERRIDES, note, signal);
  expect((await rejection(cut)).code).toBe('MYSQL_CONNECTION_LOST');
});
