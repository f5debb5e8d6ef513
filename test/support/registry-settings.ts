import type { RegistrySettings } from '../../src/config/registry-options.ts';

/** Settings as without any property but the URL. */
export function registrySettingsFor(
  url: string | readonly string[],
  others: Partial<RegistrySettings> = {},
): RegistrySettings {
  return {
    urls: typeof url === 'string' ? [url] : url,
    autoRegister: true,
    useLatest: false,
    latestStrict: true,
    normalize: false,
    login: { kind: 'none' },
    tls: { truststore: null, keystore: null, keyPassword: undefined, verifyHost: true },
    connectTimeoutMs: 10_000,
    readTimeoutMs: 20_000,
    cacheSize: 100,
    ...others,
  };
}
