import type { Clock } from '../../../foundation/clock.ts';
import type {
  LookRequest,
  RetentionLook,
  ServerLook,
  ServerWatch,
} from '../../../model/server-look.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import { readStoredOffset, restartPlace } from '../stream/binlog-offset.ts';
import { readBinlogFiles } from '../wire/mysql-server-facts.ts';
import type { MysqlSession } from '../wire/mysql-session.ts';
import type { BinlogFile } from '../wire/mysql-server-facts.ts';
import { chooseServer } from '../wire/server-choice.ts';
import type { PurgeSettings, RetainedPlace } from './binlog-retention.ts';
import { BinlogRetention } from './binlog-retention.ts';
import { lookAtSessions } from './mysql-sessions.ts';
import { readReplica } from './replica-status.ts';

/** Which servers are looked at. */
export interface MysqlWatchOptions {
  readonly connection: MysqlConnectionOptions;
  readonly alternatives: readonly { readonly host: string; readonly port: number }[];
}

/** A session with a server, and what was seen of it. */
interface Watched {
  readonly session: MysqlSession;
  readonly connection: MysqlConnectionOptions;
  readonly uuid: string | null;
  readonly retention: BinlogRetention;
}

/** Looks at the binlog's files, at who sends it, and at who is in the way. */
export class MysqlServerWatch implements ServerWatch {
  readonly #options: MysqlWatchOptions;
  readonly #clock: Clock;
  #watched: Watched | null = null;

  constructor(options: MysqlWatchOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  async look(request: LookRequest, signal: AbortSignal): Promise<ServerLook> {
    const watched = await this.#connected(request, signal);
    const { session, connection } = watched;
    try {
      const files = await readBinlogFiles(session, signal);
      const last = files.at(-1);
      const retention = await this.#retention(watched, files, request, signal);
      const { stream, closer } = request;
      const asked = { account: connection.user, stream, closer };
      const sessions = await lookAtSessions(session, asked, signal);
      return {
        end: last === undefined ? '' : `${last.name}:${last.bytes}`,
        waitingBytes: request.received === null ? null : bytesFrom(request.received, files),
        ...sessions,
        retention,
        // Who has all that the server has is not behind: that is when it matters.
        replica: await readReplica(session, signal),
        missing: null,
      };
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  /** Files and positions of one server mean nothing on another. */
  async #connected({ stream }: LookRequest, signal: AbortSignal): Promise<Watched> {
    const before = this.#watched;
    const isWanted = stream === null || before?.session.server === stream.server;
    if (before?.session.isOpen === true && isWanted) return before;
    before?.session.destroy();
    const { connection, alternatives } = this.#options;
    const all = [connection, ...alternatives];
    const ours = all.find(({ host, port }) => `${host}:${port}` === stream?.server);
    const plain = { ...connection, ...ours, initialStatements: [] };
    const others = ours === undefined ? alternatives : [];
    const chosen = await chooseServer(plain, others, signal, this.#clock);
    const { session } = chosen;
    const uuid = await readUuid(session, signal);
    const isSame = before !== null && before.session.server === session.server;
    const retention = isSame ? before.retention : new BinlogRetention();
    this.#watched = { ...chosen, uuid, retention };
    return this.#watched;
  }

  async #retention(
    { session, uuid, retention }: Watched,
    files: readonly BinlogFile[],
    { stored }: LookRequest,
    signal: AbortSignal,
  ): Promise<RetentionLook> {
    const settings = await readPurgeSettings(session, signal);
    const offset = stored === null ? null : readStoredOffset(stored);
    const known = offset?.serverUuid ?? null;
    const isOther = uuid !== null && known !== null && known !== uuid;
    const place: RetainedPlace | null = offset === null || isOther ? null : restartPlace(offset);
    return retention.look(files, place, settings, this.#clock.nowMs());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watched?.session.close();
    this.#watched = null;
  }
}

/** To the end of the log, over all files between; null: the server has not that file. */
function bytesFrom(received: string, files: readonly BinlogFile[]): number | null {
  const at = received.lastIndexOf(':');
  const first = files.findIndex(({ name }) => name === received.slice(0, at));
  if (first < 0) return null;
  const bytes = files.slice(first).reduce((sum, file) => sum + file.bytes, 0);
  return Math.max(0, bytes - Number(received.slice(at + 1)));
}

/** Null on MariaDB, which has none. */
async function readUuid(session: MysqlSession, signal: AbortSignal): Promise<string | null> {
  const { rows } = await session.query("SHOW GLOBAL VARIABLES LIKE 'server_uuid'", signal);
  return rows[0]?.[1]?.toLowerCase() ?? null;
}

const PURGE_VARIABLES = [
  'binlog_expire_logs_seconds',
  'expire_logs_days',
  'binlog_expire_logs_auto_purge',
  'max_binlog_total_size',
  'binlog_space_limit',
];
const DAY_MS = 86_400_000;

async function readPurgeSettings(
  session: MysqlSession,
  signal: AbortSignal,
): Promise<PurgeSettings> {
  const list = PURGE_VARIABLES.map((name) => `'${name}'`).join(', ');
  const sql = `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list})`;
  const { rows } = await session.query(sql, signal);
  const values = new Map(rows.map(([name, value]) => [name?.toLowerCase() ?? '', value ?? '']));
  const number = (name: string): number => Number(values.get(name) ?? 0);
  const seconds = number('binlog_expire_logs_seconds');
  const days = number('expire_logs_days');
  const isAuto = values.get('binlog_expire_logs_auto_purge')?.toUpperCase() !== 'OFF';
  const total = number('max_binlog_total_size');
  const limit = total > 0 ? total : number('binlog_space_limit');
  const totalName = total > 0 ? 'max_binlog_total_size' : 'binlog_space_limit';
  const expire =
    seconds > 0
      ? { setting: `binlog_expire_logs_seconds = ${seconds}`, ms: seconds * 1000 }
      : { setting: `expire_logs_days = ${days}`, ms: days * DAY_MS };
  return {
    expire: isAuto && expire.ms > 0 ? expire : null,
    total: limit > 0 ? { setting: `${totalName} = ${limit}`, bytes: limit } : null,
  };
}
