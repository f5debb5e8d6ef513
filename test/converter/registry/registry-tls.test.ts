import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { registryTlsOptions } from '../../../src/converter/registry/registry-tls.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { pem, pemFile } from '../../support/tls-server.ts';

const NONE = { truststore: null, keystore: null, keyPassword: undefined, verifyHost: true };

test('nothing set: as Node has it', () => {
  expect(registryTlsOptions(NONE)).toEqual({});
  expect(registryTlsOptions({ ...NONE, verifyHost: false }).checkServerIdentity?.()).toBe(
    undefined,
  );
});

test('one PEM file may hold certificate and key', () => {
  const text = pem('client.pem') + pem('client.key');
  const keystore = { type: 'PEM', certificates: text };
  const options = registryTlsOptions({ ...NONE, keystore });
  expect(options).toEqual({ cert: text, key: text });
});

test('a PKCS12 keystore with its password', async () => {
  await using folder = await temporaryFolder('registry-tls');
  const location = path.join(folder.path, 'client.p12');
  const given = ['-inkey', pemFile('client.key'), '-in', pemFile('client.pem')];
  const out = ['-out', location, '-passout', 'pass:hidden'];
  await promisify(execFile)('openssl', ['pkcs12', '-export', ...given, ...out]);
  const keystore = { type: 'PKCS12', location, password: 'hidden' };
  expect(registryTlsOptions({ ...NONE, keystore })).toMatchObject({ passphrase: 'hidden' });
  const wrong = { ...keystore, password: 'other' };
  expect(() => registryTlsOptions({ ...NONE, keystore: wrong })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/mac verify/) as string,
    }),
  );
});

test('a truststore in PKCS12 is refused with the command that converts it', () => {
  const truststore = { type: 'PKCS12', location: '/etc/trust.p12', password: 'hidden' };
  expect(() => registryTlsOptions({ ...NONE, truststore })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      cure: expect.stringContaining('openssl pkcs12 -nokeys -in /etc/trust.p12') as string,
    }),
  );
});

test('a file that cannot be read is named', () => {
  const truststore = { type: 'PEM', location: '/nowhere/ca.pem' };
  expect(() => registryTlsOptions({ ...NONE, truststore })).toThrow(/\/nowhere\/ca\.pem/);
});
