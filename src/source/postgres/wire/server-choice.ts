import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { Querier } from './catalog-session.ts';
import type {
  PostgresConnectionOptions,
  ServerAddress,
  TargetSessionAttrs,
} from '../postgres-source-options.ts';

/** A connection that may turn out to be to the wrong server. */
interface Candidate extends Querier {
  close(): Promise<void>;
}

const ROLE_QUERY = `SELECT pg_catalog.pg_is_in_recovery() AS standby,
  current_setting('transaction_read_only') AS read_only`;

/**
 * The server that was suitable last: after a failover a host that does not answer would otherwise
 * hold up every connection for its whole timeout.
 */
const lastSuitable = new WeakMap<PostgresConnectionOptions, ServerAddress>();

/**
 * Connects to the first server of the list that is what `database.target.session.attrs` asks for,
 * with libpq's meanings. A server that refuses the role or the password ends the search, as there:
 * it is the right one, and its answer must not be hidden behind the next.
 */
export async function connectSuitable<C extends Candidate>(
  options: PostgresConnectionOptions,
  open: (options: PostgresConnectionOptions) => Promise<C>,
  signal: AbortSignal,
): Promise<C> {
  const servers = serversOf(options);
  const wanted = options.targetSessionAttrs ?? (servers.length > 1 ? 'primary' : 'any');
  if (servers.length === 1 && wanted === 'any') return await open(options);
  const refusals: string[] = [];
  for (const round of wanted === 'prefer-standby' ? (['standby', 'any'] as const) : [wanted]) {
    refusals.length = 0;
    for (const server of inOrder(options, servers, round)) {
      signal.throwIfAborted();
      let candidate: C;
      try {
        candidate = await open({ ...options, ...server });
      } catch (thrown) {
        const error = toTidemarkError(thrown);
        if (error.retry === 'stop' || signal.aborted) throw error;
        refusals.push(error.message);
        continue;
      }
      const unfit = await unfitness(candidate, round, signal);
      if (unfit === null) {
        lastSuitable.set(options, server);
        return candidate;
      }
      refusals.push(`${server.host}:${server.port} ${unfit}`);
      await candidate.close();
    }
  }
  throw new TidemarkError(
    'PG_CONNECT',
    `no server with database.target.session.attrs: ${wanted} (${refusals.join('; ')})`,
  );
}

/** Where any will do, the order is the wish. */
function inOrder(
  options: PostgresConnectionOptions,
  servers: readonly ServerAddress[],
  wanted: TargetSessionAttrs,
): readonly ServerAddress[] {
  const last = wanted === 'any' ? undefined : lastSuitable.get(options);
  if (last === undefined) return servers;
  const isLast = ({ host, port }: ServerAddress): boolean =>
    host === last.host && port === last.port;
  return [last, ...servers.filter((server) => !isLast(server))];
}

/** Every server of `database.hostname`, in order. */
export function serversOf(options: PostgresConnectionOptions): readonly ServerAddress[] {
  const { host, port, alternatives = [] } = options;
  return [{ host, port }, ...alternatives];
}

/** What the server is instead; null: it is what was asked for. */
async function unfitness(
  candidate: Candidate,
  wanted: TargetSessionAttrs,
  signal: AbortSignal,
): Promise<string | null> {
  if (wanted === 'any') return null;
  const row = (await candidate.query(ROLE_QUERY, signal))[0]?.rows[0];
  const standby = row?.[0] === 't';
  const readOnly = row?.[1] === 'on';
  switch (wanted) {
    case 'primary':
      return standby ? 'is a standby' : null;
    case 'read-write':
      return readOnly ? 'is read-only' : null;
    case 'read-only':
      return readOnly ? null : 'can be written to';
    default:
      return standby ? null : 'is a primary';
  }
}
