import { describe, expect, test } from 'vitest';
import type { CaptureLists } from '../../../../src/source/postgres/capture/capture-filter.ts';
import {
  columnIncluded,
  tableIncluded,
} from '../../../../src/source/postgres/capture/capture-filter.ts';

const NONE: CaptureLists = {
  schemaInclude: [],
  schemaExclude: [],
  tableInclude: [],
  tableExclude: [],
  columnInclude: [],
  columnExclude: [],
};

describe('tableIncluded', () => {
  test('without lists everything but the system', () => {
    expect(tableIncluded(NONE, 'public', 'a')).toBe(true);
    expect(tableIncluded(NONE, 'pg_toast', 'a')).toBe(false);
    expect(tableIncluded(NONE, 'pg_temp_3', 'a')).toBe(false);
    expect(tableIncluded(NONE, 'information_schema', 'a')).toBe(false);
    expect(tableIncluded(NONE, 'pgadmin', 'a')).toBe(true);
  });

  test('exclude wins over include', () => {
    const lists = { ...NONE, tableInclude: [/^public\..*$/], tableExclude: [/^public\.b$/] };
    expect(tableIncluded(lists, 'public', 'a')).toBe(true);
    expect(tableIncluded(lists, 'public', 'b')).toBe(false);
    expect(tableIncluded(lists, 'other', 'a')).toBe(false);
  });

  test('names with dots are matched whole (P39)', () => {
    const lists = { ...NONE, tableInclude: [/^a\.b\.c$/] };
    expect(tableIncluded(lists, 'a.b', 'c')).toBe(true);
    expect(tableIncluded(lists, 'a', 'b.c')).toBe(true);
    expect(tableIncluded(lists, 'a', 'b')).toBe(false);
  });
});

test('columnIncluded matches schema.table.column', () => {
  const exclude = { ...NONE, columnExclude: [/^.*\.secret$/] };
  expect(columnIncluded(exclude, 'public', 'a', 'secret')).toBe(false);
  expect(columnIncluded(exclude, 'public', 'secret', 'a')).toBe(true);
  const include = { ...NONE, columnInclude: [/^public\.a\.(id|b)$/] };
  expect(columnIncluded(include, 'public', 'a', 'b')).toBe(true);
  expect(columnIncluded(include, 'public', 'a', 'c')).toBe(false);
});
