import { expect, test } from 'vitest';
import { databaseOfUrl, isMysqlUrl, parseMysqlUrl } from '../../../src/sink/sql/mysql-url.ts';

const parse = (connectionUrl: string, more: { user?: string; password?: string } = {}) =>
  parseMysqlUrl({ connectionUrl, ...more });

test('our URLs and those of Java', () => {
  expect(parse('mysql://me:p%40ss@db:3307/shop')).toMatchObject({
    host: 'db',
    port: 3307,
    database: 'shop',
    user: 'me',
    password: 'p@ss',
    sslMode: 'preferred',
  });
  expect(parse('jdbc:mariadb://[::1]/shop?user=u&password=p&useUnicode=true')).toMatchObject({
    host: '::1',
    port: 3306,
    user: 'u',
    password: 'p',
  });
  expect(parse('mysql://me:old@h/d', { user: 'you', password: 'new' })).toMatchObject({
    user: 'you',
    password: 'new',
  });
  expect(isMysqlUrl('jdbc:mysql://h/d')).toBe(true);
  expect(isMysqlUrl('jdbc:postgresql://h/d')).toBe(false);
  expect(databaseOfUrl('mariadb://h/a%20b')).toBe('a b');
});

test.each([
  ['ssl-mode=VERIFY_IDENTITY&ssl-ca=ca.pem', 'verify_identity'],
  ['sslMode=verify-full', 'verify_identity'],
  ['sslMode=trust', 'required'],
  ['useSSL=false', 'disabled'],
  ['useSSL=true', 'required'],
  ['useSSL=true&verifyServerCertificate=true', 'verify_ca'],
  ['useSSL=true&trustServerCertificate=true', 'required'],
  ['serverSslCert=ca.pem', 'verify_identity'],
])('%s is %s', (parameters, mode) => {
  expect(parse(`mysql://u@h/d?${parameters}`).sslMode).toBe(mode);
});

test.each([
  ['mysql://u@h', /names no database/],
  ['mysql://h/d', /no user/],
  ['mysql://u@h/d?sslMode=maybe', /unknown sslMode/],
  ['mysql://u:secret@h/d?trustStore=x', /unknown parameter trustStore/],
  ['mysql://u:secret@h1:1,h2:2/d', /several hosts/],
])('%s is refused, and no password shown', (url, message) => {
  const attempt = (): unknown => parse(url);
  expect(attempt).toThrow(message);
  expect(attempt).not.toThrow(/secret/);
});
