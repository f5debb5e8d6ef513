import { copyFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KafkaTlsSettings, KeyMaterial } from '../../../../src/config/kafka-login.ts';
import { CertificateFiles } from '../../../../src/transport/kafka/security/certificate-files.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { pem, pemFile } from '../../../support/tls-server.ts';

const PLAIN: KafkaTlsSettings = {
  trust: null,
  identity: null,
  keyPassword: null,
  checkHost: true,
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
};

function file(
  store: 'truststore' | 'keystore',
  location: string,
  more: { readonly type?: 'PEM' | 'PKCS12'; readonly password?: string } = {},
): KeyMaterial {
  const { type = null, password = null } = more;
  return { kind: 'file', property: `ssl.${store}.location`, path: location, type, password };
}

function files(settings: Partial<KafkaTlsSettings>, warnings: string[] = []): CertificateFiles {
  return new CertificateFiles({ ...PLAIN, ...settings }, (message) => warnings.push(message));
}

const trust = file('truststore', pemFile('ca.pem'));

describe('what is read', () => {
  test('the authorities of everybody, unless others are named', () => {
    expect(files({}).current()).toEqual({
      checkHost: true,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
    });
    expect(files({ trust }).current().ca).toBe(pem('ca.pem').trim());
  });

  test('key and certificates of one PEM file, or of the configuration itself', async () => {
    await using folder = await temporaryFolder('certificates');
    const keystore = path.join(folder.path, 'keystore.pem');
    const text = `${pem('client.key')}\n${pem('client.pem')}`;
    await writeFile(keystore, text);
    const wanted = { cert: pem('client.pem').trim(), key: pem('client.key').trim() };
    expect(files({ identity: file('keystore', keystore) }).current()).toMatchObject(wanted);
    expect(files({ identity: { kind: 'text', pem: text } }).current()).toMatchObject(wanted);
  });

  test('an encrypted key with ssl.key.password', () => {
    const identity: KeyMaterial = {
      kind: 'text',
      pem: `${pem('client-encrypted.key')}\n${pem('client.pem')}`,
    };
    expect(files({ identity, keyPassword: 'key-secret' }).current().passphrase).toBe('key-secret');
    for (const keyPassword of ['hunter2', null]) {
      expect(() => files({ identity, keyPassword })).toThrow(/OpenSSL says/);
    }
  });

  test('PKCS12, known by its beginning, with its password', () => {
    const location = pemFile('client.p12');
    const { pfx, passphrase } = files({
      identity: file('keystore', location, { password: 'p12-secret' }),
    }).current();
    expect([pfx?.length, passphrase]).toEqual([expect.any(Number), 'p12-secret']);
    const wrong = file('keystore', location, { password: 'hunter2' });
    expect(() => files({ identity: wrong })).toThrow(
      expect.objectContaining({
        code: 'KAFKA_AUTH',
        message: expect.stringContaining(location) as string,
        cure: expect.stringContaining('ssl.keystore.password') as string,
      }),
    );
  });
});

describe('what is refused, with the cure', () => {
  test.each<[Partial<KafkaTlsSettings>, RegExp, RegExp]>([
    [{ trust: file('truststore', '/no/such.pem') }, /such\.pem .*no such file/, /ssl\.truststore/],
    [{ trust: file('truststore', pemFile('client.key')) }, /there is no certificate/, /BEGIN/],
    [{ identity: file('keystore', pemFile('client.pem')) }, /there is no private key/, /PKCS8/],
    [
      { trust: file('truststore', pemFile('client.p12')) },
      /is PKCS12/,
      /openssl pkcs12 -in .*nokeys/,
    ],
    [
      { identity: { kind: 'text', pem: `${pem('server.key')}\n${pem('client.pem')}` } },
      /OpenSSL says .*key values mismatch/,
      /must belong together/,
    ],
  ])('%j', (settings, message, cure) => {
    expect(() => files(settings)).toThrow(
      expect.objectContaining({
        code: 'KAFKA_AUTH',
        message: expect.stringMatching(message) as string,
        cure: expect.stringMatching(cure) as string,
      }),
    );
  });

  test('a Java key store', async () => {
    await using folder = await temporaryFolder('certificates');
    const location = path.join(folder.path, 'client.jks');
    await writeFile(location, Buffer.from('feedfeed00000002', 'hex'));
    expect(() => files({ identity: file('keystore', location) })).toThrow(
      expect.objectContaining({
        cure: expect.stringContaining(
          `keytool -importkeystore -srckeystore ${location} -destkeystore ` +
            `${path.join(folder.path, 'client.p12')} -deststoretype PKCS12`,
        ) as string,
      }),
    );
  });
});

test('renewed files are used from then on; while they do not fit the old ones are', async () => {
  await using folder = await temporaryFolder('certificates');
  const ca = path.join(folder.path, 'ca.pem');
  const replace = async (text: string): Promise<void> => {
    await writeFile(`${ca}.new`, text);
    await rename(`${ca}.new`, ca);
  };
  await copyFile(pemFile('ca.pem'), ca);
  const warnings: string[] = [];
  const certificates = files({ trust: file('truststore', ca) }, warnings);
  const first = certificates.current();
  expect(certificates.current()).toBe(first);

  await replace('half of a fi');
  expect(certificates.current()).toBe(first);
  expect(certificates.current()).toBe(first);
  expect(warnings).toEqual([
    `ssl.truststore.location ${ca}: there is no certificate; new connections still use what was ` +
      'there before',
  ]);

  await replace(pem('other-ca.pem'));
  expect(certificates.current().ca).toBe(pem('other-ca.pem').trim());
  expect(warnings).toHaveLength(1);
});
