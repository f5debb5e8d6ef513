import { describe, expect, test } from 'vitest';
import type { StoredColumn, StoredRows } from '../../../dialects/postgres/postgres-stored-rows.ts';
import {
  readStoredRows,
  storedRowsChange,
  namedTablesQuery,
  storedRowsQuery,
} from '../../../dialects/postgres/postgres-stored-rows.ts';

function column(name: string, more: Partial<StoredColumn> = {}): StoredColumn {
  return {
    name,
    type: 'integer',
    version: '700:0',
    generated: false,
    identity: false,
    hasMissing: false,
    defaultExpression: null,
    ...more,
  };
}

const FILE = { node: '16400', attached: false };
const BEFORE: StoredRows = {
  oid: 16_400,
  files: { 16400: FILE },
  columns: { 1: column('id'), 2: column('n') },
  names: ['id', 'n', 'old'],
};
const WRITTEN = { 16400: { ...FILE, node: '16500' } };

function change(now: Partial<StoredRows>, hidden = ''): string | null {
  const found = storedRowsChange(BEFORE, { ...BEFORE, ...now }, ({ name }) => name !== hidden);
  return found === null ? null : `${found.rowsGo ? '!' : ''}${found.reason}`;
}

const ALTERED = { 1: column('id'), 2: column('n', { version: '900:0' }) };

function added(more: Partial<StoredColumn>, name = 'c'): Pick<StoredRows, 'columns'> {
  return { columns: { ...BEFORE.columns, 3: column(name, more) } };
}

describe('nothing that nobody was told', () => {
  test.for<[string, Partial<StoredRows>]>([
    ['the same', {}],
    ['VACUUM FULL', { files: WRITTEN }],
    ['SET NOT NULL', { columns: ALTERED }],
    ['a column without values', added({})],
    ['a constant default', added({ defaultExpression: "'a'::text", hasMissing: true })],
    ['DROP COLUMN', { columns: { 1: column('id') } }],
    ['a new partition', { files: { ...BEFORE.files, 16600: FILE } }],
  ])('%s', ([, now]) => {
    expect(change(now)).toBeNull();
  });
});

describe('types that become wider, where nobody says that a USING changed values', () => {
  const retyped = (from: string, to: string, trusts: boolean, name = 'n'): boolean => {
    const before = { ...BEFORE, columns: { 2: column('n', { type: from }) } };
    const columns = { 2: column(name, { type: to, version: '900:0' }) };
    return storedRowsChange(before, { ...before, files: WRITTEN, columns }, all, trusts) === null;
  };
  const all = (): boolean => true;

  test.for<[string, string]>([
    ['smallint', 'integer'],
    ['smallint', 'bigint'],
    ['integer', 'bigint'],
    ['character varying(20)', 'character varying(200)'],
    ['character varying(20)', 'character varying'],
    ['character varying(20)', 'text'],
    ['character varying', 'text'],
    ['numeric(6,2)', 'numeric(12,2)'],
  ])('%s to %s', ([from, to]) => {
    expect([retyped(from, to, true), retyped(from, to, false)]).toEqual([true, false]);
    expect(retyped(from, to, true, 'm')).toBe(false);
  });

  test.for<[string, string]>([
    ['integer', 'integer'],
    ['bigint', 'integer'],
    ['integer', 'numeric'],
    ['real', 'double precision'],
    ['numeric(6,2)', 'numeric(12,4)'],
    ['numeric(12,2)', 'numeric(6,2)'],
    ['numeric(6,2)', 'numeric'],
    ['numeric', 'numeric(6,2)'],
    ['character varying(20)', 'character varying(19)'],
    ['character varying', 'character varying(20)'],
    ['text', 'character varying(20)'],
    ['character(5)', 'character(9)'],
    ['timestamp without time zone', 'timestamp with time zone'],
    ['integer[]', 'bigint[]'],
  ])('%s to %s is another thing', ([from, to]) => {
    expect(retyped(from, to, true)).toBe(false);
  });

  test('what else was done is told all the same', () => {
    const before = { ...BEFORE, columns: { 1: column('id'), 2: column('n') } };
    const wide = column('n', { type: 'bigint', version: '900:0' });
    const columns = { 1: column('id', { version: '900:0' }), 2: wide };
    const now = { ...before, files: WRITTEN, columns };
    expect(storedRowsChange(before, now, all, true)?.reason).toBe('id was written anew');
  });
});

describe('stored rows were changed', () => {
  const values = 'c was added with values that are no constant default';
  test.for<[string, Partial<StoredRows>, string]>([
    ['ALTER … USING', { files: WRITTEN, columns: ALTERED }, 'n was written anew'],
    ['now()', added({ defaultExpression: 'now()', hasMissing: true }), values],
    ['random()', { ...added({ defaultExpression: 'random()' }), files: WRITTEN }, values],
    ['DROP DEFAULT', added({ hasMissing: true }), values],
    ['SET DEFAULT', added({ defaultExpression: '5' }), 'c got its default after its rows'],
    ['GENERATED', added({ generated: true }), 'c is computed'],
    ['IDENTITY', added({ identity: true }), 'c is counted up'],
    ['DROP and ADD', added({}, 'old'), 'old has taken the place of an older one'],
    ['RENAME', { columns: { 1: column('id'), 2: column('m') } }, 'm was n before'],
    ['DETACH', { files: {} }, '!a partition was detached or dropped'],
    [
      'ATTACH',
      { files: { ...BEFORE.files, 16600: { ...FILE, attached: true } } },
      'a partition with rows was attached',
    ],
  ])('%s', ([, now, reason]) => {
    expect(change(now)).toBe(reason);
  });

  test('but not of columns that the records leave out', () => {
    expect(change({ files: WRITTEN, columns: ALTERED }, 'n')).toBeNull();
  });

  test('another type', () => {
    const columns = { ...ALTERED, 2: column('n', { version: '900:0', type: 'bigint' }) };
    expect(change({ files: WRITTEN, columns })).toBe(
      'n was written anew as bigint instead of integer',
    );
  });
});

test('a row whose digest is known has nothing new; names of older columns are kept', () => {
  expect(readStoredRows({ oid: '7', digest: 'ab', state: null }, BEFORE)).toEqual({
    digest: 'ab',
    rows: null,
  });
  const state = JSON.stringify({ files: {}, columns: { 1: column('id') } });
  const { rows } = readStoredRows({ oid: '7', digest: 'cd', state }, BEFORE);
  expect(rows).toMatchObject({ oid: 7, names: ['id', 'n', 'old'] });
});

test('digests in the query are digits', () => {
  const sql = storedRowsQuery([1, 2], ["ab'; DROP"]);
  expect(sql.replaceAll(/\s+/g, ' ')).toContain("NOT IN ('','ab')");
  expect(namedTablesQuery([{ schema: 's', table: "o'clock" }])).toContain("('s', 'o''clock')");
});
