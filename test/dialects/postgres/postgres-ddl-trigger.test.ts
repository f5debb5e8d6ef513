import { expect, test } from 'vitest';
import { parseDdlMessage } from '../../../dialects/postgres/postgres-ddl-trigger.ts';

const ROW = {
  oid: 7,
  schema: 'public',
  name: 't',
  kind: 'r',
  persistence: 'p',
  replica_identity: 'd',
  owner: 'me',
  parent_oid: 0,
  root_oid: 7,
  row_security: false,
  can_select: true,
  owned: true,
  estimated_rows: -1,
  pages: 0,
  columns: [{ number: 1, name: 'id', generated: '', identity: '' }],
  indexes: null,
};
const NAMED = { oid: 7, schema: 'public', table: 't', partition: false, digest: 'abc' };
const MESSAGE = {
  version: 1,
  ddl: 'ALTER TABLE t ADD a int',
  user: 'me',
  application: 'psql',
  gone: [9],
  tables: [{ row: ROW, named: NAMED, extras: null }],
};

test('a message becomes rows as the catalog gives them', () => {
  const parsed = parseDdlMessage(JSON.stringify(MESSAGE));
  expect(parsed).toMatchObject({ ddl: MESSAGE.ddl, user: 'me', application: 'psql', gone: [9] });
  const [table] = parsed?.tables ?? [];
  expect(table?.named).toEqual({ ...NAMED, partition: undefined, isPartition: false });
  expect(table?.row).toMatchObject({ oid: '7', can_select: 't', row_security: 'f', indexes: null });
  expect(JSON.parse(table?.row['columns'] ?? '')).toEqual(ROW.columns);
  expect(table?.extras).toEqual({});
});

// Whoever may connect may write messages, of any prefix.
test.each([
  '',
  'null',
  '[]',
  '"text"',
  '{"version":1}',
  JSON.stringify({ ...MESSAGE, version: 2 }),
  JSON.stringify({ ...MESSAGE, ddl: { x: 1 } }),
  JSON.stringify({ ...MESSAGE, gone: null }),
  JSON.stringify({ ...MESSAGE, tables: [{}] }),
  JSON.stringify({ ...MESSAGE, tables: [{ row: { ...ROW, columns: '{' }, named: NAMED }] }),
  JSON.stringify({ ...MESSAGE, tables: [{ row: ROW, named: { oid: 7 } }] }),
])('what the trigger did not write is nothing: %s', (content) => {
  expect(parseDdlMessage(content)).toBeNull();
});
