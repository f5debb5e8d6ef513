import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import type { TableView } from '../runtime/table-view.ts';

/** What the daemon answered at one moment. */
export interface StatusAnswer {
  readonly status: PipelineStatus;
  readonly tables: readonly TableView[];
  /** Monotonic. */
  readonly atMs: number;
}

/** A table with how fast it changes. */
export interface TableRow extends TableView {
  /** Null before the second answer. */
  readonly perSecond: number | null;
}

/** All that one picture is made of. */
export interface StatusPicture {
  readonly status: PipelineStatus;
  readonly rows: readonly TableRow[];
  readonly perSecond: number | null;
  /** By sink. */
  readonly sinksPerSecond: ReadonlyMap<string, number>;
}

/** Rates are what was counted from one answer to the next; a daemon that began anew has none. */
export function pictureOf(now: StatusAnswer, before: StatusAnswer | null): StatusPicture {
  const { status, tables, atMs } = now;
  const isSame = before !== null && status.uptimeMs >= before.status.uptimeMs;
  const seconds = isSame ? (atMs - before.atMs) / 1000 : 0;
  const rate = (value: number, old: number | undefined): number | null =>
    seconds <= 0 || old === undefined ? null : Math.max(0, (value - old) / seconds);
  const events = new Map(before?.tables.map((one) => [one.table, one.events]));
  const applied = new Map(before?.status.sinks.map((sink) => [sink.name, sink.applied]));
  const sinks = status.sinks.flatMap((sink): [string, number][] => {
    const perSecond = rate(sink.applied, applied.get(sink.name));
    return perSecond === null ? [] : [[sink.name, perSecond]];
  });
  return {
    status,
    // A table that is new has had its first events since.
    rows: tables.map((one) => ({
      ...one,
      perSecond: rate(one.events, events.get(one.table) ?? 0),
    })),
    perSecond: rate(status.source.events, before?.status.source.events),
    sinksPerSecond: new Map(sinks),
  };
}
