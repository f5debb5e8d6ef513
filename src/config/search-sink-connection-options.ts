import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';

const TEXT = { kind: 'string' } as const;

/** Where the servers are, and who asks. */
export const SEARCH_CONNECTION_OPTIONS: readonly Option[] = [
  {
    name: 'connection.url',
    type: { kind: 'list' },
    required: true,
    doc: 'URLs of one or more nodes of one cluster, http:// or https://.',
  },
  { name: 'connection.username', type: TEXT, doc: 'User of basic authentication.' },
  { name: 'connection.password', type: TEXT, secret: true, doc: 'Password of that user.' },
  {
    name: 'connection.api.key',
    type: TEXT,
    secret: true,
    doc: 'API key in place of a user: `encoded` of what the server made, or `<id>:<key>`.',
  },
  {
    name: 'connection.bearer.token',
    type: TEXT,
    secret: true,
    doc: 'Token in place of a user (OAuth, service accounts).',
  },
  {
    name: 'connection.compression',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Bodies of requests are compressed (gzip): less network, more CPU.',
  },
  {
    name: 'connection.timeout.ms',
    type: { kind: 'duration', min: 1 },
    default: '10s',
    doc: 'How long making a connection may take.',
  },
  {
    name: 'read.timeout.ms',
    type: { kind: 'duration', min: 1 },
    default: '60s',
    doc: 'How long the answer to a request may take; the bulk is then sent again.',
  },
  {
    name: 'proxy.host',
    type: TEXT,
    doc: 'Host of an HTTP proxy through which the servers are reached.',
  },
  {
    name: 'proxy.port',
    type: { kind: 'int', min: 1, max: 65_535 },
    default: '8080',
    doc: 'Its port.',
  },
  { name: 'proxy.username', type: TEXT, doc: 'User of the proxy.' },
  { name: 'proxy.password', type: TEXT, secret: true, doc: 'Password of that user.' },
  ...refusedOptions({
    'kerberos.user.principal':
      'Kerberos is not built: use an API key, a bearer token or basic authentication',
    'kerberos.keytab.path':
      'Kerberos is not built: use an API key, a bearer token or basic authentication',
    'aws.<property>':
      'requests are not signed for AWS: use basic authentication (fine-grained access control)',
  }),
  ...acceptedOptions({
    'max.connection.idle.time.ms': 'idle connections are closed when the server says so',
  }),
];

/** Rules over how the servers are reached. */
export const SEARCH_CONNECTION_RULES: readonly OptionRule[] = [
  {
    properties: ['connection.url'],
    check: (options) =>
      options.list('connection.url').every(isUrl)
        ? undefined
        : 'must be one or more URLs that begin with http:// or https://',
  },
  {
    properties: ['connection.username', 'connection.password'],
    check: (options) =>
      options.has('connection.username') === options.has('connection.password')
        ? undefined
        : 'and connection.password belong together',
  },
  {
    properties: ['connection.api.key', 'connection.bearer.token', 'connection.username'],
    check: (options) => {
      const ways = ['connection.api.key', 'connection.bearer.token', 'connection.username'];
      return ways.filter((name) => options.has(name)).length > 1
        ? 'connection.bearer.token and connection.username exclude each other: give one of them'
        : undefined;
    },
  },
  {
    properties: ['proxy.username', 'proxy.password', 'proxy.host'],
    check: (options) => {
      const isLogin = options.has('proxy.username') || options.has('proxy.password');
      return isLogin && !options.has('proxy.host') ? 'needs proxy.host' : undefined;
    },
  },
];

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
