import type { TableSchema } from '../model/table-schema.ts';
import type { SinkView, SourceView } from './pipeline-status.ts';
import type { SourceStatistics } from './source-statistics.ts';
import type { TopicCounts } from './topic-counts.ts';

/** One table, from the source to its sinks. JSON values only; numbers are of this process. */
export interface TableView {
  readonly table: string;
  /** `waiting`: its part of the first snapshot has not begun. */
  readonly phase: 'waiting' | 'snapshot' | 'streaming';
  /** Of its snapshot; null: not known, or none is under way. */
  readonly percent: number | null;
  /** Rows and changes. */
  readonly events: number;
  /** Records of its topic that the slowest sink has not applied; null: no sink reads them. */
  readonly lagRecords: number | null;
  readonly lastChange: { readonly atMs: number; readonly summary: string } | null;
  /** Why its records go no further, and where. */
  readonly held: readonly { readonly where: string; readonly code: string }[];
  readonly deadLetters: number;
}

/** Every table that was seen, by name. */
export function tableViews(
  { snapshot, held, phase }: Pick<SourceView, 'snapshot' | 'held' | 'phase'>,
  statistics: SourceStatistics,
  sinks: readonly (Pick<SinkView, 'name' | 'parked'> & TopicCounts)[],
  topicOf: (table: TableSchema) => string | null,
): readonly TableView[] {
  const read = new Map(snapshot.map((one) => [one.table, one]));
  const names = new Set([...read.keys(), ...statistics.tables.keys()]);
  return [...names].toSorted().map((table): TableView => {
    const counts = statistics.tables.get(table);
    const topic = counts === undefined ? null : topicOf(counts.schema);
    const progress = read.get(table);
    const isRead = progress !== undefined && !progress.completed;
    const hasBegun = progress !== undefined && progress.rowsDone > 0;
    const lags = sinks.flatMap((sink) => sink.lagByTopic.get(topic ?? '') ?? []);
    const parked = sinks.flatMap(({ name, parked: all }) =>
      all
        .filter((one) => one.topic === topic || one.table === table)
        .map(({ code }) => ({ where: name, code })),
    );
    const refused = held
      .filter((one) => one.topic === topic)
      .map(({ code }) => ({ where: 'source', code }));
    return {
      table,
      phase: isRead ? (hasBegun ? 'snapshot' : 'waiting') : tablePhase(phase),
      percent: isRead ? percentOf(progress) : null,
      events: counts?.events ?? 0,
      lagRecords: lags.length === 0 ? null : Math.max(...lags),
      lastChange: counts?.lastChange ?? null,
      held: [...refused, ...parked],
      deadLetters: sinks.reduce(
        (sum, { lettersByTopic }) => sum + (lettersByTopic.get(topic ?? '') ?? 0),
        0,
      ),
    };
  });
}

/** One that is read already waits for the others. */
function tablePhase(phase: SourceView['phase']): TableView['phase'] {
  return phase === 'snapshot' ? 'snapshot' : phase === 'starting' ? 'waiting' : 'streaming';
}

/** Estimates come from statistics: one that was too low does not make more than all. */
function percentOf({ rowsDone, rowsEstimated }: SourceView['snapshot'][number]): number | null {
  if (rowsEstimated <= 0) return null;
  return Math.min(99, Math.floor((100 * rowsDone) / rowsEstimated));
}
