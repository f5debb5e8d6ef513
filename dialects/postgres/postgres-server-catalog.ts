import type { CatalogRow } from './postgres-catalog.ts';
import { flag, number, text } from './postgres-catalog.ts';
import { quoteLiteral } from './postgres-identifiers.ts';

/** The server's settings and the current role's rights, as far as capture depends on them. */
export interface ServerInfo {
  /** server_version_num: 180004. */
  readonly version: number;
  readonly versionText: string;
  readonly database: string;
  readonly user: string;
  readonly encoding: string;
  readonly walLevel: string;
  readonly inRecovery: boolean;
  readonly maxReplicationSlots: number;
  readonly usedReplicationSlots: number;
  readonly maxWalSenders: number;
  /** -1 when the role may not see them. */
  readonly usedWalSenders: number;
  /** Megabytes; -1 = no limit. */
  readonly maxSlotWalKeepSizeMb: number;
  /** Seconds; 0 = never; null before PostgreSQL 18. */
  readonly idleSlotTimeoutSeconds: number | null;
  readonly maxPreparedTransactions: number;
  /** Of a standby: its primary keeps what is read here. */
  readonly hotStandbyFeedback?: boolean;
  /** Physical slots that failover slots wait for; null before PostgreSQL 17. */
  readonly synchronizedStandbySlots?: string | null;
  readonly superuser: boolean;
  readonly replication: boolean;
  readonly bypassRowSecurity: boolean;
  /** Member of rds_replication or a cloud's like of it. */
  readonly cloudReplication: boolean;
  readonly canCreateInDatabase: boolean;
}

/** Needs no rights beyond CONNECT. */
export const SERVER_QUERY = `
SELECT current_setting('server_version_num') AS version,
  current_setting('server_version') AS version_text,
  current_database() AS database, current_user AS "user",
  (SELECT pg_encoding_to_char(encoding) FROM pg_catalog.pg_database
    WHERE datname = current_database()) AS encoding,
  current_setting('wal_level') AS wal_level, pg_is_in_recovery() AS in_recovery,
  current_setting('max_replication_slots') AS max_slots,
  (SELECT count(*) FROM pg_catalog.pg_replication_slots) AS used_slots,
  current_setting('max_wal_senders') AS max_senders,
  (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS used_senders,
  (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size') AS keep_mb,
  (SELECT setting FROM pg_catalog.pg_settings
    WHERE name = 'idle_replication_slot_timeout') AS idle_timeout,
  (SELECT setting FROM pg_catalog.pg_settings
    WHERE name = 'max_prepared_transactions') AS max_prepared,
  current_setting('hot_standby_feedback')::bool AS feedback,
  (SELECT setting FROM pg_catalog.pg_settings
    WHERE name = 'synchronized_standby_slots') AS synchronized,
  r.rolsuper AS superuser, r.rolreplication AS replication, r.rolbypassrls AS bypass,
  EXISTS (SELECT FROM pg_catalog.pg_roles g
    WHERE g.rolname IN ('rds_replication', 'alloydbreplica', 'cloudsqlreplica')
      AND pg_catalog.pg_has_role(current_user, g.oid, 'USAGE')) AS cloud_replication,
  has_database_privilege(current_database(), 'CREATE') AS can_create
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`;

/** Reads the one row of the server query. */
export function parseServer(row: CatalogRow): ServerInfo {
  return {
    version: number(row, 'version'),
    versionText: text(row, 'version_text'),
    database: text(row, 'database'),
    user: text(row, 'user'),
    encoding: text(row, 'encoding'),
    walLevel: text(row, 'wal_level'),
    inRecovery: flag(row, 'in_recovery'),
    maxReplicationSlots: number(row, 'max_slots'),
    usedReplicationSlots: number(row, 'used_slots'),
    maxWalSenders: number(row, 'max_senders'),
    usedWalSenders: number(row, 'used_senders'),
    maxSlotWalKeepSizeMb: number(row, 'keep_mb'),
    idleSlotTimeoutSeconds: nullable(row, 'idle_timeout'),
    maxPreparedTransactions: number(row, 'max_prepared'),
    synchronizedStandbySlots: row['synchronized'] ?? null,
    hotStandbyFeedback: flag(row, 'feedback'),
    superuser: flag(row, 'superuser'),
    replication: flag(row, 'replication'),
    bypassRowSecurity: flag(row, 'bypass'),
    cloudReplication: flag(row, 'cloud_replication'),
    canCreateInDatabase: flag(row, 'can_create'),
  };
}

