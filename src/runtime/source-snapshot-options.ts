import type { ResolvedOptions } from '../config/option.ts';
import type { SnapshotOptions } from '../source/postgres/snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../source/postgres/snapshot-options.ts';

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
  };
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
