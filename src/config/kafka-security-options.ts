import { jaasProblem, parseJaasConfig } from './jaas-config.ts';
import type { Option, ResolvedOptions } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';

const CLIENT = 'sasl.oauthbearer.client.credentials.client';
const KERBEROS =
  'Kerberos is not built; use SCRAM-SHA-512, OAUTHBEARER or mutual TLS (security.protocol=SSL)';
const JAVA = 'Java classes cannot be loaded';
const REFRESH = 'a token is renewed when four fifths of its life are over';

const STORE_TYPE = {
  kind: 'enum',
  values: ['PEM', 'PKCS12'],
  refused: {
    JKS:
      'Java key stores cannot be read; convert it: keytool -importkeystore -srckeystore FILE.jks ' +
      '-destkeystore FILE.p12 -deststoretype PKCS12',
  },
} as const;

const OAUTH = 'org.apache.kafka.common.security.oauthbearer';

const OAUTH_HANDLERS: Readonly<Record<string, string>> = {
  [`${OAUTH}.OAuthBearerLoginCallbackHandler`]: 'oauth',
  [`${OAUTH}.secured.OAuthBearerLoginCallbackHandler`]: 'oauth',
  [`${OAUTH}.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler`]: 'oauth',
};

const SASL_OPTIONS: readonly Option[] = [
  {
    name: 'sasl.mechanism',
    type: {
      kind: 'enum',
      values: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
      refused: { GSSAPI: KERBEROS },
    },
    doc: 'With SASL_PLAINTEXT and SASL_SSL: how to log in.',
  },
  {
    name: 'sasl.jaas.config',
    type: { kind: 'string' },
    secret: true,
    doc:
      'The login, as in Java: `…PlainLoginModule required username="u" password="p";`, ' +
      'ScramLoginModule, or OAuthBearerLoginModule with clientId, clientSecret, scope.',
  },
  {
    name: 'sasl.oauthbearer.token.endpoint.url',
    type: { kind: 'string' },
    doc:
      'Where OAUTHBEARER gets tokens, by client credentials: https://…; or file:///… of a token ' +
      'that somebody else renews.',
  },
  {
    name: 'sasl.oauthbearer.client.credentials.client.id',
    type: { kind: 'string' },
    doc: 'Client of OAUTHBEARER; wins over clientId in sasl.jaas.config.',
  },
  {
    name: 'sasl.oauthbearer.client.credentials.client.secret',
    type: { kind: 'string' },
    secret: true,
    doc: 'Its secret; wins over clientSecret in sasl.jaas.config.',
  },
  {
    name: 'sasl.oauthbearer.scope',
    type: { kind: 'string' },
    doc: 'Scope to ask for; wins over scope in sasl.jaas.config.',
  },
  {
    name: 'sasl.login.callback.handler.class',
    type: { kind: 'enum', values: ['oauth'], aliases: OAUTH_HANDLERS },
    doc: "One of Kafka's own handlers of OAUTHBEARER; the token endpoint decides what is done.",
  },
  ...acceptedOptions({
    'sasl.oauthbearer.scope.claim.name': 'the broker reads the claims',
    'sasl.oauthbearer.sub.claim.name': 'the broker reads the claims',
    'sasl.login.refresh.window.factor': REFRESH,
    'sasl.login.refresh.window.jitter': REFRESH,
    'sasl.login.refresh.min.period.seconds': REFRESH,
    'sasl.login.refresh.buffer.seconds': REFRESH,
    'sasl.login.connect.timeout.ms': 'request.timeout.ms decides',
    'sasl.login.read.timeout.ms': 'request.timeout.ms decides',
    'sasl.login.retry.backoff.ms': 'errors.retry.delay.initial.ms decides',
    'sasl.login.retry.backoff.max.ms': 'errors.retry.delay.max.ms decides',
  }),
  ...refusedOptions({
    'sasl.kerberos.<property>': KERBEROS,
    'sasl.client.callback.handler.class': JAVA,
    'sasl.login.class': JAVA,
    'sasl.oauthbearer.jwt.retriever.class': JAVA,
    'sasl.oauthbearer.header.urlencode': 'client id and secret are sent as they are',
    'sasl.oauthbearer.assertion.<property>': 'only client credentials and token files are built',
  }),
];

