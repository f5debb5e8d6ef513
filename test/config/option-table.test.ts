import { describe, expect, test } from 'vitest';
import {
  acceptedOptions,
  inDatabases,
  refusedOptions,
  withDefaults,
  withDocs,
} from '../../src/config/option-table.ts';

const table = [
  { name: 'a', type: { kind: 'string' }, default: '1', doc: '' },
  { name: 'b', type: { kind: 'string' }, doc: '' },
] as const;

describe('withDefaults', () => {
  test('sets, takes away and leaves', () => {
    const defaults = withDefaults(table, { b: '2' }).map((option) => option.default);
    expect(defaults).toEqual(['1', '2']);
    expect('default' in (withDefaults(table, { a: null })[0] ?? {})).toBe(false);
  });

  test('a name that is not there is a slip', () => {
    expect(() => withDefaults(table, { c: '' })).toThrow('no option c');
  });
});

test('accepted and refused options carry their reason', () => {
  expect(acceptedOptions({ x: 'why' })).toMatchObject([{ status: 'accepted', reason: 'why' }]);
  expect(refusedOptions({ x: 'why' })).toMatchObject([{ status: 'refused', reason: 'why' }]);
});

describe('withDocs', () => {
  test('sets and leaves', () => {
    expect(withDocs(table, { b: 'Other.' }).map(({ doc }) => doc)).toEqual(['', 'Other.']);
  });

  test('a name that is not there is a slip', () => {
    expect(() => withDocs(table, { c: '' })).toThrow('no option c');
  });
});

test('databases stand where schemas stood, in texts only', () => {
  const option = { ...table[0], doc: 'Matched against `schema.table.column` of a schema.' };
  expect(inDatabases([option])).toEqual([
    { ...option, doc: 'Matched against `database.table.column` of a schema.' },
  ]);
});
