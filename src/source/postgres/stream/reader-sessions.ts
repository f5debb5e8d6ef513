import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { WireSession } from '../wire/wire-connect.ts';

/**
 * The server sends what it has of a transaction at once when its memory is full, and everybody else
 * waits for that: the less there is, the shorter (measured, ARCHITECTURE).
 */
export function streamSession(options: PostgresSourceOptions): WireSession {
  const session = { replication: true, applicationName: applicationName(options, 'stream') };
  const bytes = options.largeTransactionBytes;
  if (options.largeTransactionMode === 'server' || bytes === undefined) return session;
  const kilobytes = Math.max(64, Math.ceil(bytes / 1024));
  return { ...session, settings: { logical_decoding_work_mem: `${kilobytes}kB` } };
}

/** As pg_stat_activity shows it. Not a name that stands in synchronous_standby_names (P54). */
export function applicationName(options: PostgresSourceOptions, purpose: string): string {
  return `tidemark ${purpose} ${options.slotName}`;
}
