import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { BinlogPlace } from '../stream/binlog-offset.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readBinlogStatus } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier, MysqlSession } from '../wire/mysql-session.ts';
import { runAll, snapshotSettings, tableLocks } from './snapshot-sessions.ts';

/** What a consistent point is made with. */
export interface PointRequest {
  readonly options: Pick<
    MysqlSourceOptions,
    'lockingMode' | 'snapshotLockTimeoutMs' | 'snapshotMaxThreads'
  >;
  readonly facts: MysqlServerFacts;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Those whose rows are read, for locks of their own. */
  readonly tables: readonly { readonly database: string; readonly name: string }[];
  /** Of those the ones of which a transaction sees no state: writes to them are held up. */
  readonly unversioned: readonly { readonly database: string; readonly name: string }[];
  readonly connect: (signal: AbortSignal) => Promise<MysqlSession>;
  readonly note: (text: string) => void;
}

/** A place of the binlog, and sessions whose transactions see exactly what lies before it. */
export interface ConsistentPoint {
  readonly place: BinlogPlace;
  readonly readers: readonly MysqlSession[];
  /** Null: nothing is locked any more. */
  readonly lock: MysqlSession | null;
  /** Holds writes to `unversioned` up; null: there are none, or it may not. */
  readonly tableLock: MysqlSession | null;
}

const BEGIN = 'START TRANSACTION WITH CONSISTENT SNAPSHOT';
/** MariaDB with BACKUP STAGE. */
const BACKUP_STAGES = 100_401;
/** Tries without a lock, until nothing was committed while the transactions began. */
const QUIET_TRIES = 3;
/** So long others have to wait behind us at a time, while we wait for a lock (PITFALLS B113). */
const LOCK_WAIT_SECONDS = 2;
const LOCK_PAUSE_MS = 500;

/**
 * Fixes where the stream will begin and opens the transactions that read what stands before it
 * (PITFALLS B112), under the shortest lock that the server and the privileges permit.
 *
 * Invariant: every reader sees all transactions before `place` and none behind it.
 * What breaks otherwise: a change in between is in neither snapshot nor stream, or in both.
 */
export async function consistentPoint(
  request: PointRequest,
  sessions: AsyncDisposableStack,
): Promise<ConsistentPoint> {
  const { options, facts } = request;
  if (request.tables.length === 0 || options.lockingMode === 'none') {
    return await unlockedPoint(request, sessions);
  }
  const readers = await openReaders(request, sessions);
  if (facts.flavor === 'mariadb' && options.lockingMode !== 'extended') {
    return await mariadbPoint(request, sessions, readers);
  }
  const lock = await openLock(request, sessions);
  await lockWrites(request, lock);
  for (const reader of readers) await reader.query(BEGIN, request.signal);
  const place = await endOfBinlog(facts, lock, request.signal);
  if (options.lockingMode === 'extended') return { place, readers, lock, tableLock: null };
  const tableLock = await lockUnversioned(request, sessions);
  await lock.close();
  return { place, readers, lock: null, tableLock };
}

/** Before any other lock is let go, and where there is none before the place is known. */
async function lockUnversioned(
  request: PointRequest,
  sessions: AsyncDisposableStack,
): Promise<MysqlSession | null> {
  const { unversioned, signal, note } = request;
  if (unversioned.length === 0) return null;
  const lock = await openLock(request, sessions);
  try {
    await runAll(lock, tableLocks(request.facts, unversioned), signal);
    return lock;
  } catch (error) {
    signal.throwIfAborted();
    if (!isDenied(error) && !isTimeout(error)) throw error;
    const names = unversioned.map(({ database, name }) => `${database}.${name}`).join(', ');
    note(`rows written to ${names} while they are read may come twice: they cannot be locked`);
    return null;
  }
}

/**
 * Several transactions that begin without a lock see different states, so there is one (ruling 11).
 * Only MariaDB says which it sees; on MySQL the place is a moment older, and the stream tells what
 * came in between again.
 */
async function unlockedPoint(
  request: PointRequest,
  sessions: AsyncDisposableStack,
): Promise<ConsistentPoint> {
  const { options, facts, signal } = request;
  const single = { ...request, options: { ...options, snapshotMaxThreads: 1 } };
  const readers = await openReaders(single, sessions);
  const [first] = readers as [MysqlSession];
  const before = await endOfBinlog(facts, first, signal);
  await first.query(BEGIN, signal);
  const place = facts.flavor === 'mariadb' ? await mariadbPlace(first, signal) : before;
  return { place, readers, lock: null, tableLock: null };
}

