import path from 'node:path';
import { expect, test } from 'vitest';
import { isSqliteUrl, sqliteFileOf } from '../../../src/sink/sql/sqlite-url.ts';

test.each([
  ['sqlite:/data/shop.db', '/data/shop.db'],
  ['jdbc:sqlite:/data/shop.db', '/data/shop.db'],
  ['sqlite:///data/a%20b.db', '/data/a%20b.db'],
  ['jdbc:sqlite:file:/data/with blank.db', '/data/with blank.db'],
  ['JDBC:SQLITE:shop.db', path.resolve('shop.db')],
])('%s is %s', (url, file) => {
  expect(isSqliteUrl(url)).toBe(true);
  expect(sqliteFileOf(url)).toBe(file);
});

test.each([
  ['sqlite:', /in memory/],
  ['jdbc:sqlite::memory:', /in memory/],
  ['sqlite://host/shop.db', /names a host/],
  ['sqlite:/shop.db?journal_mode=OFF', /has parameters/],
  ['sqlite:/data/', /names a folder/],
])('%s is refused', (url, message) => {
  expect(() => sqliteFileOf(url)).toThrow(message);
});

test('other products have other schemes', () => {
  expect(['postgres://h/d', 'jdbc:mysql://h/sqlite:'].filter(isSqliteUrl)).toEqual([]);
});
