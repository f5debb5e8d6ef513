import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import { MysqlSession } from './mysql-session.ts';

/** A server that answered, and how all further connections reach it. */
export interface ChosenServer {
  readonly session: MysqlSession;
  readonly connection: MysqlConnectionOptions;
}

/** Another server may be tried after these: who refuses the account refuses it everywhere. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'MYSQL_CONNECT',
  'MYSQL_CONNECTION_LOST',
  'MYSQL_CONNECTIONS_EXHAUSTED',
  'MYSQL_REPLICA_BEHIND',
]);

/**
 * Connects to the first server that can be had. All connections of one run go to the same: files
 * and positions of one mean nothing on another. `problemOf`: why one that answers cannot be used.
 */
export async function chooseServer(
  connection: MysqlConnectionOptions,
  alternatives: readonly { readonly host: string; readonly port: number }[],
  signal: AbortSignal,
  clock: Clock,
  problemOf: (session: MysqlSession) => Promise<TidemarkError | null> = () => Promise.resolve(null),
): Promise<ChosenServer> {
  const failures: TidemarkError[] = [];
  for (const address of [connection, ...alternatives]) {
    const chosen = { ...connection, host: address.host, port: address.port };
    try {
      return { session: await usable(chosen, signal, clock, problemOf), connection: chosen };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TidemarkError) || !UNREACHABLE.has(error.code)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first === undefined || failures.length === 1) throw first ?? new Error('no server to try');
  const message = failures.map((failure) => failure.message).join('; ');
  const isBehind = failures.some(({ code }) => code === 'MYSQL_REPLICA_BEHIND');
  const code = isBehind ? 'MYSQL_REPLICA_BEHIND' : 'MYSQL_CONNECT';
  throw new TidemarkError(code, message, { cause: first });
}

async function usable(
  connection: MysqlConnectionOptions,
  signal: AbortSignal,
  clock: Clock,
  problemOf: (session: MysqlSession) => Promise<TidemarkError | null>,
): Promise<MysqlSession> {
  const session = await MysqlSession.connect(connection, signal, clock);
  try {
    const problem = await problemOf(session);
    if (problem !== null) throw problem;
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}
