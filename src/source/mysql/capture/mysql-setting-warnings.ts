import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';

/** Works, but somebody should know. */
export interface MysqlWarning {
  readonly message: string;
  readonly cure: string;
}

/** What the warnings are made from. */
export interface MysqlSettings {
  readonly facts: MysqlServerFacts;
  /** RDS: `binlog retention hours`; null: not set, files go at once; undefined: no RDS. */
  readonly rdsRetentionHours: number | null | undefined;
  /** How old the stored position is; null: there is none, or it is not known. */
  readonly lagSeconds: number | null;
}

/** Shorter than this, a weekend of standstill loses changes. */
const SHORT_RETENTION_SECONDS = 86_400;
const WEEK_SECONDS = 604_800;
const UTC_ZONES: ReadonlySet<string> = new Set(['UTC', 'GMT', '+00:00', 'ETC/UTC']);

/** Settings of the server under which something is lost, or less is known (PITFALLS B18). */
export function settingWarnings(input: MysqlSettings): readonly MysqlWarning[] {
  const { facts } = input;
  if (!facts.binlog.enabled) return [];
  return [
    ...rowWarnings(facts),
    ...gtidWarnings(facts),
    ...retentionWarnings(input),
    ...timeZoneWarnings(facts),
  ];
}

function rowWarnings(facts: MysqlServerFacts): MysqlWarning[] {
  const { rowImage, rowMetadata, rowValueOptions, checksum } = facts.binlog;
  const found: MysqlWarning[] = [];
  if (rowImage !== null && rowImage !== 'FULL') {
    found.push({
      message:
        `binlog_row_image is ${rowImage}: changes lack the values of columns that did not ` +
        'change, and are marked so',
      cure: setGlobally(facts, 'binlog_row_image = FULL'),
    });
    if (rowValueOptions === 'PARTIAL_JSON') {
      found.push({
        message:
          'binlog_row_value_options is PARTIAL_JSON: without the old document a partial change ' +
          'of it cannot be applied',
        cure: setGlobally(facts, "binlog_row_value_options = ''"),
      });
    }
  }
  if (rowMetadata !== null && rowMetadata !== 'FULL') {
    found.push({
      message:
        `binlog_row_metadata is ${rowMetadata}: names and types of columns are taken from the ` +
        'schema history instead of each change',
      cure: setGlobally(facts, 'binlog_row_metadata = FULL'),
    });
  }
  if (checksum === 'NONE') {
    found.push({
      message: 'binlog_checksum is NONE: damage to the binlog goes unseen',
      cure: setGlobally(facts, 'binlog_checksum = CRC32'),
    });
  }
  return found;
}

function gtidWarnings(facts: MysqlServerFacts): MysqlWarning[] {
  const { gtid } = facts;
  if (gtid.kind !== 'mysql' || gtid.mode === 'ON') return [];
  const steps = ['OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON'];
  const left = steps.slice(steps.indexOf(gtid.mode) + 1);
  return [
    {
      message:
        `gtid_mode is ${gtid.mode}: positions are files of this one server, so after a failover ` +
        'a new snapshot is needed',
      cure: [
        setGlobally(facts, 'enforce_gtid_consistency = ON'),
        ...left.map((mode) => setGlobally(facts, `gtid_mode = ${mode}`)),
      ].join(' '),
    },
  ];
}

/** How long the daemon may stand still (PITFALLS B28, B120). */
function retentionWarnings(input: MysqlSettings): MysqlWarning[] {
  const { facts, rdsRetentionHours, lagSeconds } = input;
  const isRds = rdsRetentionHours !== undefined;
  const cure = isRds
    ? "CALL mysql.rds_set_configuration('binlog retention hours', 168);"
    : retentionCure(facts);
  if (rdsRetentionHours === null) {
    const message = "'binlog retention hours' is not set: RDS removes binlogs as soon as it can";
    return [{ message, cure }];
  }
  const seconds = isRds ? rdsRetentionHours * 3600 : facts.binlog.expireSeconds;
  // Zero: they are kept until somebody removes them.
  if (seconds === null || seconds === 0) return [];
  if (lagSeconds !== null && lagSeconds >= seconds) {
    const message =
      `the stored position is ${inHours(lagSeconds)} old, and binlogs are kept for ` +
      `${inHours(seconds)}: what is needed may go at any time`;
    return [{ message, cure }];
  }
  if (seconds >= SHORT_RETENTION_SECONDS) return [];
  const kept = inHours(seconds);
  const message = `binlogs are kept for ${kept}: a longer standstill needs a new snapshot`;
  return [{ message, cure }];
}

function retentionCure(facts: MysqlServerFacts): string {
  const { flavor, version } = facts;
  const inSeconds = flavor === 'mysql' ? version >= 80_000 : version >= 100_600;
  return setGlobally(
    facts,
    inSeconds ? `binlog_expire_logs_seconds = ${WEEK_SECONDS}` : 'expire_logs_days = 7',
  );
}

function inHours(seconds: number): string {
  return seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function timeZoneWarnings({ timeZone, systemTimeZone }: MysqlServerFacts): MysqlWarning[] {
  const zone = timeZone === 'SYSTEM' ? systemTimeZone : timeZone;
  if (zone === '' || UTC_ZONES.has(zone.toUpperCase())) return [];
  return [
    {
      message:
        `the time zone of the server is ${zone}: TIMESTAMP columns are captured in UTC, DATETIME ` +
        'columns hold no zone and are captured as they stand',
      cure: "SET time_zone = '+00:00'; in the sessions of applications that fill DATETIME columns.",
    },
  ];
}

/** `SET PERSIST` outlives a restart; only MySQL from 8.0 on has it. */
export function setGlobally({ flavor, version }: MysqlServerFacts, assignment: string): string {
  return flavor === 'mysql' && version >= 80_000
    ? `SET PERSIST ${assignment};`
    : `SET GLOBAL ${assignment}; and the same in the configuration of the server.`;
}
