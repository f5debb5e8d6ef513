import { expect, test } from 'vitest';
import { parseConnectionUrl } from '../../../src/sink/sql/connection-url.ts';

test.each([
  [
    'postgres://u:p%40w@h:5433/d',
    { host: 'h', port: 5433, user: 'u', password: 'p@w', database: 'd' },
  ],
  ['jdbc:postgresql://h/d?user=u&password=p', { host: 'h', port: 5432, user: 'u', password: 'p' }],
  ['postgresql://u@[::1]:5/d?sslmode=require', { host: '::1', port: 5, sslMode: 'require' }],
  ['jdbc:postgresql://h/d?user=u&ssl=true', { sslMode: 'verify-full' }],
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
])('%s is refused, and the message shows no password', (connectionUrl) => {
  expect(() => parseConnectionUrl({ connectionUrl })).toThrow(/connection\.url/);
  expect(() => parseConnectionUrl({ connectionUrl })).not.toThrow(/secret/);
});
