import type { Option, ResolvedOptions } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import { tlsStoreOptions, tlsStoresOf, type TlsStores } from './tls-stores.ts';

export type ConverterSide = 'key' | 'value';

/** How subjects are named, after Confluent's classes. */
export type SubjectStrategy = 'topic' | 'record' | 'topic-record';

/** Who asks the registry. */
export type RegistryLogin =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly userInfo: string }
  | { readonly kind: 'bearer'; readonly token: string };

/** A registry that speaks Confluent's REST API, and how it is used. */
export interface RegistrySettings {
  readonly urls: readonly string[];
  readonly autoRegister: boolean;
  readonly useLatest: boolean;
  readonly latestStrict: boolean;
  readonly normalize: boolean;
  readonly login: RegistryLogin;
  readonly tls: TlsStores;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Schemas that are remembered. */
  readonly cacheSize: number;
}

const SUBJECTS = 'io.confluent.kafka.serializers.subject';
const OTHER_LOGIN = 'use USER_INFO, or bearer.auth.token';
const SSL = 'schema.registry.ssl.';

/** Options of one side; every name is that of Confluent's converters behind `key.converter.`. */
export function registryOptions(side: ConverterSide): readonly Option[] {
  const own = `${side}.converter.`;
  const named = (option: Option): Option => ({ ...option, name: `${own}${option.name}` });
  const reasoned = (reasons: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(reasons).map(([name, why]) => [`${own}${name}`, why]));
  return [
    ...[...useOptions(side), ...clientOptions(), ...loginOptions(), ...tlsStoreOptions(SSL)].map(
      named,
    ),
    ...acceptedOptions(
      reasoned({
        'schema.registry.ssl.protocol': 'TLS 1.2 and 1.3 are used',
        'schema.registry.ssl.enabled.protocols': 'TLS 1.2 and 1.3 are used',
        'schema.registry.ssl.provider': 'there is one TLS library',
        'latest.cache.size': 'max.schemas.per.subject bounds what is remembered',
        'latest.cache.ttl.sec': 'the latest version is asked for once for each schema',
        'schemas.cache.config': 'max.schemas.per.subject bounds what is remembered',
        'schemas.cache.size': 'max.schemas.per.subject bounds what is remembered',
        'max.retries': 'a registry that cannot be reached is asked again for as long as it takes',
        'retries.wait.ms': 'delays rise from 0.2 to 10 seconds',
        'retries.max.wait.ms': 'delays rise from 0.2 to 10 seconds',
      }),
    ),
    ...refusedOptions(
      reasoned({
        'proxy.host': 'name the registry itself in schema.registry.url',
        'proxy.port': 'name the registry itself in schema.registry.url',
        'use.schema.id': 'register the schema, or set use.latest.version',
        'use.latest.with.metadata': 'use.latest.version takes the latest version',
        'schema.registry.ssl.engine.factory.class': 'classes of Java cannot be loaded',
        'rule.executors': 'rules of data contracts are not run',
        'apicurio.<property>':
          'name its Confluent API in schema.registry.url: http://host:8080/apis/ccompat/v7',
      }),
    ),
  ];
}

function useOptions(side: ConverterSide): readonly Option[] {
  return [
    {
      name: 'schema.registry.url',
      type: { kind: 'list' },
      doc:
        `Registry of ${side} schemas with Confluent's REST API; several are tried in turn. ` +
        'Without it the built-in one is used.',
    },
    {
      name: 'auto.register.schemas',
      type: { kind: 'boolean' },
      default: 'true',
      doc: 'New schemas are registered; false: they have to be there.',
    },
    {
      name: 'use.latest.version',
      type: { kind: 'boolean' },
      default: 'false',
      doc:
        'Without auto.register.schemas: records carry the id of the latest version, which must ' +
        'have the same form.',
    },
    {
      name: 'latest.compatibility.strict',
      type: { kind: 'boolean' },
      default: 'true',
      doc: 'With use.latest.version: the names and defaults of that version are compared as well.',
    },
    {
      name: 'normalize.schemas',
      type: { kind: 'boolean' },
      default: 'false',
      doc: 'The registry compares schemas in their normal form.',
    },
    {
      name: `${side}.subject.name.strategy`,
      type: {
        kind: 'enum',
        values: ['topic', 'record', 'topic-record'],
        aliases: {
          TopicNameStrategy: 'topic',
          RecordNameStrategy: 'record',
          TopicRecordNameStrategy: 'topic-record',
          [`${SUBJECTS}.TopicNameStrategy`]: 'topic',
          [`${SUBJECTS}.RecordNameStrategy`]: 'record',
          [`${SUBJECTS}.TopicRecordNameStrategy`]: 'topic-record',
        },
      },
      default: 'topic',
      doc:
        `How subjects of ${side} schemas are named: \`<topic>-${side}\`, the record's name, or ` +
        '`<topic>-<name>`.',
    },
  ];
}

