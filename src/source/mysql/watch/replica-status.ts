import { TidemarkError } from '../../../foundation/errors.ts';
import type { ReplicaLook } from '../../../model/server-look.ts';
import { named } from '../wire/mysql-server-facts.ts';
import type { MysqlSession } from '../wire/mysql-session.ts';

type Channel = ReadonlyMap<string, string>;

/**
 * How the server follows another one. Null: it follows none; `hidden`: the account may not ask,
 * which on MariaDB takes a right of its own.
 */
export async function readReplica(
  session: MysqlSession,
  signal: AbortSignal,
): Promise<ReplicaLook | null | 'hidden'> {
  try {
    return replicaOf(named(await session.query(statusStatement(session), signal)));
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'MYSQL_PERMISSION') return 'hidden';
    throw error;
  }
}

/** MariaDB keeps connections with names, and the old word; MySQL has it until 8.0.21. */
function statusStatement({ isMariadb, greeting }: MysqlSession): string {
  if (isMariadb) return 'SHOW ALL SLAVES STATUS';
  const isOld = /^[57]\.|^8\.0\.([01]?\d|2[01])\b/.test(greeting);
  return isOld ? 'SHOW SLAVE STATUS' : 'SHOW REPLICA STATUS';
}

/** The worst of its channels. */
export function replicaOf(channels: readonly Channel[]): ReplicaLook | null {
  const found = channels.flatMap((channel) => channelLook(channel) ?? []);
  const stopped = found.find((one) => one.stopped !== null)?.stopped ?? null;
  const lags = found.flatMap(({ behindMs }) => behindMs ?? []);
  if (found.length === 0) return null;
  return { behindMs: lags.length === 0 ? null : Math.max(...lags), stopped };
}

function channelLook(channel: Channel): ReplicaLook | null {
  const value = (name: string): string =>
    channel.get(`replica_${name}`) ?? channel.get(`slave_${name}`) ?? '';
  const [io, sql] = [value('io_running'), value('sql_running')];
  const [ioError, sqlError] = ['last_io_error', 'last_sql_error'].map(
    (name) => channel.get(name) ?? '',
  ) as [string, string];
  const isOff = io === 'No' && sql === 'No' && ioError === '' && sqlError === '';
  // Somebody stopped both: it was made a source itself, and keeps the settings alone.
  if (isOff) return null;
  const stopped =
    sql === 'No'
      ? told('it applies nothing: its SQL thread is stopped', sqlError)
      : io === 'Yes'
        ? null
        : told(`it gets nothing: its I/O thread is ${io === 'No' ? 'stopped' : io}`, ioError);
  const seconds = Number(
    channel.get('seconds_behind_source') ?? channel.get('seconds_behind_master') ?? 0,
  );
  const behindMs = seconds > 0 ? seconds * 1000 : null;
  return stopped === null && behindMs === null ? null : { behindMs, stopped };
}

function told(what: string, error: string): string {
  return error === '' ? what : `${what} (${error})`;
}
