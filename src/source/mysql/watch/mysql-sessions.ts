import { TidemarkError } from '../../../foundation/errors.ts';
import type { StreamSession } from '../../../model/change-event.ts';
import type { Blocker, SenderDoes, SenderLook } from '../../../model/server-look.ts';
import { named } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier, MysqlResult } from '../wire/mysql-session.ts';

/** A row of SHOW FULL PROCESSLIST; without PROCESS a server shows those of the account alone. */
interface SessionRow {
  readonly id: number;
  readonly user: string;
  readonly host: string;
  readonly database: string;
  readonly command: string;
  readonly seconds: number;
  readonly state: string;
  readonly statement: string | null;
}

/** What the sessions of a server tell. */
export interface SessionsLook {
  /** Null: nobody sends to us. */
  readonly sender: SenderLook | null;
  readonly blockers: readonly Blocker[];
  /** What the account would have to be granted to see more; null: it sees all. */
  readonly grant: string | null;
}

const STATEMENT_MOST = 500;

/** Looks at the sessions; `closer`: also at who is in the way of ours. */
export async function lookAtSessions(
  querier: MysqlQuerier,
  { account, stream, closer }: Readonly<Record<'account', string>> & SessionsRequest,
  signal: AbortSignal,
): Promise<SessionsLook> {
  const sessions = rowsOf(await querier.query('SHOW FULL PROCESSLIST', signal));
  const sender = senderAmong(sessions, account, stream);
  if (!closer) return { sender, blockers: [], grant: null };
  const open = await allowed(querier, OPEN_TRANSACTIONS, signal);
  const waiting = sessions.filter((one) => one.user === account && isWaiting(one));
  const locks = waiting.length === 0 ? [] : await allowed(querier, METADATA_LOCKS, signal);
  const transactions = transactionsOf(open ?? [], sessions);
  return {
    sender,
    blockers: [...waitsOf(waiting, locks ?? [], transactions, sessions), ...transactions],
    grant: open === null ? `GRANT PROCESS ON *.* TO ${account};` : null,
  };
}

interface SessionsRequest {
  readonly stream: StreamSession | null;
  readonly closer: boolean;
}

/** The oldest first; without PROCESS it is an error. */
const OPEN_TRANSACTIONS = `SELECT trx_mysql_thread_id AS id,
  TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS seconds, trx_query AS statement,
  trx_rows_modified AS changed
FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id <> CONNECTION_ID() ORDER BY trx_started LIMIT 20`;

/** The strongest lock first. MariaDB has the table and no rows, unless its plugin is there. */
const METADATA_LOCKS = `SELECT w.PROCESSLIST_ID AS waiter, h.PROCESSLIST_ID AS id,
  p.OBJECT_SCHEMA AS db, p.OBJECT_NAME AS name
FROM performance_schema.metadata_locks p
JOIN performance_schema.metadata_locks g ON g.OBJECT_TYPE = p.OBJECT_TYPE
  AND g.OBJECT_SCHEMA <=> p.OBJECT_SCHEMA AND g.OBJECT_NAME <=> p.OBJECT_NAME
  AND g.LOCK_STATUS = 'GRANTED' AND g.OWNER_THREAD_ID <> p.OWNER_THREAD_ID
JOIN performance_schema.threads w ON w.THREAD_ID = p.OWNER_THREAD_ID
JOIN performance_schema.threads h ON h.THREAD_ID = g.OWNER_THREAD_ID
WHERE p.LOCK_STATUS = 'PENDING' AND h.PROCESSLIST_ID <> CONNECTION_ID()
ORDER BY FIELD(g.LOCK_TYPE, 'SHARED_UPGRADABLE', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE',
  'EXCLUSIVE') DESC LIMIT 20`;

const DENIED: ReadonlySet<string> = new Set(['MYSQL_PERMISSION', 'MYSQL_SERVER']);

type NamedRow = ReadonlyMap<string, string>;

/** Null: the account may not. A figure that is not there is no reason to fail. */
async function allowed(
  querier: MysqlQuerier,
  sql: string,
  signal: AbortSignal,
): Promise<readonly NamedRow[] | null> {
  try {
    return named(await querier.query(sql, signal));
  } catch (error) {
    if (error instanceof TidemarkError && DENIED.has(error.code)) return null;
    throw error;
  }
}

function rowsOf(result: MysqlResult): readonly SessionRow[] {
  return named(result).map((row) => ({
    id: Number(row.get('id') ?? 0),
    user: row.get('user') ?? '',
    host: row.get('host') ?? '',
    database: row.get('db') ?? '',
    command: row.get('command') ?? '',
    seconds: Number(row.get('time') ?? 0),
    state: row.get('state') ?? '',
    statement: row.get('info')?.slice(0, STATEMENT_MOST) ?? null,
  }));
}

