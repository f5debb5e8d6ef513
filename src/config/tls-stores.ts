import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { TidemarkError } from '../foundation/errors.ts';
import type { Option, ResolvedOptions } from './option.ts';

/** What TLS properties of Java's clients say, `<prefix>truststore.location` …; texts are PEM. */
export interface TlsStores {
  readonly truststore: CertificateStore | null;
  readonly keystore: (CertificateStore & { readonly key?: string }) | null;
  readonly keyPassword: string | undefined;
  /** The certificate has to name the host. */
  readonly verifyHost: boolean;
}

/** Certificates as PEM text, or where they are. */
export interface CertificateStore {
  readonly type: string;
  readonly location?: string;
  readonly password?: string;
  readonly certificates?: string;
}

/** The properties of {@link TlsStores}, each behind the prefix. */
export function tlsStoreOptions(prefix: string): readonly Option[] {
  const text = (name: string, doc: string): Option => ({
    name: `${prefix}${name}`,
    type: { kind: 'string' },
    doc,
  });
  const secret = (name: string, doc: string): Option => ({ ...text(name, doc), secret: true });
  const storeType = (name: string): Option => ({
    name: `${prefix}${name}.type`,
    type: {
      kind: 'enum',
      values: ['PEM', 'PKCS12'],
      refused: { JKS: 'convert it: keytool -importkeystore -deststoretype PKCS12' },
    },
    doc: `Form of the ${name}; by default PEM, and PKCS12 for a file .p12 or .pfx.`,
  });
  return [
    storeType('truststore'),
    text('truststore.location', 'File with the certificates that are trusted.'),
    secret('truststore.password', 'Password of that file.'),
    text('truststore.certificates', 'The certificates that are trusted, as PEM text.'),
    storeType('keystore'),
    text('keystore.location', 'File with our own certificate and its key.'),
    secret('keystore.password', 'Password of that file.'),
    secret('keystore.key', 'Our own key, as PEM text.'),
    text('keystore.certificate.chain', 'Our own certificate, as PEM text.'),
    secret('key.password', 'Password of the key.'),
    {
      name: `${prefix}endpoint.identification.algorithm`,
      type: { kind: 'enum', values: ['https', 'none'] },
      default: 'https',
      emptyValue: 'none',
      doc: 'The certificate has to name the host of the URL; empty or none: it has not.',
    },
  ];
}

/** What those properties are set to. */
export function tlsStoresOf(options: ResolvedOptions, prefix: string): TlsStores {
  const key = options.optionalString(`${prefix}keystore.key`);
  const keystore = storeOf(
    options,
    `${prefix}keystore.`,
    options.optionalString(`${prefix}keystore.certificate.chain`),
  );
  return {
    truststore: storeOf(
      options,
      `${prefix}truststore.`,
      options.optionalString(`${prefix}truststore.certificates`),
    ),
    keystore: keystore && { ...keystore, ...(key === undefined ? {} : { key }) },
    keyPassword: options.optionalString(`${prefix}key.password`),
    verifyHost: options.string(`${prefix}endpoint.identification.algorithm`) === 'https',
  };
}

function storeOf(
  options: ResolvedOptions,
  prefix: string,
  certificates: string | undefined,
): CertificateStore | null {
  const location = options.optionalString(`${prefix}location`);
  const password = options.optionalString(`${prefix}password`);
  if (location === undefined && certificates === undefined) return null;
  const isArchive = location !== undefined && /\.(?:p12|pfx)$/i.test(location);
  return {
    type: options.optionalString(`${prefix}type`) ?? (isArchive ? 'PKCS12' : 'PEM'),
    ...(location === undefined ? {} : { location }),
    ...(certificates === undefined ? {} : { certificates }),
    ...(password === undefined ? {} : { password }),
  };
}

/**
 * What Node's TLS takes for it; messages name properties behind `prefix`. Throws CONFIG_INVALID
 * when a file or key cannot be read.
 */
export function tlsContext(
  tls: TlsStores,
  prefix: string,
): SecureContextOptions & { readonly checkServerIdentity?: () => undefined } {
  const { truststore, keystore, keyPassword, verifyHost } = tls;
  const context = {
    ...(truststore === null ? {} : { ca: trusted(truststore, prefix) }),
    ...(keystore === null ? {} : ownCertificate(keystore, keyPassword, prefix)),
  };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw new TidemarkError(
      'CONFIG_INVALID',
      `${prefix}*: certificates or key cannot be used: ${(cause as Error).message}`,
      { cause, cure: 'Check type, password and contents of truststore and keystore.' },
    );
  }
  return { ...context, ...(verifyHost ? {} : { checkServerIdentity: () => undefined }) };
}

function trusted(store: CertificateStore, prefix: string): string {
  if (store.type === 'PEM') return pemOf(store, `${prefix}truststore`);
  throw new TidemarkError(
    'CONFIG_INVALID',
    `${prefix}truststore: a truststore in PKCS12 cannot be read`,
    {
      cure:
        `Convert it: openssl pkcs12 -nokeys -in ${store.location ?? 'truststore.p12'} ` +
        `-out truststore.pem, and set ${prefix}truststore.type=PEM.`,
    },
  );
}

function ownCertificate(
  store: CertificateStore & { readonly key?: string },
  keyPassword: string | undefined,
  prefix: string,
): SecureContextOptions {
  if (store.type !== 'PEM') {
    const passphrase = store.password ?? keyPassword;
    return {
      pfx: contents(store, `${prefix}keystore`),
      ...(passphrase === undefined ? {} : { passphrase }),
    };
  }
  const cert = pemOf(store, `${prefix}keystore`);
  const passphrase = keyPassword ?? store.password;
  // One file may have both, as Kafka's PEM keystores do.
  return { cert, key: store.key ?? cert, ...(passphrase === undefined ? {} : { passphrase }) };
}

function pemOf(store: CertificateStore, name: string): string {
  return store.certificates ?? contents(store, name).toString('utf8');
}

function contents({ location }: CertificateStore, name: string): Buffer {
  try {
    return readFileSync(location ?? '');
  } catch (cause) {
    throw new TidemarkError(
      'CONFIG_INVALID',
      `${name}.location: ${location ?? ''} cannot be read`,
      { cause, cure: 'Check the path and the permissions of the file.' },
    );
  }
}
