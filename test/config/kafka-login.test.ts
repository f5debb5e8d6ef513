import { expect, test } from 'vitest';
import { kafkaLogin } from '../../src/config/kafka-login.ts';
import {
  KAFKA_SECURITY_OPTIONS,
  KAFKA_SECURITY_RULES,
} from '../../src/config/kafka-security-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function login(input: Readonly<Record<string, unknown>>) {
  const { options, problems } = examineOptions(KAFKA_SECURITY_OPTIONS, input, {
    where: 'transport',
    rules: KAFKA_SECURITY_RULES,
    providers: { environment: {}, folder: '/' },
  });
  if (problems.length > 0) throw new AggregateError(problems, problems.map(String).join('\n'));
  return kafkaLogin(options, '/etc/tidemark');
}

const OAUTH = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required';

test('nothing is asked for without security.protocol', () => {
  expect(login({})).toEqual({ tls: null, sasl: null });
});

test('stores are files beside the pipeline file, or absolute', () => {
  const { tls, sasl } = login({
    'security.protocol': 'SSL',
    'ssl.truststore.location': 'ca.pem',
    'ssl.keystore.location': '/keys/client.p12',
    'ssl.keystore.type': 'pkcs12',
    'ssl.keystore.password': 'secret',
    'ssl.enabled.protocols': 'TLSv1.3',
    'ssl.endpoint.identification.algorithm': '',
  });
  expect(sasl).toBeNull();
  expect(tls).toEqual({
    trust: {
      kind: 'file',
      property: 'ssl.truststore.location',
      path: '/etc/tidemark/ca.pem',
      type: null,
      password: null,
    },
    identity: {
      kind: 'file',
      property: 'ssl.keystore.location',
      path: '/keys/client.p12',
      type: 'PKCS12',
      password: 'secret',
    },
    keyPassword: null,
    checkHost: false,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  });
});

test('PEM of one line, as properties files have it, gets its lines back', () => {
  const { tls } = login({
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': 'SCRAM-SHA-512',
    'sasl.jaas.config': 'x.ScramLoginModule required username="u" password="p";',
    'ssl.truststore.certificates':
      '-----BEGIN CERTIFICATE----- AAA= BBB= -----END CERTIFICATE-----',
    'ssl.keystore.key': '-----BEGIN PRIVATE KEY-----\\nCCC\\n-----END PRIVATE KEY-----',
    'ssl.keystore.certificate.chain': '-----BEGIN CERTIFICATE-----\nDDD\n-----END CERTIFICATE-----',
    'ssl.key.password': 'k',
  });
  expect(tls).toMatchObject({
    trust: {
      kind: 'text',
      pem: '-----BEGIN CERTIFICATE-----\nAAA=\nBBB=\n-----END CERTIFICATE-----',
    },
    identity: {
      pem:
        '-----BEGIN PRIVATE KEY-----\nCCC\n-----END PRIVATE KEY-----\n' +
        '-----BEGIN CERTIFICATE-----\nDDD\n-----END CERTIFICATE-----',
    },
    keyPassword: 'k',
    checkHost: true,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
  });
});

const oauth = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'oauthbearer' };

test.each([
  [
    {
      'sasl.jaas.config': `${OAUTH} clientId="c" clientSecret="s" scope="kafka";`,
      'sasl.oauthbearer.token.endpoint.url': 'https://idp/token',
      'sasl.login.callback.handler.class':
        'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler',
    },
    {
      kind: 'endpoint',
      url: 'https://idp/token',
      clientId: 'c',
      clientSecret: 's',
      scope: 'kafka',
    },
  ],
  [
    {
      'sasl.oauthbearer.client.credentials.client.id': 'c2',
      'sasl.oauthbearer.client.credentials.client.secret': 's2',
      'sasl.oauthbearer.token.endpoint.url': 'https://idp/token',
    },
    { kind: 'endpoint', url: 'https://idp/token', clientId: 'c2', clientSecret: 's2', scope: null },
  ],
  [
    { 'sasl.oauthbearer.token.endpoint.url': 'file:///run/token' },
    { kind: 'file', path: '/run/token' },
  ],
  [
    { 'sasl.jaas.config': `${OAUTH} unsecuredLoginStringClaim_sub="alice";` },
    { kind: 'unsecured', claims: { sub: 'alice' } },
  ],
])('%j: tokens come from %j', (properties, source) => {
  expect(login({ ...oauth, ...properties }).sasl).toEqual({ mechanism: 'OAUTHBEARER', source });
});

test.each([
  [{}, 'sasl.oauthbearer.token.endpoint.url is required with OAUTHBEARER'],
  [{ 'sasl.oauthbearer.token.endpoint.url': 'idp' }, 'must be an https or file URL'],
  [{ 'sasl.oauthbearer.token.endpoint.url': 'https://idp/t' }, 'needs clientId and clientSecret'],
  [{ 'sasl.login.callback.handler.class': 'com.example.Mine' }, 'must be one of'],
])('%j is refused', (properties, message) => {
  expect(() => login({ ...oauth, ...properties })).toThrow(message);
});