/** By the number of the connection; where that is not known, any dump of the account is ours. */
function senderAmong(
  sessions: readonly SessionRow[],
  account: string,
  stream: StreamSession | null,
): SenderLook | null {
  const dumps = sessions.filter(({ command }) => command.startsWith('Binlog Dump'));
  const id = stream?.id ?? null;
  const ours = dumps.find((one) => (id === null ? one.user === account : one.id === id));
  if (ours === undefined) return null;
  return {
    who: `thread ${ours.id}`,
    state: ours.state,
    does: doingOf(ours.state),
    silentMs: null,
  };
}

/** Old and new servers have other words for source and replica. */
function doingOf(state: string): SenderDoes {
  if (/^(source|master) has sent all/i.test(state)) return 'has_sent_all';
  if (/^(sending binlog event|writing to net)/i.test(state)) return 'waits_for_us';
  return /semi-?sync/i.test(state) ? 'waits_for_others' : 'works';
}

function isWaiting({ state }: SessionRow): boolean {
  return /^waiting for .*(lock|flush|stage|commit)/i.test(state);
}

function transactionsOf(
  rows: readonly NamedRow[],
  sessions: readonly SessionRow[],
): readonly Blocker[] {
  return rows.flatMap((row): Blocker[] => {
    const id = Number(row.get('id') ?? 0);
    const session = sessions.find((one) => one.id === id);
    // The binlog has nothing of one that has changed nothing; locks are judged by themselves.
    if (Number(row.get('changed') ?? 0) === 0) return [];
    // Prepared by XA and left: no session has it any more.
    if (id === 0) return [preparedOf(row)];
    return [
      {
        kind: 'transaction',
        who: whoIs(id, session),
        ageMs: Number(row.get('seconds') ?? 0) * 1000,
        statement: row.get('statement')?.slice(0, STATEMENT_MOST) ?? session?.statement ?? null,
        cure: `KILL ${id};`,
        table: null,
        waiting: null,
      },
    ];
  });
}

function preparedOf(row: NamedRow): Blocker {
  return {
    kind: 'prepared',
    who: 'a prepared XA transaction',
    ageMs: Number(row.get('seconds') ?? 0) * 1000,
    statement: null,
    cure: "XA RECOVER; XA ROLLBACK '…';",
    table: null,
    waiting: null,
  };
}

function whoIs(id: number, session: SessionRow | undefined): string {
  if (session === undefined) return `thread ${id}`;
  const { user, host, database, command } = session;
  const where = database === '' ? '' : `, ${database}`;
  return `thread ${id} (${user}@${host}${where}, ${command})`;
}

/** Where the server does not tell who holds a lock, the oldest transaction is the likeliest. */
function waitsOf(
  waiting: readonly SessionRow[],
  locks: readonly NamedRow[],
  transactions: readonly Blocker[],
  sessions: readonly SessionRow[],
): readonly Blocker[] {
  return waiting.map((ours): Blocker => {
    const lock = locks.find((row) => Number(row.get('waiter')) === ours.id);
    const holder = lock === undefined ? undefined : Number(lock.get('id'));
    const session = sessions.find(({ id }) => id === holder);
    const known = transactions.find(({ cure }) => cure === `KILL ${holder};`);
    const guess = transactions[0] ?? longestOf(sessions, ours);
    const found: Pick<Blocker, 'who' | 'ageMs' | 'statement' | 'cure'> =
      holder === undefined
        ? (guess ?? { who: 'a session that the server does not name', ...NOBODY })
        : (known ?? {
            who: whoIs(holder, session),
            ageMs: session === undefined ? null : session.seconds * 1000,
            statement: session?.statement ?? null,
            cure: `KILL ${holder};`,
          });
    const table = lock?.get('name') === undefined ? null : `${lock.get('db')}.${lock.get('name')}`;
    const { who, ageMs, statement, cure } = found;
    const waits = ours.statement ?? ours.state;
    return { kind: 'lock', who, ageMs, statement, cure, table, waiting: waits };
  });
}

const NOBODY = { ageMs: null, statement: null, cure: 'SHOW FULL PROCESSLIST;' } as const;

/** Of others: whoever is at it for the longest time. */
function longestOf(sessions: readonly SessionRow[], ours: SessionRow): Blocker | undefined {
  const others = sessions.filter(
    (one) => one.user !== ours.user && one.command === 'Query' && one.seconds >= ours.seconds,
  );
  const longest = others.toSorted((a, b) => b.seconds - a.seconds)[0];
  if (longest === undefined || isWaiting(longest)) return undefined;
  return {
    kind: 'lock',
    who: whoIs(longest.id, longest),
    ageMs: longest.seconds * 1000,
    statement: longest.statement,
    cure: `KILL ${longest.id};`,
    table: null,
    waiting: null,
  };
}
