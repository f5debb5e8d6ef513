import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SearchSeries } from './search-packages.ts';
import type { SearchServerOptions } from './search-server.ts';
import { pem, pemFile } from './tls-server.ts';

/** Signs the tokens that OpenSearch takes here, as a provider of identities would. */
export const TOKEN_SECRET = 'tidemark-tests-'.repeat(5);

/** Settings of the security of either product. */
export function securitySettings(
  series: SearchSeries,
  { password, tls }: Pick<SearchServerOptions, 'password' | 'tls'>,
): Record<string, string> {
  const secured = password !== undefined;
  if (series.startsWith('elasticsearch')) {
    if (!secured) return series === 'elasticsearch-8' ? { 'xpack.security.enabled': 'false' } : {};
    return {
      'xpack.security.enabled': 'true',
      'secure:bootstrap.password': password,
      ...(tls === undefined ? {} : elasticTls(tls)),
    };
  }
  if (!secured) return {};
  if (series !== 'opensearch-2' || password !== 'admin') {
    throw new Error(`${series} has no security here, or another password than admin`);
  }
  return openSearchTls(tls);
}

function elasticTls(tls: 'server' | 'mutual'): Record<string, string> {
  const http = 'xpack.security.http.ssl';
  return {
    [`${http}.enabled`]: 'true',
    [`${http}.certificate`]: pemFile('server.pem'),
    [`${http}.key`]: pemFile('server.key'),
    [`${http}.certificate_authorities`]: pemFile('ca.pem'),
    [`${http}.client_authentication`]: tls === 'mutual' ? 'required' : 'none',
  };
}

/** Its nodes talk to each other with TLS only, also where there is only one. */
function openSearchTls(tls: 'server' | 'mutual' | undefined): Record<string, string> {
  const files = (layer: string): Record<string, string> => ({
    [`plugins.security.ssl.${layer}.pemcert_filepath`]: 'server.pem',
    [`plugins.security.ssl.${layer}.pemkey_filepath`]: 'server.key',
    [`plugins.security.ssl.${layer}.pemtrustedcas_filepath`]: 'ca.pem',
  });
  return {
    ...files('transport'),
    'plugins.security.ssl.transport.enforce_hostname_verification': 'false',
    'plugins.security.allow_default_init_securityindex': 'true',
    'plugins.security.authcz.admin_dn': 'CN=nobody',
    'plugins.security.ssl.http.enabled': String(tls !== undefined),
    ...(tls === undefined ? {} : files('http')),
    ...(tls === undefined
      ? {}
      : { 'plugins.security.ssl.http.clientauth_mode': tls === 'mutual' ? 'REQUIRE' : 'NONE' }),
  };
}

/** The files of the plug-in's demo, but for who may log in how. */
export async function writeSecurity(config: string, demo: string): Promise<void> {
  const folder = path.join(config, 'opensearch-security');
  await cp(demo, folder, { recursive: true });
  for (const name of ['ca.pem', 'server.pem', 'server.key'] as const) {
    await writeFile(path.join(config, name), pem(name), { mode: 0o600 });
  }
  const authenticator = (
    order: number,
    type: string,
    backend: string,
    settings: object = {},
  ): object => ({
    http_enabled: true,
    order,
    http_authenticator: { type, challenge: type === 'basic', config: settings },
    authentication_backend: { type: backend, config: {} },
  });
  const signing = Buffer.from(TOKEN_SECRET).toString('base64');
  await writeYaml(folder, 'config', {
    config: {
      dynamic: {
        http: { anonymous_auth_enabled: false, xff: { enabled: false } },
        authc: {
          token: authenticator(0, 'jwt', 'noop', {
            signing_key: signing,
            jwt_header: 'Authorization',
            subject_key: 'sub',
          }),
          certificate: authenticator(1, 'clientcert', 'noop', { username_attribute: 'cn' }),
          basic: authenticator(2, 'basic', 'intern'),
        },
      },
    },
  });
  const role = 'one_index';
  await writeYaml(folder, 'roles', {
    [role]: {
      cluster_permissions: ['cluster_composite_ops', 'cluster:monitor/*'],
      index_permissions: [{ index_patterns: ['mine*'], allowed_actions: ['*'] }],
    },
  });
  await writeYaml(folder, 'rolesmapping', {
    all_access: { users: ['admin', 'certuser', 'sink'] },
    [role]: { users: ['writer'] },
  });
}

/** JSON is YAML. */
async function writeYaml(folder: string, type: string, content: object): Promise<void> {
  const file = path.join(folder, `${type === 'rolesmapping' ? 'roles_mapping' : type}.yml`);
  await writeFile(file, JSON.stringify({ _meta: { type, config_version: 2 }, ...content }));
}
