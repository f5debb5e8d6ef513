import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { KafkaTlsSettings, KeyMaterial } from '../../../config/kafka-login.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { KafkaTls } from '../kafka-client.ts';

/** Told when renewed files cannot be used; the message names files, never what is in them. */
export type CertificateWarning = (message: string) => void;

type FileMaterial = Extract<KeyMaterial, { kind: 'file' }>;

const JKS = 0xfeedfeed;

/**
 * The certificates of connections. Files are looked at for each new connection: what was renewed is
 * used from the next one on, and while new files do not fit together (a renewal writes one after
 * the other) the old ones serve.
 */
export class CertificateFiles {
  readonly #settings: KafkaTlsSettings;
  readonly #warn: CertificateWarning;
  readonly #files: readonly FileMaterial[];
  #stamp: string;
  #current: KafkaTls;

  /** Throws KAFKA_AUTH when they cannot be read or do not fit together. */
  constructor(settings: KafkaTlsSettings, warn: CertificateWarning) {
    this.#settings = settings;
    this.#warn = warn;
    this.#files = [settings.trust, settings.identity].filter(
      (material) => material?.kind === 'file',
    );
    this.#stamp = this.#stampNow();
    this.#current = load(settings);
  }

  /** As of now; never throws. */
  current(): KafkaTls {
    const stamp = this.#stampNow();
    if (stamp === this.#stamp) return this.#current;
    // Also when it fails: the same files would fail again for each connection.
    this.#stamp = stamp;
    try {
      this.#current = load(this.#settings);
    } catch (error) {
      const { message } = error as Error;
      this.#warn(`${message}; new connections still use what was there before`);
    }
    return this.#current;
  }

  /** Size and inode besides the time: a renewal may take less than a tick of the clock. */
  #stampNow(): string {
    return this.#files.map(({ path }) => stampOf(path)).join();
  }
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'missing' : `${stat.mtimeMs}:${stat.size}:${stat.ino}`;
}

function load(settings: KafkaTlsSettings): KafkaTls {
  const { trust, identity, keyPassword, checkHost, minVersion, maxVersion } = settings;
  const tls: KafkaTls = {
    ...(trust === null ? {} : { ca: authorities(trust) }),
    ...(identity === null ? {} : ownCertificate(identity, keyPassword)),
    checkHost,
    minVersion,
    maxVersion,
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw unfit(settings, error);
  }
  return tls;
}

function authorities(trust: KeyMaterial): string {
  if (trust.kind === 'text') return certificatesOf(trust.pem, 'ssl.truststore.certificates');
  const { path, property } = trust;
  const bytes = contentsOf(trust);
  if (formOf(trust, bytes) === 'PEM')
    return certificatesOf(bytes.toString('utf8'), `${property} ${path}`);
  throw new TidemarkError(
    'KAFKA_AUTH',
    `${property}: ${path} is PKCS12, of which only keys are read`,
    {
      cure:
        `Write its certificates as PEM: openssl pkcs12 -in ${path} -nokeys -out truststore.pem, ` +
        `and set ssl.truststore.location to that file, ssl.truststore.type to PEM.`,
    },
  );
}

function ownCertificate(
  identity: KeyMaterial,
  keyPassword: string | null,
): Pick<KafkaTls, 'cert' | 'key' | 'pfx' | 'passphrase'> {
  if (identity.kind === 'text')
    return pemIdentity(identity.pem, keyPassword, 'ssl.keystore.key and certificate.chain');
  const bytes = contentsOf(identity);
  const { property, path, password } = identity;
  if (formOf(identity, bytes) === 'PEM')
    return pemIdentity(bytes.toString('utf8'), keyPassword ?? password, `${property} ${path}`);
  return { pfx: bytes, ...(password === null ? {} : { passphrase: password }) };
}

function pemIdentity(
  text: string,
  password: string | null,
  where: string,
): Pick<KafkaTls, 'cert' | 'key' | 'passphrase'> {
  const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----/.exec(
    text,
  )?.[0];
  if (key === undefined)
    throw new TidemarkError('KAFKA_AUTH', `${where}: there is no private key`, {
      cure: 'A PEM key store has the private key (PKCS8) and the certificates in one file.',
    });
  const cert = certificatesOf(text, where);
  return { cert, key, ...(password === null ? {} : { passphrase: password }) };
}

function certificatesOf(text: string, where: string): string {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g);
  if (blocks === null)
    throw new TidemarkError('KAFKA_AUTH', `${where}: there is no certificate`, {
      cure: 'It must have PEM: -----BEGIN CERTIFICATE-----.',
    });
  return blocks.join('\n');
}

function formOf({ path, property, type }: FileMaterial, bytes: Buffer): 'PEM' | 'PKCS12' {
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === JKS) {
    const out = path.replace(/\.jks$|$/, '.p12');
    throw new TidemarkError('KAFKA_AUTH', `${property}: ${path} is a Java key store (JKS)`, {
      cure:
        `Convert it: keytool -importkeystore -srckeystore ${path} -destkeystore ${out} ` +
        `-deststoretype PKCS12, and set ${property} to ${out}.`,
    });
  }
  if (type !== null) return type;
  // DER begins with a sequence; text never does.
  return bytes[0] === 0x30 && bytes[1] !== undefined && bytes[1] >= 0x80 ? 'PKCS12' : 'PEM';
}

function contentsOf({ path, property }: FileMaterial): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code;
    throw new TidemarkError('KAFKA_AUTH', `${property}: ${path} cannot be read: ${reason}`, {
      cause: error,
      cure: `Correct ${property}; the daemon's user must be allowed to read the file.`,
    });
  }
}

function unfit({ trust, identity }: KafkaTlsSettings, cause: unknown): TidemarkError {
  const named = [trust, identity].flatMap((material) =>
    material?.kind === 'file' ? [`${material.property} ${material.path}`] : [],
  );
  const where = named.length === 0 ? 'ssl.*' : named.join(', ');
  const { message } = cause as Error;
  const isPassword = /mac verify|bad decrypt|passphrase|BAD_PASSWORD_READ/i.test(message);
  return new TidemarkError('KAFKA_AUTH', `${where}: OpenSSL says ${message}`, {
    cause,
    cure: isPassword
      ? 'Correct ssl.keystore.password (PKCS12) or ssl.key.password (PEM).'
      : 'Certificates and key must belong together; look at them with openssl x509 -text.',
  });
}
