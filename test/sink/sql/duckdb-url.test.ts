import path from 'node:path';
import { expect, test } from 'vitest';
import { isDuckdbUrl, parseDuckdbUrl } from '../../../src/sink/sql/duckdb-url.ts';

test.each([
  ['duckdb:/data/shop.db', '/data/shop.db', {}],
  ['jdbc:duckdb:/data/with blank.db', '/data/with blank.db', {}],
  ['duckdb:///data/a%20b.db', '/data/a%20b.db', {}],
  ['JDBC:DUCKDB:shop.db', path.resolve('shop.db'), {}],
  [
    'duckdb:/data/shop.db?threads=2&memory_limit=512MB',
    '/data/shop.db',
    { threads: '2', memory_limit: '512MB' },
  ],
  [
    'jdbc:duckdb:/data/shop.db;duckdb.max_memory=1GB;temp_directory=/tmp/a%3Bb',
    '/data/shop.db',
    { memory_limit: '1GB', temp_directory: '/tmp/a;b' },
  ],
])('%s is %s with %j', (url, file, settings) => {
  expect(isDuckdbUrl(url)).toBe(true);
  expect(parseDuckdbUrl(url)).toEqual({ file, settings });
});

test.each([
  ['duckdb:', /in memory/],
  ['jdbc:duckdb::memory:', /in memory/],
  ['duckdb::memory:shared', /in memory/],
  ['duckdb:md:shop', /MotherDuck/],
  ['duckdb://host/shop.db', /names a host/],
  ['duckdb:/data/', /names a folder/],
  ['duckdb:/data/a.db?access_mode=READ_ONLY', /the sink writes to the file/],
  ['jdbc:duckdb:/data/a.db;duckdb.read_only=true', /the sink writes to the file/],
  ['duckdb:/data/a.db?enable_external_access=false', /known are threads, memory_limit/],
  ['duckdb:/data/a.db?threads=0', /a number of threads/],
  ['duckdb:/data/a.db?memory_limit=', /has no value/],
])('%s is refused', (url, message) => {
  expect(() => parseDuckdbUrl(url)).toThrow(message);
});

test('other products have other schemes', () => {
  expect(['postgres://h/d', 'jdbc:mysql://h/duckdb:'].filter(isDuckdbUrl)).toEqual([]);
});
