import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { TidemarkError } from '../../foundation/errors.ts';
import type { RegistryStore, RegistryTls } from '../../config/registry-options.ts';

/** What Node's TLS takes for it. Throws CONFIG_INVALID when a file or key cannot be read. */
export function registryTlsOptions(
  tls: RegistryTls,
): SecureContextOptions & { readonly checkServerIdentity?: () => undefined } {
  const { truststore, keystore, keyPassword, verifyHost } = tls;
  const context = {
    ...(truststore === null ? {} : { ca: trusted(truststore) }),
    ...(keystore === null ? {} : ownCertificate(keystore, keyPassword)),
  };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw new TidemarkError(
      'CONFIG_INVALID',
      `schema.registry.ssl: certificates or key cannot be used: ${(cause as Error).message}`,
      { cause, cure: 'Check type, password and contents of truststore and keystore.' },
    );
  }
  return { ...context, ...(verifyHost ? {} : { checkServerIdentity: () => undefined }) };
}

function trusted(store: RegistryStore): string {
  if (store.type === 'PEM') return pemOf(store, 'truststore');
  throw new TidemarkError(
    'CONFIG_INVALID',
    'schema.registry.ssl.truststore: a truststore in PKCS12 cannot be read',
    {
      cure:
        `Convert it: openssl pkcs12 -nokeys -in ${store.location ?? 'truststore.p12'} ` +
        '-out truststore.pem, and set schema.registry.ssl.truststore.type=PEM.',
    },
  );
}

function ownCertificate(
  store: RegistryStore & { readonly key?: string },
  keyPassword: string | undefined,
): SecureContextOptions {
  if (store.type !== 'PEM') {
    const passphrase = store.password ?? keyPassword;
    return {
      pfx: contents(store, 'keystore'),
      ...(passphrase === undefined ? {} : { passphrase }),
    };
  }
  const cert = pemOf(store, 'keystore');
  const passphrase = keyPassword ?? store.password;
  // One file may have both, as Kafka's PEM keystores do.
  return { cert, key: store.key ?? cert, ...(passphrase === undefined ? {} : { passphrase }) };
}

function pemOf(store: RegistryStore, name: string): string {
  return store.certificates ?? contents(store, name).toString('utf8');
}

function contents({ location }: RegistryStore, name: string): Buffer {
  try {
    return readFileSync(location ?? '');
  } catch (cause) {
    throw new TidemarkError(
      'CONFIG_INVALID',
      `schema.registry.ssl.${name}.location: ${location ?? ''} cannot be read`,
      { cause, cure: 'Check the path and the permissions of the file.' },
    );
  }
}
