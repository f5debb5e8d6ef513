import { randomBytes } from 'node:crypto';
import { GtidSet } from '../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../src/model/mariadb-gtid.ts';
import { BinlogDecoder } from '../../src/source/mysql/binlog/binlog-decoder.ts';
import type { BinlogPlace } from '../../src/source/mysql/stream/binlog-offset.ts';
import type { BinlogStart } from '../../src/source/mysql/wire/binlog-commands.ts';
import { BinlogWire } from '../../src/source/mysql/wire/binlog-wire.ts';
import { replicaIdentity } from '../../src/source/mysql/wire/replica-identity.ts';
import type { MysqlDatabase } from './mysql-database.ts';
import { connectionTo, DecodedChanges } from './mysql-source.ts';

/** A change as the binlog tells it: `c`, `u` or `d`, and the row after it, of `d` before. */
export interface FollowedRow {
  readonly op: string;
  readonly table: string;
  /** `1|two` */
  readonly row: string;
}

/** What the binlog has of a database from a place on, by file or by GTID, up to its end now. */
export async function followedRows(
  database: MysqlDatabase,
  place: BinlogPlace,
  by: 'file' | 'gtid',
): Promise<readonly FollowedRow[]> {
  const { signal } = new AbortController();
  const known = { serverId: 0, replicas: null };
  const replica = replicaIdentity(randomBytes(6).toString('hex'), undefined, known);
  const settings = { replica, heartbeatMs: 5000, netWriteTimeoutSeconds: 60, annotateRows: false };
  const start = by === 'file' ? fileStart(place) : gtidStart(place, database);
  await using wire = await BinlogWire.connect(
    connectionTo(database),
    { ...settings, start, stopAtEnd: true },
    signal,
  );
  const changes = new DecodedChanges(new BinlogDecoder('crc32'));
  await wire.stream(changes, signal);
  return changes.rows.flatMap((text) => {
    const match = /^(\w) ([^.]+)\.(\S+) (.*)$/s.exec(text);
    const [, op = '', schema, table = '', row = ''] = match ?? [];
    return schema === database.name ? [{ op, table, row }] : [];
  });
}

function fileStart({ file, pos }: BinlogPlace): BinlogStart {
  return { kind: 'file', file, position: pos };
}

function gtidStart(place: BinlogPlace, { flavor }: MysqlDatabase): BinlogStart {
  const { gtids } = place;
  if (gtids === null || gtids === '') return fileStart(place);
  return flavor === 'mysql'
    ? { kind: 'gtid', executed: GtidSet.parse(gtids) }
    : { kind: 'mariadb-gtid', position: MariadbGtidPosition.parse(gtids) };
}
