import type { BinlogFlavor } from '../../../../dialects/mysql/binlog-column.ts';
import type { BinlogStart, ReplicaIdentity } from './binlog-commands.ts';

/** What the server is told before a dump. */
export interface DumpSettings {
  readonly start: BinlogStart;
  readonly replica: ReplicaIdentity;
  /** How often the server says that it is there when nothing happens. */
  readonly heartbeatMs: number;
  /** How long it waits for a reader that does not read; 0: as it is set. */
  readonly netWriteTimeoutSeconds: number;
}

const NANOS_PER_MS = 1_000_000n;

/**
 * The variables that a dump thread reads from its session. The old names are those that every
 * server knows, also 9.x; the new ones come along, for the day on which they are the only ones.
 * Nothing of semi-sync: with it each event would be longer by two bytes, and want an answer (B13).
 */
export function dumpSettings(flavor: BinlogFlavor, settings: DumpSettings): readonly string[] {
  const { replica, start } = settings;
  const heartbeat = BigInt(Math.max(1, Math.round(settings.heartbeatMs))) * NANOS_PER_MS;
  const assignments = [
    // The server's own algorithm, so that nothing has to be computed or taken off (PITFALLS B2).
    ...pair('binlog_checksum', '@@global.binlog_checksum'),
    ...pair('heartbeat_period', String(heartbeat)),
  ];
  if (flavor === 'mysql') {
    assignments.push(`@slave_uuid = '${replica.uuid}'`, `@replica_uuid = '${replica.uuid}'`);
  } else {
    // Four: knows GTIDs and everything before; else they come as dummies, or not at all (B6).
    assignments.push('@mariadb_slave_capability = 4');
    if (start.kind === 'mariadb-gtid') {
      assignments.push(
        `@slave_connect_state = '${start.position.toString()}'`,
        // A GTID that is not in the binlog is an error, not a reason to begin with the next.
        '@slave_gtid_strict_mode = 1',
        '@slave_gtid_ignore_duplicates = 0',
      );
    }
  }
  const statements = [`SET ${assignments.join(', ')}`];
  if (settings.netWriteTimeoutSeconds > 0) {
    statements.push(`SET SESSION net_write_timeout = ${settings.netWriteTimeoutSeconds}`);
  }
  return statements;
}

function pair(name: string, value: string): readonly string[] {
  return [`@master_${name} = ${value}`, `@source_${name} = ${value}`];
}
