import { TidemarkError } from '../../../foundation/errors.ts';
import type { BinlogStart } from './binlog-commands.ts';
import type { BinlogFile, MysqlServerFacts } from './mysql-server-facts.ts';

/** Which server a position was read from. */
export interface PositionOrigin {
  readonly serverUuid: string | null;
  readonly serverId: number;
}

/**
 * Why the server cannot go on from a stored position without a gap; null: it can, or only its own
 * answer will tell. The server would refuse most of it too, but some in words that do not say what
 * is missing, and a file of another server not at all.
 */
export function startProblem(
  start: BinlogStart,
  origin: PositionOrigin | null,
  facts: MysqlServerFacts,
  files: readonly BinlogFile[],
): TidemarkError | null {
  if (!facts.binlog.enabled) {
    return new TidemarkError('MYSQL_BINLOG_OFF', 'log_bin is off: there is nothing to read');
  }
  switch (start.kind) {
    case 'file':
      return otherServer(start, origin, facts) ?? fileProblem(start, files);
    case 'gtid':
      return gtidProblem(start, facts);
    case 'mariadb-gtid':
      return mariadbProblem(start, facts);
  }
}

type FileStart = Extract<BinlogStart, { kind: 'file' }>;
type GtidStart = Extract<BinlogStart, { kind: 'gtid' }>;

/** Files have the same names everywhere, and other content (PITFALLS B20). */
function otherServer(
  { file, position }: FileStart,
  origin: PositionOrigin | null,
  facts: MysqlServerFacts,
): TidemarkError | null {
  if (origin === null) return null;
  const known = origin.serverUuid !== null && facts.serverUuid !== null;
  const same = known ? origin.serverUuid === facts.serverUuid : origin.serverId === facts.serverId;
  if (same) return null;
  const was = known ? origin.serverUuid : `server id ${origin.serverId}`;
  const is = known ? facts.serverUuid : `server id ${facts.serverId}`;
  return new TidemarkError(
    'MYSQL_POSITION',
    `${file}:${position} is a position of ${was}, and this server is ${is}: files and positions ` +
      'mean nothing on another server',
  );
}

function fileProblem(
  { file, position }: FileStart,
  files: readonly BinlogFile[],
): TidemarkError | null {
  const found = files.find(({ name }) => name === file);
  const oldest = files[0]?.name ?? 'none';
  if (found === undefined) {
    return new TidemarkError(
      'MYSQL_BINLOG_LOST',
      `${file} is no longer on the server, its oldest file is ${oldest}`,
    );
  }
  if (position <= found.bytes) return null;
  return new TidemarkError(
    'MYSQL_POSITION',
    `${file} has ${found.bytes} bytes, and was read up to ${position}: its end was lost, or this ` +
      'is another server',
    {
      cure:
        'Connect to the server that has the position, or snapshot anew; SET GLOBAL sync_binlog = ' +
        '1; keeps a crash from cutting the binlog.',
    },
  );
}

/** What was purged must be in our set, and our set in what was executed (PITFALLS B21, B22). */
function gtidProblem({ executed }: GtidStart, { gtid }: MysqlServerFacts): TidemarkError | null {
  if (gtid.kind !== 'mysql') return otherFlavor('MySQL', 'MariaDB');
  if (gtid.mode !== 'ON') {
    return new TidemarkError(
      'MYSQL_GTID_MODE',
      `the stored position is a set of GTIDs, and gtid_mode is ${gtid.mode}`,
    );
  }
  const missing = gtid.purged.subtract(executed);
  if (!missing.isEmpty) {
    return new TidemarkError(
      'MYSQL_BINLOG_LOST',
      `the server has purged transactions that were not read yet: ${shortened(missing.toString())}`,
    );
  }
  const surplus = executed.subtract(gtid.executed);
  if (surplus.isEmpty) return null;
  return new TidemarkError(
    'MYSQL_GTID_DIVERGED',
    `transactions were captured that this server does not have: ${shortened(surplus.toString())}`,
  );
}

/**
 * A server that has nothing of a domain, as after RESET MASTER, lets a dump begin anywhere in it;
 * what it then numbers anew would be taken for done.
 */
function mariadbProblem(
  { position }: Extract<BinlogStart, { kind: 'mariadb-gtid' }>,
  { gtid }: MysqlServerFacts,
): TidemarkError | null {
  if (gtid.kind !== 'mariadb') return otherFlavor('MariaDB', 'MySQL');
  const reached = gtid.binlog.clone();
  if (gtid.replicated !== undefined) reached.merge(gtid.replicated);
  if (reached.contains(position)) return null;
  return new TidemarkError(
    'MYSQL_GTID_DIVERGED',
    `captured up to ${shortened(position.toString())}, and this server is at ` +
      (shortened(reached.toString()) || 'no GTID'),
  );
}

function otherFlavor(was: string, is: string): TidemarkError {
  return new TidemarkError(
    'MYSQL_POSITION',
    `the stored position is one of ${was}, and the server is ${is}: their GTIDs are not the same`,
  );
}

function shortened(set: string): string {
  return set.length <= 400 ? set : `${set.slice(0, 400)}…`;
}
