import type { BinlogOffset, BinlogPlace } from '../../src/source/mysql/stream/binlog-offset.ts';
import type { binlogEnd } from './mysql-source.ts';

/** The beginning of a binlog, nothing half done and no snapshot left, but for what is given. */
export function binlogOffset(
  place: Partial<BinlogPlace> = {},
  change: Partial<BinlogOffset> = {},
): BinlogOffset {
  return {
    serverUuid: null,
    serverId: 1,
    fingerprint: '',
    done: { file: 'b.000001', pos: 4, gtids: null, ...place },
    held: null,
    open: null,
    eventsDone: 0,
    rowsDone: 0,
    seconds: null,
    snapshot: 'completed',
    sentBefore: null,
    ...change,
  };
}

/** The end of a binlog as an offset has it. */
export function endPlace({ file, gtid }: Awaited<ReturnType<typeof binlogEnd>>): BinlogPlace {
  const { file: name, position: pos } = file;
  switch (gtid.kind) {
    case 'file':
      return { file: name, pos, gtids: null };
    case 'gtid':
      return { file: name, pos, gtids: gtid.executed.toString() };
    case 'mariadb-gtid':
      return { file: name, pos, gtids: gtid.position.toString() };
  }
}
