import { describe, expect, test } from 'vitest';
import {
  columnIncluded,
  tableIncluded,
} from '../../../../src/source/postgres/capture/capture-filter.ts';
import { NO_LISTS } from '../../../support/table-fixtures.ts';

describe('tableIncluded', () => {
  test('without lists everything but the system', () => {
    expect(tableIncluded(NO_LISTS, 'public', 'a')).toBe(true);
    expect(tableIncluded(NO_LISTS, 'pg_toast', 'a')).toBe(false);
    expect(tableIncluded(NO_LISTS, 'pg_temp_3', 'a')).toBe(false);
    expect(tableIncluded(NO_LISTS, 'information_schema', 'a')).toBe(false);
    expect(tableIncluded(NO_LISTS, 'pgadmin', 'a')).toBe(true);
  });

  test('exclude wins over include', () => {
    const lists = { ...NO_LISTS, tableInclude: [/^public\..*$/], tableExclude: [/^public\.b$/] };
    expect(tableIncluded(lists, 'public', 'a')).toBe(true);
    expect(tableIncluded(lists, 'public', 'b')).toBe(false);
    expect(tableIncluded(lists, 'other', 'a')).toBe(false);
  });

  test('names with dots are matched whole (P39)', () => {
    const lists = { ...NO_LISTS, tableInclude: [/^a\.b\.c$/] };
    expect(tableIncluded(lists, 'a.b', 'c')).toBe(true);
    expect(tableIncluded(lists, 'a', 'b.c')).toBe(true);
    expect(tableIncluded(lists, 'a', 'b')).toBe(false);
  });
});

test('columnIncluded matches schema.table.column', () => {
  const exclude = { ...NO_LISTS, columnExclude: [/^.*\.secret$/] };
  expect(columnIncluded(exclude, 'public', 'a', 'secret')).toBe(false);
  expect(columnIncluded(exclude, 'public', 'secret', 'a')).toBe(true);
  const include = { ...NO_LISTS, columnInclude: [/^public\.a\.(id|b)$/] };
  expect(columnIncluded(include, 'public', 'a', 'b')).toBe(true);
  expect(columnIncluded(include, 'public', 'a', 'c')).toBe(false);
});
