import type { StallCause } from './watch-view.ts';

/** Errors that say of themselves what stands in the way. */
export const CAUSES_OF_ERRORS: Readonly<Record<string, StallCause>> = {
  PG_CONNECT: 'source_down',
  PG_CONNECTION_LOST: 'source_down',
  MYSQL_CONNECT: 'source_down',
  MYSQL_CONNECTION_LOST: 'source_down',
  MYSQL_CONNECTIONS_EXHAUSTED: 'source_down',
  PG_SLOT_LOST: 'position_lost',
  MYSQL_BINLOG_LOST: 'position_lost',
  PG_PUBLICATION: 'publication_lost',
  PG_SLOT_IN_USE: 'other_reader',
  MYSQL_REPLACED: 'other_reader',
  MYSQL_REPLICA_ID_IN_USE: 'other_reader',
  PG_LOCK_TIMEOUT: 'lock_wait',
  MYSQL_LOCK_TIMEOUT: 'lock_wait',
  PG_SLOT_BLOCKED: 'long_transaction',
  MYSQL_REPLICA_BEHIND: 'replica_lag',
  REGISTRY_CONNECT: 'registry_down',
  KAFKA_CONNECT: 'broker_down',
  KAFKA_TIMEOUT: 'broker_down',
  KAFKA_BROKER: 'broker_down',
  STORE_FULL: 'store_full',
  SINK_CONNECT: 'target_down',
};

/** A connection that broke, to a server that answers others. */
const LOST = /_CONNECTION_LOST$/;

/** What an error of a task comes to. `isServerDown`: it was asked beside the stream. */
export function errorCause(code: string, isFailed: boolean, isServerDown: boolean): StallCause {
  if (LOST.test(code) && !isServerDown) return 'dead_socket';
  return CAUSES_OF_ERRORS[code] ?? (isFailed ? 'task_failed' : 'task_retried');
}