const SSL_OPTIONS: readonly Option[] = [
  {
    name: 'ssl.truststore.type',
    type: STORE_TYPE,
    doc: 'Form of the trust store; absent: by its beginning.',
  },
  {
    name: 'ssl.truststore.location',
    type: { kind: 'string' },
    doc:
      'File of the authorities that may sign the brokers, relative to the pipeline file. Absent: ' +
      'those that everybody trusts. Read again when it changes.',
  },
  {
    name: 'ssl.truststore.password',
    type: { kind: 'string' },
    secret: true,
    doc: 'Of a PKCS12 trust store.',
  },
  {
    name: 'ssl.truststore.certificates',
    type: { kind: 'string' },
    doc: 'The authorities themselves, PEM.',
  },
  {
    name: 'ssl.keystore.type',
    type: STORE_TYPE,
    doc: 'Form of the key store; absent: by its beginning.',
  },
  {
    name: 'ssl.keystore.location',
    type: { kind: 'string' },
    doc: 'File of our own key and certificate, for mutual TLS. Read again when it changes.',
  },
  {
    name: 'ssl.keystore.password',
    type: { kind: 'string' },
    secret: true,
    doc: 'Of a PKCS12 key store.',
  },
  {
    name: 'ssl.keystore.key',
    type: { kind: 'string' },
    secret: true,
    doc: 'Our private key itself, PEM.',
  },
  {
    name: 'ssl.keystore.certificate.chain',
    type: { kind: 'string' },
    doc: 'Our certificates, PEM, for ssl.keystore.key.',
  },
  {
    name: 'ssl.key.password',
    type: { kind: 'string' },
    secret: true,
    doc: 'Of an encrypted private key.',
  },
  {
    name: 'ssl.endpoint.identification.algorithm',
    type: { kind: 'enum', values: ['https', 'none'] },
    default: 'https',
    emptyValue: 'none',
    doc: 'Whether the host name must be in the certificate; empty or none: it need not.',
  },
  {
    name: 'ssl.enabled.protocols',
    type: { kind: 'list' },
    default: 'TLSv1.2,TLSv1.3',
    doc: 'TLSv1.2, TLSv1.3, or both.',
  },
  ...acceptedOptions({
    'ssl.protocol': 'ssl.enabled.protocols decides',
    'ssl.provider': 'OpenSSL is used',
    'ssl.keymanager.algorithm': 'OpenSSL is used',
    'ssl.trustmanager.algorithm': 'OpenSSL is used',
    'ssl.secure.random.implementation': 'OpenSSL is used',
  }),
  ...refusedOptions({
    'ssl.cipher.suites': 'the suites of OpenSSL are used; limit them on the brokers',
    'ssl.engine.factory.class': JAVA,
  }),
];

/** How brokers are reached and as whom: Kafka's names. */
export const KAFKA_SECURITY_OPTIONS: readonly Option[] = [
  {
    name: 'security.protocol',
    type: { kind: 'enum', values: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] },
    default: 'PLAINTEXT',
    doc: 'Whether connections are encrypted, and whether there is a login by SASL.',
  },
  ...SASL_OPTIONS,
  ...SSL_OPTIONS,
  ...acceptedOptions({ 'security.providers': 'OpenSSL is used' }),
];

/** What is of the connection, and what other clients may only repeat: there is one login. */
export const BASE_CONNECTION_OPTIONS: readonly Option[] = [
  {
    name: 'bootstrap.servers',
    type: { kind: 'list' },
    required: true,
    doc: 'Brokers to begin with, `host:port` each.',
  },
  ...KAFKA_SECURITY_OPTIONS,
];

