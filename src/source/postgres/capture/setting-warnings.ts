import type { ServerInfo } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';

/** Works, but somebody should know. */
export interface PreflightWarning {
  readonly message: string;
  readonly cure: string;
}

/** Settings of the server under which a slot, or a change, can be lost. */
export function settingWarnings(
  server: ServerInfo,
  options: Pick<PostgresSourceOptions, 'slotFailover'>,
): readonly PreflightWarning[] {
  const found: PreflightWarning[] = [];
  const warn = (message: string, setting: string): void => {
    found.push({ message, cure: `ALTER SYSTEM SET ${setting}; SELECT pg_reload_conf();` });
  };
  if (server.maxSlotWalKeepSizeMb >= 0) {
    warn(
      `max_slot_wal_keep_size is ${server.maxSlotWalKeepSizeMb} MB: a slot that falls further ` +
        'behind is lost, and a new snapshot is needed',
      'max_slot_wal_keep_size = -1',
    );
  }
  if (server.inRecovery && server.hotStandbyFeedback === false) {
    warn(
      'hot_standby_feedback is off on this standby: its primary removes what the snapshot and ' +
        'the slot still need, which cancels the one and loses the other',
      'hot_standby_feedback = on',
    );
  }
  const timeout = server.idleSlotTimeoutSeconds ?? 0;
  if (timeout > 0) {
    warn(
      `idle_replication_slot_timeout is ${timeout} s: a slot that is not read is lost`,
      'idle_replication_slot_timeout = 0',
    );
  }
  if (options.slotFailover && server.synchronizedStandbySlots === '') {
    warn(
      'slot.failover is on, and synchronized_standby_slots is empty: changes may be captured ' +
        'before a standby has them, and its promotion is refused then',
      "synchronized_standby_slots = '<slots of the standbys>'",
    );
  }
  return found;
}