function clientOptions(): readonly Option[] {
  return [
    {
      name: 'max.schemas.per.subject',
      type: { kind: 'int', min: 1 },
      default: '1000',
      doc: 'Schemas that are remembered; older ones are asked for again.',
    },
    {
      name: 'http.connect.timeout.ms',
      type: { kind: 'duration', min: 1 },
      default: '10s',
      doc: 'How long a connection to the registry may take.',
    },
    {
      name: 'http.read.timeout.ms',
      type: { kind: 'duration', min: 1 },
      default: '30s',
      doc: 'How long an answer of the registry may take.',
    },
  ];
}

function loginOptions(): readonly Option[] {
  const user = (name: string, doc: string): Option => ({
    name,
    type: { kind: 'string' },
    secret: true,
    doc,
  });
  return [
    {
      name: 'basic.auth.credentials.source',
      type: {
        kind: 'enum',
        values: ['URL', 'USER_INFO'],
        refused: { SASL_INHERIT: OTHER_LOGIN },
      },
      default: 'URL',
      doc: 'Where user and password of the registry stand: in its URL, or in ….user.info.',
    },
    user('basic.auth.user.info', 'With USER_INFO: `<user>:<password>`.'),
    user('schema.registry.basic.auth.user.info', 'The same, by its older name.'),
    {
      name: 'bearer.auth.credentials.source',
      type: {
        kind: 'enum',
        values: ['STATIC_TOKEN'],
        refused: {
          OAUTHBEARER: OTHER_LOGIN,
          SASL_OAUTHBEARER_INHERIT: OTHER_LOGIN,
          CUSTOM: OTHER_LOGIN,
        },
      },
      doc: 'STATIC_TOKEN: bearer.auth.token is sent with every request.',
    },
    user('bearer.auth.token', 'With STATIC_TOKEN: the token.'),
  ];
}

/** What one side's properties have to be together. */
export function registryRules(side: ConverterSide): readonly OptionRule[] {
  const own = `${side}.converter.`;
  const url = `${own}schema.registry.url`;
  return [
    { properties: [url], check: (options) => urlProblem(options.list(url)) },
    {
      properties: [`${own}basic.auth.user.info`, `${own}basic.auth.credentials.source`],
      check: (options) => {
        if (options.string(`${own}basic.auth.credentials.source`) !== 'USER_INFO') return undefined;
        if (userInfo(options, own)?.includes(':') === true) return undefined;
        return 'must be <user>:<password> when basic.auth.credentials.source is USER_INFO';
      },
    },
    {
      properties: [`${own}bearer.auth.token`, `${own}bearer.auth.credentials.source`],
      check: (options) => {
        if (!options.has(`${own}bearer.auth.credentials.source`)) return undefined;
        return options.has(`${own}bearer.auth.token`) ? undefined : 'is required with STATIC_TOKEN';
      },
    },
    {
      properties: [`${own}schema.registry.ssl.keystore.key`],
      check: (options) => {
        const store = `${own}schema.registry.ssl.keystore.`;
        if (!options.has(`${store}key`)) return undefined;
        const isUsed = ['certificate.chain', 'location'].some((name) => options.has(store + name));
        return isUsed ? undefined : `is of no use without ${store}certificate.chain`;
      },
    },
    {
      properties: [url, `${side}.converter`],
      check: (options) =>
        options.string(`${side}.converter`) === 'jsonschema' && !options.has(url)
          ? 'is required with jsonschema: the built-in registry holds Avro'
          : undefined,
    },
  ];
}

function urlProblem(urls: readonly string[]): string | undefined {
  const isUrl = (text: string): boolean =>
    /^https?:\/\//i.test(text) && URL.canParse(text) && new URL(text).search === '';
  return urls.every(isUrl)
    ? undefined
    : 'must be one or more URLs that begin with http:// or https://';
}

function userInfo(options: ResolvedOptions, own: string): string | undefined {
  return (
    options.optionalString(`${own}basic.auth.user.info`) ??
    options.optionalString(`${own}schema.registry.basic.auth.user.info`)
  );
}

/** The registry of one side; null: the built-in one. */
export function registrySettings(
  options: ResolvedOptions,
  side: ConverterSide,
): RegistrySettings | null {
  const own = `${side}.converter.`;
  const urls = options.list(`${own}schema.registry.url`);
  if (urls.length === 0) return null;
  return {
    urls,
    autoRegister: options.boolean(`${own}auto.register.schemas`),
    useLatest: options.boolean(`${own}use.latest.version`),
    latestStrict: options.boolean(`${own}latest.compatibility.strict`),
    normalize: options.boolean(`${own}normalize.schemas`),
    login: loginOf(options, own),
    tls: tlsStoresOf(options, `${own}${SSL}`),
    connectTimeoutMs: options.number(`${own}http.connect.timeout.ms`),
    readTimeoutMs: options.number(`${own}http.read.timeout.ms`),
    cacheSize: options.number(`${own}max.schemas.per.subject`),
  };
}

function loginOf(options: ResolvedOptions, own: string): RegistryLogin {
  const token = options.optionalString(`${own}bearer.auth.token`);
  if (options.has(`${own}bearer.auth.credentials.source`) && token !== undefined) {
    return { kind: 'bearer', token };
  }
  const info = userInfo(options, own);
  const isInfo = options.string(`${own}basic.auth.credentials.source`) === 'USER_INFO';
  return isInfo && info !== undefined ? { kind: 'basic', userInfo: info } : { kind: 'none' };
}