async function openReaders(
  { options, facts, signal, connect }: PointRequest,
  sessions: AsyncDisposableStack,
): Promise<readonly MysqlSession[]> {
  const waitSeconds = Math.max(1, Math.ceil(options.snapshotLockTimeoutMs / 1000));
  const readers: MysqlSession[] = [];
  for (let i = 0; i < options.snapshotMaxThreads; i++) {
    const reader = sessions.use(await connect(signal));
    await runAll(reader, snapshotSettings(facts, waitSeconds), signal);
    if (facts.flavor === 'mariadb') await withoutBinlog(reader, signal);
    readers.push(reader);
  }
  return readers;
}

/**
 * A session that may write to the binlog keeps its locks on definitions through ROLLBACK TO
 * SAVEPOINT (MariaDB only). Who may not switch that off has DDL wait until all is read.
 */
async function withoutBinlog(reader: MysqlSession, signal: AbortSignal): Promise<void> {
  try {
    await reader.query('SET SESSION sql_log_bin = 0', signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isDenied(error)) throw error;
  }
}

async function openLock(
  { facts, signal, connect }: PointRequest,
  sessions: AsyncDisposableStack,
): Promise<MysqlSession> {
  const lock = sessions.use(await connect(signal));
  await runAll(lock, snapshotSettings(facts, LOCK_WAIT_SECONDS), signal);
  return lock;
}

/**
 * MariaDB tells each transaction its place (`binlog_snapshot_…`), without a lock. Several of them
 * are at one place if nobody commits in between; on a busy server commits are held up for a moment,
 * and where that is not allowed one connection reads (ruling 11).
 */
async function mariadbPoint(
  request: PointRequest,
  sessions: AsyncDisposableStack,
  readers: readonly MysqlSession[],
): Promise<ConsistentPoint> {
  const [first] = readers as [MysqlSession];
  const tableLock = await lockUnversioned(request, sessions);
  for (let tries = 0; tries < QUIET_TRIES; tries++) {
    const place = await beginTogether(request, readers);
    if (place !== null) return { place, readers, lock: null, tableLock };
  }
  const lock = await openLock(request, sessions);
  if (await lockCommits(request, lock)) {
    const place = await beginTogether(request, readers);
    await lock.close();
    if (place !== null) return { place, readers, lock: null, tableLock };
  }
  request.note('the snapshot is read over one connection: commits cannot be held up for several');
  await first.query(BEGIN, request.signal);
  for (const reader of readers.slice(1)) await reader.close();
  const place = await mariadbPlace(first, request.signal);
  return { place, readers: [first], lock: null, tableLock };
}

/** Null: they see different states. */
async function beginTogether(
  { signal }: PointRequest,
  readers: readonly MysqlSession[],
): Promise<BinlogPlace | null> {
  const places: BinlogPlace[] = [];
  for (const reader of readers) await reader.query(BEGIN, signal);
  for (const reader of readers) places.push(await mariadbPlace(reader, signal, false));
  const [first] = places as [BinlogPlace];
  if (places.some(({ file, pos }) => file !== first.file || pos !== first.pos)) return null;
  return await mariadbPlace(readers[0] as MysqlSession, signal);
}

/** Where the session's transaction stands. Finding its GTID reads a part of the file. */
async function mariadbPlace(
  session: MysqlQuerier,
  signal: AbortSignal,
  withGtid = true,
): Promise<BinlogPlace> {
  const { rows } = await session.query(`SHOW STATUS LIKE 'binlog_snapshot_%'`, signal);
  const values = new Map(rows.map(([name, value]) => [name?.toLowerCase(), value ?? '']));
  const file = values.get('binlog_snapshot_file') ?? '';
  const pos = Number(values.get('binlog_snapshot_position') ?? 0);
  if (file === '' || pos === 0) throw noBinlog();
  if (!withGtid) return { file, pos, gtids: null };
  const sql = `SELECT BINLOG_GTID_POS('${file.replaceAll(/['\\]/g, '\\$&')}', ${pos})`;
  const gtids = (await session.query(sql, signal)).rows[0]?.[0] ?? null;
  return { file, pos, gtids };
}

