import { expect, test } from 'vitest';
import type { CapturedTable } from '../../../../src/source/postgres/capture/captured-tables.ts';
import {
  lastKeyQuery,
  wholeQuery,
  windowQuery,
} from '../../../../src/source/postgres/incremental/window-chunk.ts';

const captured = {
  info: { schema: 'public', name: 'a b', kind: 'table' },
  schema: { columns: [{ tupleIndex: 0 }, { tupleIndex: 2 }] },
  tupleColumns: [
    { name: 'id', typeText: 'integer' },
    { name: 'secret', typeText: 'text' },
    { name: 'v', typeText: 'text' },
  ],
  rowFilter: 'v > 0',
} as unknown as CapturedTable;
const table = { captured, keyColumns: ['id'], condition: null };

test('pages, keys and rows to read again', () => {
  expect(
    windowQuery({ kind: 'pages', storage: captured.info, firstPage: 3, endPage: 9 }, table),
  ).toBe(
    'COPY (SELECT "id", NULL, "v" FROM ONLY "public"."a b" ' +
      "WHERE ctid >= '(3,0)'::tid AND ctid < '(9,0)'::tid AND (v > 0)) TO STDOUT",
  );
  expect(
    windowQuery(
      { kind: 'keys', order: ['id', 'v'], after: ["o'x", '2'], upTo: ['z', '9'], limit: 5 },
      { ...table, condition: 'v < 9' },
    ),
  ).toBe(
    'COPY (SELECT "id", NULL, "v" FROM ONLY "public"."a b" ' +
      `WHERE ("id", "v") > ('o''x', '2') AND ("id", "v") <= ('z', '9') AND (v > 0) ` +
      'AND (v < 9) ORDER BY "id", "v" LIMIT 5) TO STDOUT',
  );
  expect(
    windowQuery({ kind: 'keys', order: ['id'], after: null, upTo: ['9'], limit: 5 }, table),
  ).toContain(`WHERE "id" <= '9' AND (v > 0) ORDER BY "id" LIMIT 5`);
  expect(
    windowQuery({ kind: 'reread', columns: ['id', 'v'], keys: ['1:a1:b', '1:c0:'] }, table),
  ).toContain(`("id", "v") IN (('a', 'b'), ('c', ''))`);
});

test('a key column is read although it is not captured', () => {
  const query = windowQuery(
    { kind: 'keys', order: ['secret'], after: null, upTo: ['1'], limit: 1 },
    { ...table, keyColumns: ['secret'] },
  );
  expect(query).toContain('SELECT "id", "secret", "v"');
});

test('the last key is found in the order of the column, not of its text', () => {
  expect(lastKeyQuery(['id', 'v'], table)).toBe(
    'SELECT "id"::text AS key_0_text, "v"::text AS key_1_text FROM ONLY "public"."a b" ' +
      'ORDER BY "id" DESC, "v" DESC LIMIT 1',
  );
});

test('whole tables, partitioned ones with their partitions, or a SELECT of the user', () => {
  expect(wholeQuery(table)).toContain('FROM ONLY "public"."a b" WHERE (v > 0)) TO');
  const root = { ...captured, rowFilter: null, info: { ...captured.info, kind: 'partitioned' } };
  expect(wholeQuery({ ...table, captured: root as CapturedTable })).toContain(
    'FROM "public"."a b") TO',
  );
  expect(wholeQuery({ ...table, statement: 'SELECT * FROM x;' })).toBe(
    'COPY (SELECT "id", NULL, "v" FROM (SELECT "id"::integer AS "id", "v"::text AS "v" ' +
      'FROM (SELECT * FROM x\n) AS chosen WHERE (v > 0)) AS chosen) TO STDOUT',
  );
});

test('chunks of a SELECT of the user; rows to read again come from the table', () => {
  const chosen = { ...table, statement: 'SELECT 1 -- all' };
  const from = 'FROM (SELECT "id"::integer AS "id", "v"::text AS "v" FROM (SELECT 1 -- all\n)';
  const keys = { kind: 'keys', order: ['id'], after: ['1'], upTo: ['9'], limit: 5 } as const;
  expect(windowQuery(keys, chosen)).toContain(
    `${from} AS chosen WHERE (v > 0)) AS chosen WHERE "id" > '1' AND "id" <= '9' ORDER BY "id"`,
  );
  expect(lastKeyQuery(['id'], chosen)).toContain(from);
  const reread = { kind: 'reread', columns: ['id'], keys: ['1:a'] } as const;
  expect(windowQuery(reread, chosen)).toContain('FROM ONLY "public"."a b" WHERE');
});
