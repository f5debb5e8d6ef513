import type { CatalogRow } from './postgres-catalog.ts';
import { flag, number, text } from './postgres-catalog.ts';
import { quoteLiteral } from './postgres-identifiers.ts';

/** A slot, who reads it, and how far the server is, as one look shows them. */
export interface SlotLook {
  /** Of the log that is written, or received by a standby. */
  readonly end: string;
  readonly endBytes: bigint;
  /** There is such a slot. */
  readonly exists: boolean;
  readonly restartLsn: string | null;
  readonly heldBytes: bigint | null;
  /** From the restart position to the confirmed one: what open transactions keep. */
  readonly unconfirmedFromBytes: bigint | null;
  readonly walStatus: string | null;
  readonly safeWalBytes: bigint | null;
  readonly invalidationReason: string | null;
  /** `max_slot_wal_keep_size`, in bytes and as the server prints it; null: no limit. */
  readonly keep: { readonly bytes: number; readonly text: string } | null;
  readonly senderPid: number | null;
  /** `catchup`, `streaming`; null: not to be seen. */
  readonly senderState: string | null;
  readonly waitEvent: string | null;
  readonly silentMs: number | null;
  readonly replicaLagMs: number | null;
  readonly hasPublication: boolean;
}

/**
 * Cheap: it reads shared memory and one row of a catalog. From 14 on, with any role's rights. A
 * standby sends what it has replayed, and keeps what it has received.
 */
export function slotLookQuery(slot: string, publication: string): string {
  return `
SELECT e.at AS end, pg_catalog.pg_wal_lsn_diff(e.kept, '0/0') AS end_bytes,
  s.slot_name IS NOT NULL AS exists, s.restart_lsn, s.active_pid,
  pg_catalog.pg_wal_lsn_diff(e.kept, s.restart_lsn) AS held,
  pg_catalog.pg_wal_lsn_diff(s.confirmed_flush_lsn, s.restart_lsn) AS before_confirmed,
  s.wal_status, s.safe_wal_size, to_jsonb(s) ->> 'invalidation_reason' AS invalidation_reason,
  (SELECT setting::bigint FROM pg_catalog.pg_settings
    WHERE name = 'max_slot_wal_keep_size') AS keep_mb,
  current_setting('max_slot_wal_keep_size') AS keep,
  r.state AS sender_state, a.wait_event,
  extract(epoch FROM clock_timestamp() - r.reply_time) * 1000 AS silent_ms,
  CASE WHEN pg_catalog.pg_is_in_recovery()
      AND pg_catalog.pg_last_wal_receive_lsn() <> pg_catalog.pg_last_wal_replay_lsn()
    THEN extract(epoch FROM clock_timestamp() - coalesce(
      pg_catalog.pg_last_xact_replay_timestamp(), pg_catalog.pg_postmaster_start_time())) * 1000
  END AS replica_lag_ms,
  EXISTS (SELECT FROM pg_catalog.pg_publication
    WHERE pubname = ${quoteLiteral(publication)}) AS published
FROM (SELECT CASE WHEN pg_catalog.pg_is_in_recovery()
    THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END AS at,
  CASE WHEN pg_catalog.pg_is_in_recovery()
    THEN coalesce(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
    ELSE pg_catalog.pg_current_wal_lsn() END AS kept) e
LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = ${quoteLiteral(slot)}
LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid`;
}

const MEGABYTE = 1024 * 1024;

/** Reads the one row of `slotLookQuery`. */
export function parseSlotLook(row: CatalogRow): SlotLook {
  const keepMb = number(row, 'keep_mb');
  return {
    end: text(row, 'end'),
    endBytes: BigInt(text(row, 'end_bytes')),
    exists: flag(row, 'exists'),
    restartLsn: row['restart_lsn'] ?? null,
    heldBytes: bigint(row['held']),
    unconfirmedFromBytes: bigint(row['before_confirmed']),
    walStatus: row['wal_status'] ?? null,
    safeWalBytes: bigint(row['safe_wal_size']),
    invalidationReason: row['invalidation_reason'] ?? null,
    keep: keepMb < 0 ? null : { bytes: keepMb * MEGABYTE, text: text(row, 'keep') },
    senderPid: numeric(row['active_pid']),
    senderState: row['sender_state'] ?? null,
    waitEvent: row['wait_event'] ?? null,
    silentMs: numeric(row['silent_ms']),
    replicaLagMs: numeric(row['replica_lag_ms']),
    hasPublication: flag(row, 'published'),
  };
}