/** Rules over several properties. */
export const KAFKA_SECURITY_RULES: readonly OptionRule[] = [
  {
    properties: ['sasl.mechanism', 'security.protocol', 'sasl.jaas.config'],
    check: (options) => saslProblem(options),
  },
  {
    properties: ['sasl.jaas.config', 'sasl.mechanism'],
    check: (options) => {
      const text = options.optionalString('sasl.jaas.config');
      const mechanism = options.optionalString('sasl.mechanism');
      if (text === undefined || mechanism === undefined) return undefined;
      return jaasProblem(text, mechanism);
    },
  },
  {
    properties: ['ssl.truststore.location', 'ssl.truststore.certificates'],
    check: (options) =>
      options.has('ssl.truststore.location') && options.has('ssl.truststore.certificates')
        ? 'and ssl.truststore.certificates exclude each other: give one of them'
        : undefined,
  },
  {
    properties: ['ssl.keystore.location', 'ssl.keystore.key'],
    check: (options) =>
      options.has('ssl.keystore.location') && options.has('ssl.keystore.key')
        ? 'and ssl.keystore.key exclude each other: give one of them'
        : undefined,
  },
  {
    properties: ['ssl.keystore.key', 'ssl.keystore.certificate.chain'],
    check: (options) =>
      options.has('ssl.keystore.key') === options.has('ssl.keystore.certificate.chain')
        ? undefined
        : 'and ssl.keystore.certificate.chain belong together: give both',
  },
  {
    properties: ['ssl.enabled.protocols'],
    check: (options) => {
      const names = options.list('ssl.enabled.protocols');
      return names.length > 0 && names.every((name) => /^TLSv1\.[23]$/.test(name))
        ? undefined
        : 'may have TLSv1.2 and TLSv1.3 only';
    },
  },
  {
    properties: ['sasl.oauthbearer.token.endpoint.url', 'sasl.jaas.config', 'sasl.mechanism'],
    check: (options) => endpointProblem(options),
  },
];

function saslProblem(options: ResolvedOptions): string | undefined {
  const protocol = options.string('security.protocol');
  const mechanism = options.optionalString('sasl.mechanism');
  if (!protocol.startsWith('SASL_')) {
    // Passed over, it would leave a user in the belief of being logged in.
    return mechanism === undefined
      ? undefined
      : `is given, but security.protocol is ${protocol}: set it to SASL_SSL or SASL_PLAINTEXT`;
  }
  if (mechanism === undefined)
    return `is required with ${protocol}: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER`;
  if (mechanism !== 'OAUTHBEARER')
    return options.has('sasl.jaas.config')
      ? undefined
      : `${mechanism} needs sasl.jaas.config with username and password`;
  return undefined;
}

function endpointProblem(options: ResolvedOptions): string | undefined {
  const text = options.optionalString('sasl.oauthbearer.token.endpoint.url');
  if (text === undefined) {
    const told = parsedOptions(options.optionalString('sasl.jaas.config'));
    const isUnsecured = Object.keys(told).some((name) => name.startsWith('unsecuredLogin'));
    return options.optionalString('sasl.mechanism') !== 'OAUTHBEARER' || isUnsecured
      ? undefined
      : 'is required with OAUTHBEARER';
  }
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (!['https:', 'http:', 'file:'].includes(protocol)) return 'must be an https or file URL';
  if (protocol === 'file:') return undefined;
  const told = parsedOptions(options.optionalString('sasl.jaas.config'));
  const { id, secret } = {
    id: options.optionalString(`${CLIENT}.id`) ?? told['clientId'] ?? '',
    secret: options.optionalString(`${CLIENT}.secret`) ?? told['clientSecret'] ?? '',
  };
  if (id !== '' && secret !== '') return undefined;
  return `needs clientId and clientSecret in sasl.jaas.config, or ${CLIENT}.id and .secret`;
}

/**
 * What a client repeats in another way, as sentences. `prefix` is `producer.` or
 * `producer.override.` and the like; `own` may be of another section than the connection.
 */
export function repeatedLoginProblems(
  connection: ResolvedOptions,
  own: ResolvedOptions,
  prefix: string,
): readonly string[] {
  return BASE_CONNECTION_OPTIONS.filter(
    ({ name, status = 'supported' }) =>
      status === 'supported' &&
      own.has(`${prefix}${name}`) &&
      plainText(own, `${prefix}${name}`) !== plainText(connection, name),
  ).map(
    ({ name }) =>
      `${prefix}${name} differs from ${name} of the section transport: one login serves all ` +
      'clients; give its principal all rights, and remove this',
  );
}

/** Lists as they stand in a properties file, without regard to blanks. */
function plainText(options: ResolvedOptions, name: string): string {
  const list = options.list(name);
  if (list.length > 0) return list.join(',');
  return (options.optionalString(name) ?? '').replaceAll(/\s*,\s*/g, ',');
}

/** Of a text that its own rule finds good; of another there is nothing to say here. */
function parsedOptions(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined || jaasProblem(text, 'OAUTHBEARER') !== undefined) return {};
  return parseJaasConfig(text).options;
}