/** One row of pg_replication_slots; LSNs as the server prints them. */
export interface SlotInfo {
  readonly name: string;
  readonly plugin: string | null;
  readonly slotType: 'logical' | 'physical';
  readonly database: string | null;
  readonly temporary: boolean;
  /** Backend that reads from it now. */
  readonly activePid: number | null;
  readonly restartLsn: string | null;
  readonly confirmedFlushLsn: string | null;
  /** `reserved`, `extended`, `unreserved` or `lost` (P106). */
  readonly walStatus: string | null;
  /** Bytes that may still be written before it is lost; null = no limit. */
  readonly safeWalBytes: bigint | null;
  readonly invalidationReason: string | null;
  readonly twoPhase: boolean;
  readonly failover: boolean;
  /** On a standby: a copy of the primary's slot, which can be read only after a promotion. */
  readonly synced?: boolean;
  /** WAL that the slot holds back, in bytes. */
  readonly heldBytes: bigint | null;
}

/** Asks for one slot by name; columns that older servers lack come as null. */
export function slotQuery(name: string): string {
  return `
SELECT s.slot_name AS name, s.plugin, s.slot_type, s.database, s.temporary, s.active_pid,
  s.restart_lsn, s.confirmed_flush_lsn, s.wal_status, s.safe_wal_size,
  to_jsonb(s) ->> 'invalidation_reason' AS invalidation_reason,
  to_jsonb(s) ->> 'two_phase' AS two_phase, to_jsonb(s) ->> 'failover' AS failover,
  pg_is_in_recovery() AND (to_jsonb(s) ->> 'synced')::bool IS TRUE AS synced,
  CASE WHEN pg_is_in_recovery() THEN NULL
    ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn) END AS held
FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = ${quoteLiteral(name)}`;
}

/** Reads the rows of `slotQuery`; null when there is no such slot. */
export function parseSlot(rows: readonly CatalogRow[]): SlotInfo | null {
  const row = rows[0];
  if (row === undefined) return null;
  return {
    name: text(row, 'name'),
    plugin: row['plugin'] ?? null,
    slotType: text(row, 'slot_type') === 'physical' ? 'physical' : 'logical',
    database: row['database'] ?? null,
    temporary: flag(row, 'temporary'),
    activePid: nullable(row, 'active_pid'),
    restartLsn: row['restart_lsn'] ?? null,
    confirmedFlushLsn: row['confirmed_flush_lsn'] ?? null,
    walStatus: row['wal_status'] ?? null,
    safeWalBytes: bigint(row['safe_wal_size']),
    invalidationReason: row['invalidation_reason'] ?? null,
    twoPhase: row['two_phase'] === 'true',
    failover: row['failover'] === 'true',
    synced: row['synced'] === 't',
    heldBytes: bigint(row['held']),
  };
}

function bigint(value: string | null | undefined): bigint | null {
  return value === null || value === undefined ? null : BigInt(value);
}

function nullable(row: CatalogRow, name: string): number | null {
  return (row[name] ?? null) === null ? null : number(row, name);
}

/** One row of pg_publication. */
export interface PublicationInfo {
  readonly name: string;
  readonly owner: string;
  /** The current role may ALTER it. */
  readonly owned: boolean;
  readonly allTables: boolean;
  readonly viaRoot: boolean;
  readonly inserts: boolean;
  readonly updates: boolean;
  readonly deletes: boolean;
  readonly truncates: boolean;
  /** Stored generated columns are sent (18 and newer). */
  readonly generatedColumns?: boolean;
}