function bigint(value: string | null | undefined): bigint | null {
  return value === null || value === undefined ? null : BigInt(value);
}

function numeric(value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.max(0, Number(value));
}

/** Somebody who is in the way, as both queries tell it. */
export interface SessionLook {
  readonly isPrepared: boolean;
  readonly who: string;
  readonly cure: string;
  readonly ageMs: number | null;
  readonly statement: string | null;
  readonly table: string | null;
  readonly waiting: string | null;
}

const WHO = (alias: string): string =>
  `'pid ' || ${alias}.pid || ' (' || coalesce(${alias}.usename, '?') || '@' ||
    coalesce(${alias}.datname, '?') || coalesce(', ' || nullif(${alias}.application_name, ''), '')
    || coalesce(', ' || ${alias}.state, '') || ')'`;
const AGE = (column: string): string => `extract(epoch FROM clock_timestamp() - ${column}) * 1000`;

/**
 * Transactions that have written and are open, in any database, the oldest first: a slot keeps the
 * log from the beginning of the oldest one on.
 */
export const OPEN_TRANSACTIONS_QUERY = `
SELECT false AS prepared, ${WHO('a')} AS who,
  'SELECT pg_terminate_backend(' || a.pid || ');' AS cure, ${AGE('a.xact_start')} AS age_ms,
  left(a.query, 500) AS statement, NULL AS "table", NULL AS waiting
FROM pg_catalog.pg_stat_activity a
WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_backend_pid()
UNION ALL
SELECT true, 'prepared transaction ' || quote_literal(x.gid) || ' of ' || x.owner || '@' ||
    x.database, 'ROLLBACK PREPARED ' || quote_literal(x.gid) || ';', ${AGE('x.prepared')},
  NULL, NULL, NULL
FROM pg_catalog.pg_prepared_xacts x
ORDER BY age_ms DESC NULLS LAST LIMIT 5`;

/** Whom our own sessions wait for. A prepared transaction has no backend, and pid 0. */
export const LOCK_WAITS_QUERY = `
SELECT b.pid IS NULL AS prepared,
  CASE WHEN b.pid IS NULL THEN 'a prepared transaction' ELSE ${WHO('b')} END AS who,
  CASE WHEN b.pid IS NULL THEN 'SELECT gid FROM pg_prepared_xacts; ROLLBACK PREPARED ''…'';'
    ELSE 'SELECT pg_terminate_backend(' || b.pid || ');' END AS cure,
  ${AGE('b.xact_start')} AS age_ms, left(b.query, 500) AS statement,
  (SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE l.pid = w.pid AND NOT l.granted AND l.database =
      (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    LIMIT 1) AS "table",
  left(w.query, 500) AS waiting
FROM pg_catalog.pg_stat_activity w
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS p(pid)
LEFT JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid
WHERE w.application_name LIKE 'tidemark %' AND w.usename = current_user
  AND w.wait_event_type = 'Lock' AND w.pid <> pg_backend_pid()
ORDER BY age_ms DESC NULLS LAST LIMIT 5`;

/** Reads the rows of either query. */
export function parseSessions(rows: readonly CatalogRow[]): readonly SessionLook[] {
  return rows.map((row) => ({
    isPrepared: flag(row, 'prepared'),
    who: text(row, 'who'),
    cure: text(row, 'cure'),
    ageMs: numeric(row['age_ms']),
    // What the role may not read comes as a text in angle brackets.
    statement: row['statement'] === '<insufficient privilege>' ? null : (row['statement'] ?? null),
    table: row['table'] ?? null,
    waiting: row['waiting'] ?? null,
  }));
}
