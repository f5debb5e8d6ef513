import { parseDailyHours } from '../config/daily-hours.ts';
import type { ResolvedOptions } from '../config/option.ts';
import { modeOfConfiguration, selectOverrides } from '../config/source-snapshot-options.ts';
import type { SnapshotMode } from '../source/postgres/postgres-source-options.ts';
import type { SnapshotOptions } from '../source/snapshot/snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../source/snapshot/snapshot-options.ts';

/** The include list; the signal table belongs to it, or its inserts would not be sent. */
export function tablesOf(options: ResolvedOptions): readonly RegExp[] {
  const patterns = options.patterns('table.include.list');
  const signalTable = signalTableOf(options);
  if (signalTable === null || !isSilent(options, signalTable)) return patterns;
  return [...patterns, new RegExp(`^${RegExp.escape(signalTable)}$`)];
}

/** How the source reads tables, from its properties. */
export function snapshotOptionsOf(options: ResolvedOptions): SnapshotOptions {
  const signalTable = signalTableOf(options);
  return {
    ...DEFAULT_SNAPSHOT_OPTIONS,
    fetchSize: options.number('snapshot.fetch.size'),
    chunkSize: options.number('incremental.snapshot.chunk.size'),
    readOnly: options.boolean('read.only'),
    signalTable,
    includeTables: options.patterns('snapshot.include.collection.list'),
    orderByRowCount: options.string(
      'snapshot.tables.order.by.row.count',
    ) as SnapshotOptions['orderByRowCount'],
    signalTableSilent: signalTable !== null && isSilent(options, signalTable),
    signalChannels: options.list('signal.enabled.channels'),
    watermarking: options.string(
      'incremental.snapshot.watermarking.strategy',
    ) as SnapshotOptions['watermarking'],
    ddlRewrites: options.string('ddl.rewrites') as SnapshotOptions['ddlRewrites'],
    overrides: selectOverrides(options),
    walBudget: options.optionalNumber('snapshot.wal.budget') ?? 0,
    rowsPerSecond: options.number('snapshot.max.rows.per.second'),
    window: windowOf(options),
    delayMs: options.number('snapshot.delay.ms'),
    streamingDelayMs: options.number('streaming.delay.ms'),
  };
}

/** When tables are read, with the flags of configuration_based resolved. */
export function snapshotModeOf(options: ResolvedOptions): SnapshotMode {
  const mode = options.string('snapshot.mode');
  return mode === 'configuration_based' ? modeOfConfiguration(options) : (mode as SnapshotMode);
}

function windowOf(options: ResolvedOptions): SnapshotOptions['window'] {
  const hours = parseDailyHours(options.optionalString('snapshot.window') ?? '');
  const timeZone = options.string('snapshot.window.timezone');
  return hours === undefined ? null : { hours, timeZone };
}

function signalTableOf(options: ResolvedOptions): string | null {
  const name = options.optionalString('signal.data.collection');
  if (name === undefined) return null;
  // The original takes the database in front as well.
  const parts = name.replaceAll('"', '').split('.');
  return parts.length > 2 ? parts.slice(-2).join('.') : parts.join('.');
}

/** The lists leave the signal table out: it is read for its signals only. */
function isSilent(options: ResolvedOptions, signalTable: string): boolean {
  const patterns = options.patterns('table.include.list');
  return patterns.length > 0 && !patterns.some((pattern) => pattern.test(signalTable));
}
