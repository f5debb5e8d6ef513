import type { HttpConfig } from '../config/pipeline-config.ts';

const DEFAULT_URL = 'http://127.0.0.1:8083';

/** Where the daemon of a pipeline file answers; null: it has no port. */
export function daemonUrl(http: HttpConfig | undefined): string | null {
  if (http === undefined) return DEFAULT_URL;
  if (http.listen === null) return null;
  const { host, port } = http.listen;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
