import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJaasConfig } from './jaas-config.ts';
import type { ResolvedOptions } from './option.ts';

/** Certificates or keys: as text, or a file that may be renewed. */
export type KeyMaterial =
  | { readonly kind: 'text'; readonly pem: string }
  | {
      readonly kind: 'file';
      /** The property that names it, for messages. */
      readonly property: string;
      /** Absolute. */
      readonly path: string;
      /** Null: by how the file begins. */
      readonly type: 'PEM' | 'PKCS12' | null;
      readonly password: string | null;
    };

/** `ssl.*` of the section transport. */
export interface KafkaTlsSettings {
  /** Null: the authorities that everybody trusts. */
  readonly trust: KeyMaterial | null;
  /** Our certificate and key in one, or null. */
  readonly identity: KeyMaterial | null;
  readonly keyPassword: string | null;
  readonly checkHost: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** Where tokens of OAUTHBEARER come from. */
export type TokenSource =
  | {
      readonly kind: 'endpoint';
      readonly url: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope: string | null;
    }
  | { readonly kind: 'file'; readonly path: string }
  /** Kafka's own for tests: a token that nobody has signed. */
  | { readonly kind: 'unsecured'; readonly claims: Readonly<Record<string, string>> };

export type KafkaSaslSettings =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly source: TokenSource };

/** How connections are protected and who logs in; null: not at all. */
export interface KafkaLogin {
  readonly tls: KafkaTlsSettings | null;
  readonly sasl: KafkaSaslSettings | null;
}

/** `security.*`, `sasl.*` and `ssl.*`. Relative paths start in the folder of the pipeline file. */
export function kafkaLogin(transport: ResolvedOptions, folder: string): KafkaLogin {
  const protocol = transport.string('security.protocol');
  return {
    tls: protocol.endsWith('SSL') ? tlsSettings(transport, folder) : null,
    sasl: protocol.startsWith('SASL_') ? saslSettings(transport) : null,
  };
}

function tlsSettings(transport: ResolvedOptions, folder: string): KafkaTlsSettings {
  const protocols = transport.list('ssl.enabled.protocols').toSorted() as ('TLSv1.2' | 'TLSv1.3')[];
  const certificates = transport.optionalString('ssl.truststore.certificates');
  const key = transport.optionalString('ssl.keystore.key');
  const chain = transport.optionalString('ssl.keystore.certificate.chain');
  return {
    trust:
      certificates === undefined ? storeOf(transport, 'truststore', folder) : pem(certificates),
    identity:
      key === undefined || chain === undefined
        ? storeOf(transport, 'keystore', folder)
        : pem(`${key}\n${chain}`),
    keyPassword: transport.optionalString('ssl.key.password') ?? null,
    checkHost: transport.string('ssl.endpoint.identification.algorithm') === 'https',
    minVersion: protocols[0] ?? 'TLSv1.2',
    maxVersion: protocols.at(-1) ?? 'TLSv1.3',
  };
}

/** A properties file has PEM in one line, with `\n` or blanks for the ends of its lines. */
function pem(text: string): KeyMaterial {
  const lines = text
    .replaceAll('\\n', '\n')
    .replaceAll(/(-----BEGIN [A-Z0-9 ]+-----)([^-]*)(-----END)/g, (_, begin, body, end) =>
      [begin, ...(String(body).match(/\S+/g) ?? []), end].join('\n'),
    );
  return { kind: 'text', pem: lines };
}

function storeOf(
  transport: ResolvedOptions,
  store: 'truststore' | 'keystore',
  folder: string,
): KeyMaterial | null {
  const location = transport.optionalString(`ssl.${store}.location`);
  if (location === undefined) return null;
  return {
    kind: 'file',
    property: `ssl.${store}.location`,
    path: path.resolve(folder, location),
    type: (transport.optionalString(`ssl.${store}.type`) ?? null) as 'PEM' | 'PKCS12' | null,
    password: transport.optionalString(`ssl.${store}.password`) ?? null,
  };
}

function saslSettings(transport: ResolvedOptions): KafkaSaslSettings {
  const mechanism = transport.string('sasl.mechanism') as KafkaSaslSettings['mechanism'];
  const text = transport.optionalString('sasl.jaas.config');
  const jaas = text === undefined ? {} : parseJaasConfig(text).options;
  if (mechanism === 'OAUTHBEARER') return { mechanism, source: tokenSource(transport, jaas) };
  const { username = '', password = '' } = jaas;
  return { mechanism, username, password };
}

function tokenSource(
  transport: ResolvedOptions,
  jaas: Readonly<Record<string, string>>,
): TokenSource {
  const url = transport.optionalString('sasl.oauthbearer.token.endpoint.url');
  if (url === undefined) {
    const claims = Object.entries(jaas).flatMap(([name, value]) => {
      const claim = /^unsecuredLogin(?:String|Number)Claim_(.+)$/.exec(name)?.[1];
      return claim === undefined ? [] : [[claim, value] as const];
    });
    return { kind: 'unsecured', claims: Object.fromEntries(claims) };
  }
  if (url.startsWith('file:')) return { kind: 'file', path: fileURLToPath(url) };
  const ofClient = 'sasl.oauthbearer.client.credentials.client';
  return {
    kind: 'endpoint',
    url,
    clientId: transport.optionalString(`${ofClient}.id`) ?? jaas['clientId'] ?? '',
    clientSecret: transport.optionalString(`${ofClient}.secret`) ?? jaas['clientSecret'] ?? '',
    scope: transport.optionalString('sasl.oauthbearer.scope') ?? jaas['scope'] ?? null,
  };
}