/** Asks for one publication by name. */
export function publicationQuery(name: string): string {
  return `
SELECT p.pubname AS name, pg_catalog.pg_get_userbyid(p.pubowner) AS owner,
  pg_catalog.pg_has_role(p.pubowner, 'USAGE') AS owned, p.puballtables AS all_tables,
  p.pubviaroot AS via_root, p.pubinsert AS inserts, p.pubupdate AS updates,
  p.pubdelete AS deletes, p.pubtruncate AS truncates,
  coalesce(to_jsonb(p) ->> 'pubgencols', 'n') = 's' AS generated
FROM pg_catalog.pg_publication p WHERE p.pubname = ${quoteLiteral(name)}`;
}

/** Reads the rows of `publicationQuery`; null when there is no such publication. */
export function parsePublication(rows: readonly CatalogRow[]): PublicationInfo | null {
  const row = rows[0];
  if (row === undefined) return null;
  return {
    name: text(row, 'name'),
    owner: text(row, 'owner'),
    owned: flag(row, 'owned'),
    allTables: flag(row, 'all_tables'),
    viaRoot: flag(row, 'via_root'),
    inserts: flag(row, 'inserts'),
    updates: flag(row, 'updates'),
    deletes: flag(row, 'deletes'),
    truncates: flag(row, 'truncates'),
    generatedColumns: flag(row, 'generated'),
  };
}

/**
 * Who holds up the creation of a slot: transactions that have written and are still open, also
 * prepared ones, in any database (P63). Without pg_read_all_stats the query text stays hidden.
 */
export const SLOT_BLOCKERS_QUERY = `
SELECT 'pid ' || a.pid || ' (' || coalesce(a.usename, '?') || '@' || coalesce(a.datname, '?')
    || coalesce(', ' || nullif(a.application_name, ''), '') || ', ' || coalesce(a.state, '?')
    || coalesce(', open for ' || date_trunc('second', now() - a.xact_start)::text, '') || ')'
  AS blocker, 'SELECT pg_terminate_backend(' || a.pid || ');' AS cure, a.xact_start AS since
FROM pg_catalog.pg_stat_activity a
WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_backend_pid()
UNION ALL
SELECT 'prepared transaction ' || quote_literal(x.gid) || ' of ' || x.owner || '@' || x.database,
  'ROLLBACK PREPARED ' || quote_literal(x.gid) || ';', x.prepared
FROM pg_catalog.pg_prepared_xacts x
ORDER BY 3 NULLS LAST`;

/** What identifies the storage of a table: it changes with every rewrite and TRUNCATE (P67). */
export function storageQuery(oids: readonly number[]): string {
  const list = oids.length === 0 ? '0' : oids.map((oid) => String(oid >>> 0)).join(', ');
  return `
SELECT c.oid,
  concat_ws(' ', c.relfilenode, c.relnamespace, c.relreplident::text, c.relname) AS file,
  (SELECT string_agg(a.attnum || ' ' || quote_ident(a.attname) || ' ' || a.atttypid || ' '
      || a.atttypmod || ' ' || a.attnotnull, ',' ORDER BY a.attnum)
     FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_catalog.pg_class c WHERE c.oid IN (${list}) ORDER BY c.oid`;
}

/** Size of tables in bytes (without TOAST) and whether ctid ranges can be scanned. */
export function storageSizeQuery(oids: readonly number[]): string {
  const list = oids.length === 0 ? '0' : oids.map((oid) => String(oid >>> 0)).join(', ');
  return `
SELECT c.oid, pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int8 AS pages,
  coalesce(am.amname, 'heap') = 'heap' AS heap, greatest(c.reltuples, 0)::int8 AS rows
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.oid IN (${list})`;
}
