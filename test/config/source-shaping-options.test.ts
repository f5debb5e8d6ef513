import { describe, expect, test } from 'vitest';
import { parseMessageKeys, structMakerOption } from '../../src/config/source-shaping-options.ts';
import { sourceProblems } from '../support/examined-source.ts';

test.each([
  [{ 'skipped.operations': 'c,x' }, 'skipped.operations has x'],
  [{ 'skipped.operations': 'none,t' }, 'has none beside other operations'],
  [{ 'message.key.columns': 'public.t' }, 'must have the form schema.table:column'],
  [{ 'table.include.list': 'a', 'table.exclude.list': 'b' }, 'exclude each other'],
  [{ 'column.include.list': 'a', 'column.exclude.list': 'b' }, 'exclude each other'],
])('%j is refused', (input, message) => {
  expect(sourceProblems(input)).toEqual([expect.stringContaining(message)]);
});

test('of who makes the source block there is the class of the original', () => {
  expect(structMakerOption('a.B').type).toEqual({
    kind: 'enum',
    values: ['default'],
    aliases: { 'a.B': 'default' },
  });
});

describe('parseMessageKeys', () => {
  test('patterns of tables with their columns', () => {
    expect(parseMessageKeys('public.a:x, y;(.*).b:z;')).toEqual([
      { table: /^(?:public.a)$/i, columns: ['x', 'y'] },
      { table: /^(?:(.*).b)$/i, columns: ['z'] },
    ]);
  });

  test.each(['a', ':x', 'a:', 'a:x,', 'a(:x'])('%s has not the form', (text) => {
    expect(parseMessageKeys(text)).toBeUndefined();
  });
});
