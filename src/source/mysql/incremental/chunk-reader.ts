import { TidemarkError } from '../../../foundation/errors.ts';
import { GtidSet } from '../../../model/gtid-set.ts';
import type { LogSpot } from '../stream/stream-watches.ts';
import { ResultWire } from '../wire/result-wire.ts';
import type { BinlogStatus, MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readBinlogStatus, readServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlSession } from '../wire/mysql-session.ts';
import { ChunkRows } from './chunk-rows.ts';
import { GroupVisibility } from './group-visibility.ts';

/** A connection to the server of the stream, without a limit for queries. */
export type SessionFactory = (signal: AbortSignal) => Promise<MysqlSession>;

/** What one SELECT read, and what it saw. */
export interface ReadChunk {
  readonly visibility: GroupVisibility;
  /** Every group that the read saw ends before this place. */
  readonly until: LogSpot;
  readonly rows: ChunkRows;
}

/** From here on a GTID is in gtid_executed when its changes are visible, and not before. */
const EXACT_EXECUTED = 50_700;

/**
 * Reads chunks over a connection that is made anew when it was lost. Invariant: what
 * `visibility` sees is in the rows, and a change that the rows show ends before `until`.
 *
 * The order in which a server writes its binlog and makes changes visible decides how that is
 * known. A group is written to the binlog first and becomes visible then, so that the end of the
 * binlog, or MariaDB's `gtid_binlog_pos`, names groups that a SELECT does not see yet (for as long
 * as semi-synchronous replicas let it wait); a chunk with their old rows would overwrite them.
 *
 * - MariaDB: a consistent snapshot is made under the lock under which groups become visible, and
 *   `binlog_snapshot_…` is its place in the binlog, exactly.
 * - MySQL with GTIDs: `gtid_executed` takes a group up after it has become visible. What it has
 *   before the read is in the read; of anything else the stream's version counts.
 * - Others (no GTIDs, 5.6; on MariaDB once a prepared transaction has been seen, which becomes
 *   visible outside of that lock): rows are read with shared locks, which wait for whoever has
 *   changed them and is not visible yet. The end of the binlog before the read then tells.
 */
export class ChunkReader {
  readonly server: MysqlServerFacts;
  readonly #connect: SessionFactory;
  readonly #lockTimeoutMs: number;
  readonly #maxBytes: number;
  #wire: ResultWire | undefined;

  constructor(
    connect: SessionFactory,
    server: MysqlServerFacts,
    lockTimeoutMs: number,
    maxBytes: number,
  ) {
    this.#connect = connect;
    this.server = server;
    this.#lockTimeoutMs = lockTimeoutMs;
    this.#maxBytes = maxBytes;
  }

  /** `locks`: snapshots do not tell exactly what is visible. */
  async read(sql: string, locks: boolean, signal: AbortSignal): Promise<ReadChunk> {
    const wire = await this.wire(signal);
    const rows = new ChunkRows(this.#maxBytes);
    const visibility =
      locks || !this.hasSnapshots
        ? await this.#readLocking(wire, sql, rows, signal)
        : await this.#readSnapshot(wire, sql, rows, signal);
    const { file, position: pos } = await this.status(wire, signal);
    return { visibility, until: { file, pos }, rows };
  }

  /** The server says exactly what a consistent snapshot sees. */
  get hasSnapshots(): boolean {
    const { flavor, version, gtid } = this.server;
    if (flavor === 'mariadb') return true;
    return gtid.kind === 'mysql' && gtid.mode === 'ON' && version >= EXACT_EXECUTED;
  }

  async #readSnapshot(
    wire: ResultWire,
    sql: string,
    rows: ChunkRows,
    signal: AbortSignal,
  ): Promise<GroupVisibility> {
    const visibility = await this.beginSnapshot(wire, signal);
    try {
      await wire.read(sql, rows, signal);
      await wire.query('COMMIT', signal);
      return visibility;
    } catch (error) {
      await this.rollBack(wire, signal);
      throw error;
    }
  }

