import { TidemarkError } from '../../../foundation/errors.ts';
import { GtidSet } from '../../../model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../model/mariadb-gtid.ts';
import type { BinlogOffset } from '../stream/binlog-offset.ts';
import { ANY_SERVER, restartPlace } from '../stream/binlog-offset.ts';
import type { BinlogStart } from '../wire/binlog-commands.ts';
import type { BinlogFile, MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { PositionOrigin } from '../wire/start-check.ts';
import { startProblem } from '../wire/start-check.ts';

/** Why the server cannot go on from what is stored; null: it can, as far as it tells. */
export function storedPositionProblem(
  offset: BinlogOffset,
  ignoresGtids: boolean,
  facts: MysqlServerFacts,
  files: readonly BinlogFile[],
): TidemarkError | null {
  try {
    const start = storedStart(offset, ignoresGtids);
    return startProblem(start, originOf(offset), facts, files);
  } catch (error) {
    // What is stored is no set at all.
    if (error instanceof TidemarkError) return error;
    throw error;
  }
}

function storedStart(offset: BinlogOffset, ignoresGtids: boolean): BinlogStart {
  const { file, pos, gtids } = restartPlace(offset);
  if (ignoresGtids || gtids === null || gtids === '') {
    return { kind: 'file', file, position: pos };
  }
  // All of MySQL's have a colon, none of MariaDB's.
  return gtids.includes(':')
    ? { kind: 'gtid', executed: GtidSet.parse(gtids) }
    : { kind: 'mariadb-gtid', position: MariadbGtidPosition.parse(gtids) };
}

/** Debezium stores no server. */
function originOf({ serverUuid, serverId }: BinlogOffset): PositionOrigin | null {
  return serverUuid === null && serverId === ANY_SERVER ? null : { serverUuid, serverId };
}

/** What of its binlog the server still has to send, as far as the files tell; null: unknown. */
export function bytesBehind(offset: BinlogOffset, files: readonly BinlogFile[]): number | null {
  const { file, pos } = restartPlace(offset);
  const at = files.findIndex(({ name }) => name === file);
  if (at < 0) return null;
  const bytes = files.slice(at).reduce((sum, one) => sum + one.bytes, 0);
  return Math.max(0, bytes - pos);
}
