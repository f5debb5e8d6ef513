import type { DatabaseDefinition } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import {
  CLEANUP_MS,
  dropLeftovers,
  noteLeft,
  SCRATCH_PREFIX,
  scratchError,
  scratchName,
} from '../../scratch-copies.ts';
import { quotedName } from '../capture/server-tables.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import { MysqlSession } from '../wire/mysql-session.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';

/** Sessions that are ended let go of their tables a moment later. */
const LOCK_WAIT_SECONDS = 10;

/** What an empty database is made with. */
export interface ScratchSchemaRequest {
  readonly connection: MysqlConnectionOptions;
  /** The one that it is to be like. */
  readonly like: DatabaseDefinition;
  /** A daemon would capture what is in a database of this name, if the binlog told of it. */
  readonly wouldBeCaptured: (name: string) => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/**
 * An empty database that is thrown away. Its maker's session holds a lock of the same name, which
 * ends with it: so the next one knows what a killed one has left.
 */
export class ScratchSchema implements AsyncDisposable {
  readonly name: string;
  readonly #request: ScratchSchemaRequest;
  readonly #keeper: MysqlSession;

  private constructor(name: string, keeper: MysqlSession, request: ScratchSchemaRequest) {
    this.name = name;
    this.#keeper = keeper;
    this.#request = request;
  }

  /** @throws MIGRATION_SCRATCH, and MYSQL_* when the server cannot be reached */
  static async create(request: ScratchSchemaRequest): Promise<ScratchSchema> {
    const { connection, clock, signal, like, note } = request;
    const keeper = await MysqlSession.connect(connection, signal, clock);
    try {
      const name = scratchName();
      if (!(await leavesBinlog(keeper)) && request.wouldBeCaptured(name)) throw wouldBeCaptured();
      await removeLeftovers(keeper, note);
      await keeper.query(`SELECT GET_LOCK('${name}', 0)`);
      const scratch = new ScratchSchema(name, keeper, request);
      const form = `CHARACTER SET ${like.charset} COLLATE ${like.collation}`;
      try {
        await keeper.query(`CREATE DATABASE ${quotedName(name)} ${form}`, signal);
        return scratch;
      } catch (error) {
        // It may have been made all the same, when we were told to stop.
        await scratch[Symbol.asyncDispose]();
        signal.throwIfAborted();
        throw scratchError(error, { MYSQL_PERMISSION: `${GRANT} ${ELSEWHERE}` });
      }
    } catch (error) {
      await keeper.close();
      throw error;
    }
  }

  /** A session in it, which the binlog does not tell of where the account may have it so. */
  async connect(): Promise<MysqlSession> {
    const { connection, signal, clock } = this.#request;
    const session = await MysqlSession.connect(connection, signal, clock);
    await leavesBinlog(session);
    await session.query(`USE ${quotedName(this.name)}`, signal);
    return session;
  }

  /** Also when all else was told to stop, and when the connection is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { connection, clock, note } = this.#request;
    try {
      if (this.#keeper.isOpen) {
        await drop(this.#keeper, this.name);
      } else {
        const within = AbortSignal.timeout(CLEANUP_MS);
        await using session = await MysqlSession.connect(connection, within, clock);
        await leavesBinlog(session);
        await drop(session, this.name);
      }
    } catch (error) {
      noteLeft(this.name, error, note);
    } finally {
      await this.#keeper.close();
    }
  }
}

/** Nobody else is to hear of the copy: replicas, and the daemon itself. False: that is denied. */
async function leavesBinlog(session: MysqlQuerier): Promise<boolean> {
  try {
    await session.query('SET SESSION sql_log_bin = 0');
    return true;
  } catch (error) {
    if (toTidemarkError(error).code === 'MYSQL_PERMISSION') return false;
    throw error;
  }
}

/** What a statement still does in there is of no use to anybody. */
async function drop(session: MysqlQuerier, name: string): Promise<void> {
  const sql =
    'SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() ' +
    `AND DB = '${name}'`;
  for (const [id] of (await session.query(sql)).rows) {
    // It may have ended by itself.
    await session.query(`KILL ${Number(id)}`).catch(() => undefined);
  }
  await session.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`);
  await session.query(`DROP DATABASE IF EXISTS ${quotedName(name)}`);
}

/** What makers left that are gone. */
async function removeLeftovers(session: MysqlQuerier, note: (text: string) => void): Promise<void> {
  const pattern = `${SCRATCH_PREFIX.replaceAll('_', '|_')}%`;
  const { rows } = await session.query(
    'SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ' +
      `WHERE SCHEMA_NAME LIKE '${pattern}' ESCAPE '|' AND IS_FREE_LOCK(SCHEMA_NAME)`,
  );
  const names = rows.flatMap(([found]) => found ?? []).filter((name) => /^\w+$/.test(name));
  await dropLeftovers(names, (name) => drop(session, name), note);
}

const GRANT = 'GRANT ALL PRIVILEGES ON `tidemark\\_scratch\\_%`.* TO <account>;';
const ELSEWHERE = 'or name another server or account with --scratch mysql://user@host/.';

function wouldBeCaptured(): TidemarkError {
  return new TidemarkError(
    'MIGRATION_SCRATCH',
    'the pipeline captures all databases, so its daemon would capture the copy, too: the account ' +
      'may not keep the copy out of the binlog (SET sql_log_bin = 0)',
    {
      cure:
        'Name the databases in database.include.list, grant SESSION_VARIABLES_ADMIN (MariaDB: ' +
        `BINLOG ADMIN), ${ELSEWHERE}`,
    },
  );
}
