import { expect, test } from 'vitest';
import { parseConnectionUrl, withParameters } from '../../../src/sink/sql/connection-url.ts';

test.each([
  [
    'postgres://u:p%40w@h:5433/d',
    { host: 'h', port: 5433, user: 'u', password: 'p@w', database: 'd' },
  ],
  ['jdbc:postgresql://h/d?user=u&password=p', { host: 'h', port: 5432, user: 'u', password: 'p' }],
  ['postgresql://u@[::1]:5/d?sslmode=require', { host: '::1', port: 5, sslMode: 'require' }],
  ['jdbc:postgresql://h/d?user=u&ssl=true', { sslMode: 'verify-full' }],
  ['jdbc:postgresql://h/d?user=u&ssl', { sslMode: 'verify-full' }],
  ['jdbc:postgresql://h/d?user=u&ssl=false', { sslMode: 'prefer' }],
  [
    'jdbc:postgresql://h/d?user=u&ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory',
    { sslMode: 'require' },
  ],
  ['jdbc:postgresql://h/d?user=u&ApplicationName=x&loginTimeout=5', { user: 'u' }],
  ['postgres://u@h?sslmode=verify-ca&sslkey=/k', { sslMode: 'verify-ca', sslKey: '/k' }],
  ['postgres://u@h', { database: 'u', password: undefined, sslMode: 'prefer' }],
])('%s', (connectionUrl, address) => {
  expect(parseConnectionUrl({ connectionUrl })).toMatchObject(address);
});

test('properties win over the URL', () => {
  const connectionUrl = 'postgres://u:p@h/d';
  expect(parseConnectionUrl({ connectionUrl, user: 'x', password: 'y' })).toMatchObject({
    user: 'x',
    password: 'y',
  });
});

test.each([
  'mysql://u@h/d',
  'postgres://h/d',
  'postgres://u:secret@h:x/d',
  'postgres://u@h/d?sslmode=no',
  'postgres://u@h/d?sslmod=require',
  'jdbc:postgresql://h/d?user=u&currentSchema=other',
  'jdbc:postgresql://h/d?user=u&ssl=true&sslfactory=com.example.Factory',
])('%s is refused, and the message shows no password', (connectionUrl) => {
  expect(() => parseConnectionUrl({ connectionUrl })).toThrow(/connection\.url/);
  expect(() => parseConnectionUrl({ connectionUrl })).not.toThrow(/secret/);
});

test.each([
  ['postgres://u@h/d?sslmode=disable', 'postgres://u@h/d?sslmode=require&sslcert=%2Fc'],
  [
    'jdbc:postgresql://h/d?SSLMode=disable&user=u',
    'postgresql://h/d?user=u&sslmode=require&sslcert=%2Fc',
  ],
  ['jdbc:mysql://h/d', 'mysql://h/d?sslmode=require&sslcert=%2Fc'],
  // A file takes none, and whoever opens it says so.
  ['sqlite:/a/file.db', 'sqlite:/a/file.db?sslmode=require&sslcert=%2Fc'],
  ['duckdb:/a.db?threads=2', 'duckdb:/a.db?threads=2&sslmode=require&sslcert=%2Fc'],
])('%s with properties of the driver is %s', (url, wanted) => {
  const properties = [
    ['sslmode', 'require'],
    ['sslcert', '/c'],
  ] as const;
  expect(withParameters(url, properties)).toBe(wanted);
  expect(withParameters(url, [])).toBe(url);
});
