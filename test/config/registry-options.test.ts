import { describe, expect, test } from 'vitest';
import { CONVERTER_OPTIONS, CONVERTER_RULES } from '../../src/config/converter-options.ts';
import { registrySettings } from '../../src/config/registry-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

/** Properties of the value converter, without its prefix. */
function examine(given: Readonly<Record<string, string>>) {
  const providers = { environment: {}, folder: '/' };
  const named = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`value.converter.${name}`, value]),
  );
  const context = { where: 'source', providers, rules: CONVERTER_RULES };
  return examineOptions(CONVERTER_OPTIONS, named, context);
}

function settings(given: Readonly<Record<string, string>>) {
  const { options, problems } = examine({ 'schema.registry.url': 'http://r:8081', ...given });
  expect(problems).toEqual([]);
  expect(options.warnings).toEqual([]);
  return registrySettings(options, 'value');
}

const problems = (given: Readonly<Record<string, string>>): readonly string[] =>
  examine(given).problems.map(({ message }) => message);

test('without a URL the built-in registry stays', () => {
  expect(registrySettings(examine({}).options, 'value')).toBeNull();
  expect(
    registrySettings(examine({ 'schema.registry.url': 'http://r' }).options, 'key'),
  ).toBeNull();
});

test("a URL alone: Confluent's defaults", () => {
  expect(settings({})).toEqual({
    urls: ['http://r:8081'],
    autoRegister: true,
    useLatest: false,
    latestStrict: true,
    normalize: false,
    login: { kind: 'none' },
    tls: { truststore: null, keystore: null, keyPassword: undefined, verifyHost: true },
    connectTimeoutMs: 10_000,
    readTimeoutMs: 30_000,
    cacheSize: 1000,
  });
});

test('what a connector says about its registry', () => {
  expect(
    settings({
      'schema.registry.url': 'https://one:8081, https://two:8081',
      'auto.register.schemas': 'false',
      'use.latest.version': 'true',
      'latest.compatibility.strict': 'false',
      'normalize.schemas': 'true',
      'max.schemas.per.subject': '5',
      'http.connect.timeout.ms': '1s',
      'http.read.timeout.ms': '2s',
    }),
  ).toMatchObject({
    urls: ['https://one:8081', 'https://two:8081'],
    autoRegister: false,
    useLatest: true,
    latestStrict: false,
    normalize: true,
    cacheSize: 5,
    connectTimeoutMs: 1000,
    readTimeoutMs: 2000,
  });
});

test.each([
  ['io.confluent.kafka.serializers.subject.RecordNameStrategy', 'record'],
  ['io.confluent.kafka.serializers.subject.TopicNameStrategy', 'topic'],
  ['TopicRecordNameStrategy', 'topic-record'],
])('the strategy %s is %s', (name, short) => {
  const { options } = examine({ 'value.subject.name.strategy': name });
  expect(options.string('value.converter.value.subject.name.strategy')).toBe(short);
});

describe('login', () => {
  const user = { 'basic.auth.credentials.source': 'USER_INFO' };

  test.each([
    [
      { ...user, 'basic.auth.user.info': 'me:pw' },
      { kind: 'basic', userInfo: 'me:pw' },
    ],
    [
      { ...user, 'schema.registry.basic.auth.user.info': 'me:old' },
      { kind: 'basic', userInfo: 'me:old' },
    ],
    [{ 'basic.auth.user.info': 'me:pw' }, { kind: 'none' }],
    [
      { 'bearer.auth.credentials.source': 'STATIC_TOKEN', 'bearer.auth.token': 't' },
      { kind: 'bearer', token: 't' },
    ],
  ])('%o', (given, login) => {
    expect(settings(given)?.login).toEqual(login);
  });

  test.each([
    [user, /user\.info must be <user>:<password>/],
    [{ ...user, 'basic.auth.user.info': 'hidden' }, /must be <user>:<password>/],
    [{ 'bearer.auth.credentials.source': 'STATIC_TOKEN' }, /token is required/],
    [{ 'bearer.auth.credentials.source': 'OAUTHBEARER' }, /use USER_INFO/],
    [{ 'basic.auth.credentials.source': 'SASL_INHERIT' }, /use USER_INFO/],
  ])('%o is a problem, told without what is secret', (given, told) => {
    const found = problems({ 'schema.registry.url': 'http://r', ...given });
    expect(found).toEqual([expect.stringMatching(told)]);
    expect(found.join()).not.toContain('hidden');
  });
});

test('TLS: PEM as text or file, PKCS12 by the name of the file', () => {
  const ssl = (given: Readonly<Record<string, string>>) =>
    settings(
      Object.fromEntries(
        Object.entries(given).map(([name, value]) => [`schema.registry.ssl.${name}`, value]),
      ),
    )?.tls;
  expect(
    ssl({
      'truststore.certificates': 'CA',
      'keystore.location': '/me.p12',
      'keystore.password': 'pw',
      'key.password': 'kp',
      'endpoint.identification.algorithm': '',
    }),
  ).toEqual({
    truststore: { type: 'PEM', certificates: 'CA' },
    keystore: { type: 'PKCS12', location: '/me.p12', password: 'pw' },
    keyPassword: 'kp',
    verifyHost: false,
  });
  expect(
    ssl({
      'truststore.location': '/ca',
      'truststore.type': 'pkcs12',
      'keystore.certificate.chain': 'CERT',
      'keystore.key': 'KEY',
    }),
  ).toEqual({
    truststore: { type: 'PKCS12', location: '/ca' },
    keystore: { type: 'PEM', certificates: 'CERT', key: 'KEY' },
    keyPassword: undefined,
    verifyHost: true,
  });
});

test('a key without its certificate would not be shown to anybody', () => {
  const found = problems({
    'schema.registry.url': 'https://r',
    'schema.registry.ssl.keystore.key': 'hidden',
  });
  expect(found).toEqual([
    expect.stringMatching(/keystore\.key is of no use without .*ssl\.keystore\.certificate\.chain/),
  ]);
  expect(found.join()).not.toContain('hidden');
});

test.each(['registry:8081', 'http://', 'ftp://r', 'http://r, r2', 'http://r?x=1'])(
  'the URL %s is none',
  (url) => {
    expect(problems({ 'schema.registry.url': url })).toEqual([
      expect.stringContaining('must be one or more URLs'),
    ]);
  },
);

test('JSON Schema needs a registry that is not built in', () => {
  const providers = { environment: {}, folder: '/' };
  const given = { 'value.converter': 'io.confluent.connect.json.JsonSchemaConverter' };
  const context = { where: 'source', providers, rules: CONVERTER_RULES };
  expect(examineOptions(CONVERTER_OPTIONS, given, context).problems).toMatchObject([
    {
      message: expect.stringMatching(/schema\.registry\.url is required with jsonschema/) as string,
    },
  ]);
});

test("what Apicurio's own converter is told has another name here", () => {
  expect(problems({ 'apicurio.registry.url': 'http://r:8080/apis/registry/v3' })).toEqual([
    expect.stringContaining('/apis/ccompat/v7'),
  ]);
});