  /** Begins a transaction that sees what is committed now. */
  async beginSnapshot(wire: ResultWire, signal: AbortSignal): Promise<GroupVisibility> {
    const begin = 'START TRANSACTION WITH CONSISTENT SNAPSHOT';
    if (this.server.flavor === 'mariadb') {
      await wire.query(begin, signal);
      const { rows } = await wire.query("SHOW STATUS LIKE 'binlog\\_snapshot\\_%'", signal);
      const values = new Map(rows.map(([name, value]) => [name?.toLowerCase() ?? '', value]));
      const file = values.get('binlog_snapshot_file') ?? '';
      const pos = Number(values.get('binlog_snapshot_position') ?? Number.NaN);
      if (file === '' || !Number.isSafeInteger(pos)) throw noBinlog();
      return new GroupVisibility({ file, pos }, null);
    }
    const { file, position: pos, executed } = await this.status(wire, signal);
    await wire.query(begin, signal);
    const { gtid } = this.server;
    const hasGtids = gtid.kind === 'mysql' && gtid.mode === 'ON';
    // A server on which nothing was written yet shows none.
    const seen = hasGtids ? (executed ?? GtidSet.parse('')) : null;
    return new GroupVisibility({ file, pos }, seen);
  }

  async #readLocking(
    wire: ResultWire,
    sql: string,
    rows: ChunkRows,
    signal: AbortSignal,
  ): Promise<GroupVisibility> {
    const { file, position: pos } = await this.status(wire, signal);
    // No locks on gaps: rows that come between come by the stream.
    await wire.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED', signal);
    await wire.read(`${sql} LOCK IN SHARE MODE`, rows, signal);
    return new GroupVisibility({ file, pos }, null);
  }

  /** The end of the binlog. */
  async status(wire: ResultWire, signal: AbortSignal): Promise<BinlogStatus> {
    const status = await readBinlogStatus(wire, this.server, signal);
    if (status === null) throw noBinlog();
    return status;
  }

  async wire(signal: AbortSignal): Promise<ResultWire> {
    if (this.#wire?.isOpen === true) return this.#wire;
    const wire = new ResultWire(await this.#connect(signal));
    try {
      await this.#prepare(wire, signal);
    } catch (error) {
      await wire.close();
      throw error;
    }
    return (this.#wire = wire);
  }

  async #prepare(wire: ResultWire, signal: AbortSignal): Promise<void> {
    const { serverId, serverUuid } = await readServerFacts(wire, signal);
    // Behind one name there may be several, and places of one mean nothing on another (B20).
    if (serverId !== this.server.serverId || serverUuid !== this.server.serverUuid) {
      throw new TidemarkError(
        'MYSQL_CONNECTION_LOST',
        `another server answers (server_id ${serverId}) than the one that is streamed from`,
      );
    }
    // database.query.timeout.ms is not for tables: they take as long as they take.
    const { flavor, version } = this.server;
    if (flavor === 'mariadb') await wire.query('SET SESSION max_statement_time = 0', signal);
    else if (version >= EXACT_EXECUTED) {
      await wire.query('SET SESSION max_execution_time = 0', signal);
    }
    const seconds = Math.max(1, Math.ceil(this.#lockTimeoutMs / 1000));
    await wire.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ', signal);
    await wire.query(
      `SET SESSION lock_wait_timeout = ${seconds}, innodb_lock_wait_timeout = ${seconds}`,
      signal,
    );
  }

  async close(): Promise<void> {
    await this.#wire?.close();
    this.#wire = undefined;
  }

  /** Ends what was begun; the error before it is the one to tell. */
  async rollBack(wire: ResultWire, signal: AbortSignal): Promise<void> {
    if (!wire.isOpen || signal.aborted) return;
    try {
      await wire.query('ROLLBACK', signal);
    } catch {
      await this.close();
    }
  }
}

function noBinlog(): TidemarkError {
  return new TidemarkError('MYSQL_BINLOG_OFF', 'the server writes no binlog any more');
}

/** The server's own error about a statement: trying again changes nothing, unless a table did. */
export function isStatementError(error: unknown): boolean {
  return (
    error instanceof TidemarkError &&
    (error.code === 'MYSQL_SERVER' || error.code === 'MYSQL_PERMISSION') &&
    !isTableChanged(error)
  );
}

/** The table was changed behind the snapshot: it is read anew (PITFALLS B114). */
export function isTableChanged(error: unknown): boolean {
  return error instanceof TidemarkError && error.message.includes('(error 1412,');
}
