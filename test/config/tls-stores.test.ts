import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tlsContext } from '../../src/config/tls-stores.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { pem, pemFile } from '../support/tls-server.ts';

const NONE = { truststore: null, keystore: null, keyPassword: undefined, verifyHost: true };

test('nothing set: as Node has it', () => {
  expect(tlsContext(NONE, 'a.ssl.')).toEqual({});
  expect(tlsContext({ ...NONE, verifyHost: false }, 'a.ssl.').checkServerIdentity?.()).toBe(
    undefined,
  );
});

test('one PEM file may hold certificate and key', () => {
  const text = pem('client.pem') + pem('client.key');
  const keystore = { type: 'PEM', certificates: text };
  const options = tlsContext({ ...NONE, keystore }, 'a.ssl.');
  expect(options).toEqual({ cert: text, key: text });
});

test('a PKCS12 keystore with its password', async () => {
  await using folder = await temporaryFolder('tls-stores');
  const location = path.join(folder.path, 'client.p12');
  const given = ['-inkey', pemFile('client.key'), '-in', pemFile('client.pem')];
  const out = ['-out', location, '-passout', 'pass:hidden'];
  await promisify(execFile)('openssl', ['pkcs12', '-export', ...given, ...out]);
  const keystore = { type: 'PKCS12', location, password: 'hidden' };
  expect(tlsContext({ ...NONE, keystore }, 'a.ssl.')).toMatchObject({ passphrase: 'hidden' });
  const wrong = { ...keystore, password: 'other' };
  expect(() => tlsContext({ ...NONE, keystore: wrong }, 'a.ssl.')).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/mac verify/) as string,
    }),
  );
});

test('a truststore in PKCS12 is refused with the command that converts it', () => {
  const truststore = { type: 'PKCS12', location: '/etc/trust.p12', password: 'hidden' };
  expect(() => tlsContext({ ...NONE, truststore }, 'a.ssl.')).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      cure: expect.stringContaining('openssl pkcs12 -nokeys -in /etc/trust.p12') as string,
    }),
  );
});

test('a file that cannot be read is named', () => {
  const truststore = { type: 'PEM', location: '/nowhere/ca.pem' };
  expect(() => tlsContext({ ...NONE, truststore }, 'a.ssl.')).toThrow(/\/nowhere\/ca\.pem/);
});
