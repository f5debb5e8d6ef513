import type { ErrorCode } from '../foundation/error-table.ts';

/** The longer story behind codes whose one sentence in the table leaves questions. */
export const EXPLANATIONS: Readonly<Partial<Record<ErrorCode, string>>> = {
  CONFIG_INVALID:
    'A pipeline file is checked as a whole before anything starts, so all problems are\n' +
    'listed at once. A property that is not known is only a warning, because a file may\n' +
    'be shared with other tools; a misspelt one often shows as a warning beside the error\n' +
    'of the one that is missing.',
  CONFIG_UNSUPPORTED:
    'Properties of Debezium, Kafka Connect and the JDBC sinks are known by name. Those\n' +
    'that mean nothing here are accepted with a note. Those that would change what is\n' +
    'captured or written and are not built are refused, because ignoring them would give\n' +
    'other data than you asked for.',
  PG_WAL_LEVEL:
    'Logical decoding needs wal_level = logical. The setting takes effect only after a\n' +
    'restart of the server. Managed servers have a parameter for it (RDS:\n' +
    'rds.logical_replication = 1).',
  PG_NO_REPLICATION_RIGHT:
    'Creating and reading a replication slot needs the role attribute REPLICATION,\n' +
    'besides SELECT on the captured tables for the snapshot. A superuser has both.',
  PG_SLOT_IN_USE:
    'A slot has one reader at a time. The other reader may be a second daemon, or the\n' +
    'connection of a daemon that died and that the server has not noticed yet (see\n' +
    'wal_sender_timeout). The daemon waits slot.retry.delay.ms between slot.max.retries\n' +
    'attempts before it reports this.',
  PG_SLOT_MISMATCH:
    'The stored source offset and the slot do not belong together: the slot was dropped\n' +
    'and made again, the server is another one, or the slot has moved past the offset.\n' +
    'Streaming on would skip changes without a trace, so the daemon refuses. If the old\n' +
    'slot cannot come back, forget the stored state (delete the folder transport.path)\n' +
    'and take a new snapshot. Where you know that nothing is missing, for instance after\n' +
    'pg_upgrade, one start with offset.mismatch.strategy: trust_slot goes on where the\n' +
    'slot stands, and says in a warning which changes it passes over.',
  PG_SLOT_SYNCED:
    'From PostgreSQL 17 on a standby may keep copies of the slots of its primary, so that\n' +
    'they are there after a failover. Until the standby is promoted they cannot be read.\n' +
    'With several hosts in database.hostname the daemon looks for a primary by itself.',
  PG_SLOT_LOST:
    'A slot holds back WAL only up to max_slot_wal_keep_size. Beyond it the server\n' +
    'removes WAL and marks the slot as lost. What was in it cannot be read again: a new\n' +
    'snapshot is needed.',
  PG_PUBLICATION:
    'With publication.autocreate.mode=filtered the daemon creates and alters the\n' +
    'publication, for which the role must own the captured tables. With disabled somebody\n' +
    'else does it.',
  PG_REPLICA_IDENTITY:
    'A published table without primary key and without replica identity refuses every\n' +
    'UPDATE and DELETE on the source. So the daemon does not publish it but reports it\n' +
    'first.',
  STORE_LOCKED:
    'One daemon writes a store at a time. Other processes may read it (tail, status,\n' +
    'offsets show).',
  STORE_FULL:
    'The store has reached transport.max.bytes or the disk is full. The source is not\n' +
    'read any further and its slot keeps the WAL, so nothing is lost, but the disk of the\n' +
    'source fills up instead: act soon. Records that a sink has not applied are never\n' +
    'removed to make room.',
  SINK_FENCED:
    'The target keeps an epoch per sink name. A daemon that starts raises it; an older\n' +
    'one that still runs then finds that it may not commit, and stops. So no row is\n' +
    'applied twice.',
  SINK_RECORD:
    'A record that the target refuses would block all others. Its table is parked: its\n' +
    'records wait in the log, other tables go on. After a restart the sink tries the\n' +
    'table again.',
  SINK_FILE_STATE:
    'Beside the file of a file sink lies a hidden one, .<name>.tidemark: which records the\n' +
    'file has, and up to which byte. What a crash cut off in the middle is cut back by it.\n' +
    "If somebody else has written behind the cut, or the hidden file is another sink's, the\n" +
    'daemon cannot know which lines are whose, and changes nothing.',
  SHUTDOWN_TIMEOUT:
    'A stop drains what was read already. If that does not end in time the process goes\n' +
    'anyway; the next start continues at the last durable offset, as after a crash.',
  SCHEMA_INCOMPATIBLE:
    'The registry checks each new schema against the earlier ones of its subject, by the\n' +
    'level that is set for it (BACKWARD by default). The change of the table would break\n' +
    'readers of the topic. Its records are kept in the topic __tidemark.held.<topic>; they go\n' +
    'out in order when the registry takes the schema, which is asked every half minute. Other\n' +
    'tables go on. A first start stops instead: nothing has been read yet.',
};