/** Where the binlog ends; exactly, if nothing is committed meanwhile. */
export async function endOfBinlog(
  facts: MysqlServerFacts,
  session: MysqlQuerier,
  signal: AbortSignal,
): Promise<BinlogPlace> {
  const status = await readBinlogStatus(session, facts, signal);
  if (status === null) throw noBinlog();
  const { file, position: pos, executed } = status;
  if (facts.gtid.kind === 'mysql') {
    // Off: the server gives none, even if an earlier time has left some behind.
    const gtids = facts.gtid.mode === 'ON' ? (executed?.toString() ?? '') : null;
    return { file, pos, gtids };
  }
  const sql = 'SELECT @@global.gtid_binlog_pos';
  return { file, pos, gtids: (await session.query(sql, signal)).rows[0]?.[0] ?? null };
}

function noBinlog(): TidemarkError {
  return new TidemarkError('MYSQL_BINLOG_OFF', 'the server does not say where its binlog ends');
}

/** False: it is not allowed, or something stands in the way for too long. */
async function lockCommits(request: PointRequest, lock: MysqlSession): Promise<boolean> {
  const { facts, signal } = request;
  const stages = ['BACKUP STAGE START', 'BACKUP STAGE BLOCK_COMMIT'];
  const statements = facts.version >= BACKUP_STAGES ? stages : [FLUSH_AND_LOCK];
  try {
    await runAll(lock, statements, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isDenied(error) || isTimeout(error)) return false;
    throw error;
  }
}

const FLUSH_AND_LOCK = 'FLUSH TABLES WITH READ LOCK';

/** Nothing is written from here on until the session ends. */
async function lockWrites(request: PointRequest, lock: MysqlSession): Promise<void> {
  const { clock, signal, options } = request;
  const deadline = clock.monotonicMs() + options.snapshotLockTimeoutMs;
  for (let tables = false; ;) {
    try {
      const locks = tables ? tableLocks(request.facts, request.tables) : [FLUSH_AND_LOCK];
      await runAll(lock, locks, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!tables && isDenied(error)) {
        tables = true;
        continue;
      }
      if (isDenied(error)) throw lockDenied(error);
      if (!isTimeout(error)) throw error;
      if (clock.monotonicMs() >= deadline) throw await lockTimeout(request, lock, error);
    }
    // Those that wait behind us go on before we try again.
    await clock.sleep(LOCK_PAUSE_MS, signal);
  }
}

/** Hosted servers refuse as if the password were wrong. */
function isDenied(error: unknown): boolean {
  return (
    error instanceof TidemarkError &&
    (error.code === 'MYSQL_PERMISSION' || error.code === 'MYSQL_AUTH')
  );
}

function isTimeout(error: unknown): boolean {
  return error instanceof TidemarkError && error.code === 'MYSQL_LOCK_TIMEOUT';
}

function lockDenied(cause: unknown): TidemarkError {
  const what = cause instanceof Error ? `: ${cause.message}` : '';
  return new TidemarkError(
    'MYSQL_PERMISSION',
    `the account may lock neither the server nor its tables for the moment of a snapshot${what}`,
    {
      cause,
      cure:
        'GRANT RELOAD ON *.* TO <account>; or GRANT LOCK TABLES ON <database>.* TO <account>; or ' +
        'read without a lock, beside the stream: snapshot.locking.mode: none',
    },
  );
}

async function lockTimeout(
  { options, signal }: PointRequest,
  lock: MysqlSession,
  cause: unknown,
): Promise<TidemarkError> {
  const sql =
    'SELECT ID, USER, TIME FROM information_schema.PROCESSLIST ' +
    `WHERE COMMAND <> 'Sleep' AND ID <> CONNECTION_ID() ORDER BY TIME DESC LIMIT 3`;
  const { rows } = await lock.query(sql, signal).catch(() => ({ rows: [] }));
  const busy = rows.map(([id, user, time]) => `${id} of ${user} for ${time} s`).join(', ');
  return new TidemarkError(
    'MYSQL_LOCK_TIMEOUT',
    `writes could not be locked within ${options.snapshotLockTimeoutMs} ms ` +
      `(snapshot.lock.timeout.ms)${busy === '' ? '' : `; running: ${busy}`}`,
    { cause },
  );
}
