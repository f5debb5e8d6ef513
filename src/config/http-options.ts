import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** The section `http`: health, metrics, status and the schema registry. */
export const HTTP_OPTIONS: readonly Option[] = [
  {
    name: 'listen',
    type: { kind: 'string' },
    default: '127.0.0.1:8083',
    doc: 'Address and port (0 takes a free one), or `none`. Beyond loopback a token is needed.',
  },
  {
    name: 'token',
    type: { kind: 'string' },
    secret: true,
    doc: 'Requests must carry `Authorization: Bearer <token>`; only /health stays open.',
  },
];

/** Where the HTTP port is opened. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[v6]:port`; null for `none`. Undefined when it is neither. */
export function parseListen(text: string): ListenAddress | null | undefined {
  if (text === 'none') return null;
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) return undefined;
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '0.0.0.0' : host, port };
}

/** Rules over several properties. */
export const HTTP_RULES: readonly OptionRule[] = [
  {
    properties: ['listen', 'token'],
    check: (options: ResolvedOptions) => {
      const address = parseListen(options.string('listen'));
      if (address === undefined) return 'must have the form host:port, or be none';
      if (address === null || isLoopback(address.host) || options.has('token')) return undefined;
      return `${address.host} is reachable from other machines: set token, or listen on 127.0.0.1`;
    },
  },
];

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
