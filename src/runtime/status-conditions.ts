import type { AlertCondition, ConditionSource } from '../model/alert.ts';
import { BehindClock, type PartitionProgress } from './behind-clock.ts';
import type { ErrorView, Stall, WatchView } from './watch-view.ts';
import type { PipelineStatus, SinkView } from './pipeline-status.ts';
import { gapConditions } from './source-gap-alerts.ts';
import { RecentCount } from './recent-count.ts';

/** Whose status it is. */
export interface WatchedPipeline {
  status(): PipelineStatus;
  readonly sinks: readonly {
    readonly name: string;
    progress(): Iterable<PartitionProgress>;
  }[];
  readonly statistics: { readonly lastDurableAtMs: number | null };
}

/** What is known of the pipeline from its file. */
export interface WatchSettings {
  /** With the delimiter; of a topic that begins so the rest is the table. */
  readonly topicPrefix: string;
  /** 0: there are no heartbeats. */
  readonly heartbeatMs: number;
}

const LAG_MS = 60_000;
const LAG_HOLD_MS = 60_000;
const RETRY_HOLD_MS = 60_000;
const STORE_PERCENT = 85;
const HOLD_WARNING_MS = 3_600_000;
/** A commit's delay says something about now for so long. */
const FRESH_MS = 30_000;
const LETTERS_MS = 3_600_000;
const HEARTBEATS_MISSED = 3;
const HEARTBEAT_MIN_MS = 30_000;

/**
 * What the status knows already, as conditions: lag, tasks that fail, tables and keys that wait,
 * dead letters, heartbeats that stay away, room in the store.
 */
export class StatusConditions implements ConditionSource {
  readonly #pipeline: WatchedPipeline;
  readonly #settings: WatchSettings;
  readonly #clocks = new Map<string, BehindClock>();
  readonly #letters = new Map<string, RecentCount>();

  constructor(pipeline: WatchedPipeline, settings: WatchSettings) {
    this.#pipeline = pipeline;
    this.#settings = settings;
  }

  conditions(nowMs: number): readonly AlertCondition[] {
    const status = this.#pipeline.status();
    return [
      ...this.#ofSource(status, nowMs),
      ...status.sinks.flatMap((sink) => this.#ofSink(sink, status.watch, nowMs)),
      ...storeSpace(status),
    ];
  }

  #ofSource({ source, watch }: PipelineStatus, nowMs: number): readonly AlertCondition[] {
    const { state, error, held, lagMs, measures, deadLetters } = source;
    const isFresh = (measures.sinceLastEventMs ?? Number.POSITIVE_INFINITY) < FRESH_MS;
    return [
      ...taskTrouble('source', null, state, error, watch),
      ...gapConditions(source.offset),
      ...(lagMs !== null && isFresh ? [sourceLag(lagMs)] : []),
      ...held.map(({ topic, code, message, cure }) =>
        waiting('table.held', this.#tableOf(topic), null, { code, message, cure }),
      ),
      ...held.flatMap((one) => holdDeadline(this.#tableOf(one.topic), one, nowMs) ?? []),
      ...this.#deadLetters('source', null, deadLetters, nowMs),
      ...this.#heartbeat(source, nowMs),
    ];
  }

  #ofSink(sink: SinkView, watch: WatchView | undefined, nowMs: number): readonly AlertCondition[] {
    const { name, state, error, parked, parkedKeys, deadLetters } = sink;
    const cure = 'tidemark status shows the cause; mend it and start the daemon anew';
    const goesOn = 'mend the cause: the table goes on by itself';
    return [
      ...taskTrouble(`sink ${name}`, name, state, error, watch),
      ...this.#sinkLag(sink, nowMs),
      waitingRecords(sink),
      ...parked.map(({ table, code, message, held }) =>
        waiting(held === true ? 'table.held' : 'table.parked', table, name, {
          code,
          message,
          cure: held === true ? goesOn : cure,
        }),
      ),
      ...parkedKeyCount(name, parkedKeys?.count ?? 0),
      ...this.#deadLetters(`sink ${name}`, name, deadLetters, nowMs),
    ];
  }

  /** What waits for somebody is not late, it is parked. */
  #sinkLag({ name, parked }: SinkView, nowMs: number): readonly AlertCondition[] {
    const runner = this.#pipeline.sinks.find((sink) => sink.name === name);
    if (runner === undefined) return [];
    const clock = this.#clocks.get(name) ?? new BehindClock();
    this.#clocks.set(name, clock);
    const waits = new Set(parked.map(({ topic }) => topic));
    const ofTables = new Map<string, number>();
    for (const [key, ms] of clock.look(runner.progress(), nowMs)) {
      const topic = key.slice(0, key.lastIndexOf('/'));
      if (waits.has(topic)) continue;
      const table = this.#tableOf(topic);
      ofTables.set(table, Math.max(ofTables.get(table) ?? 0, ms));
    }
    const worst = Math.max(0, ...ofTables.values());
    const tables = [...ofTables].map(([table, ms]) => sinkLag(name, table, ms));
    return [sinkLag(name, null, worst), ...tables];
  }

  #tableOf(topic: string): string {
    const { topicPrefix } = this.#settings;
    return topic.startsWith(topicPrefix) ? topic.slice(topicPrefix.length) : topic;
  }

  #deadLetters(
    task: string,
    sink: string | null,
    total: number | undefined,
    nowMs: number,
  ): readonly AlertCondition[] {
    if (total === undefined) return [];
    const recent = this.#letters.get(task) ?? new RecentCount(LETTERS_MS);
    this.#letters.set(task, recent);
    const count = recent.look(total, nowMs);
    const [one, what] =
      sink === null
        ? (['change', 'became no record'] as const)
        : (['record', 'could not be applied'] as const);
    const told =
      count === 1
        ? `1 ${one} ${what} within the last hour and is a dead letter`
        : `${count} ${one}s ${what} within the last hour and are dead letters`;
    return [
      {
        key: `dead_letters:${task}`,
        class: 'dead_letters',
        severity: 'warning',
        table: null,
        sink,
        title: `${task}: ${told}`,
        cause: 'errors.tolerance lets the task go on beside them',
        cure: `tidemark dlq list <file>${sink === null ? ' --source' : ` --sink ${sink}`}`,
        measure: { value: count, unit: 'count', threshold: 0, bad: 'above' },
      },
    ];
  }

  #heartbeat({ phase, state }: PipelineStatus['source'], nowMs: number): readonly AlertCondition[] {
    const { heartbeatMs } = this.#settings;
    const { lastDurableAtMs } = this.#pipeline.statistics;
    const isExpected = heartbeatMs > 0 && phase === 'streaming' && state === 'running';
    if (!isExpected || lastDurableAtMs === null) return [];
    const due = `a heartbeat is due each ${heartbeatMs} ms`;
    const threshold = Math.max(HEARTBEAT_MIN_MS, HEARTBEATS_MISSED * heartbeatMs);
    return [
      {
        key: 'heartbeat.missing:source',
        class: 'heartbeat.missing',
        severity: 'critical',
        table: null,
        sink: null,
        title: 'the source writes no heartbeats any more',
        cause: `nothing of it became durable in the log, although ${due}`,
        cure: 'tidemark status <file>; the log of the daemon says what the source waits for',
        measure: { value: nowMs - lastDurableAtMs, unit: 'ms', threshold, bad: 'above' },
      },
    ];
  }
}

function taskTrouble(
  task: string,
  sink: string | null,
  state: PipelineStatus['source']['state'],
  error: ErrorView | null,
  watch: WatchView | undefined,
): readonly AlertCondition[] {
  if (error === null) return [];
  const { code, message, cure } = error;
  const around = { table: null, sink, cause: `${code}: ${message}`, cure, details: { code } };
  if (state === 'failed') {
    const then = sink === null ? 'the pipeline stops' : 'it is fed no more, others go on';
    const title = `${task} has failed for good: ${then}`;
    return [
      { ...around, key: `task.failed:${task}`, class: 'task.failed', severity: 'critical', title },
    ];
  }
  // The watch names what is down: that is told, and once is enough.
  if (watch?.stalls.some((stall) => stall.sink === sink && namesCause(stall)) === true) return [];
  const title = `${task} does not get on and is tried again and again`;
  const retrying = { class: 'task.retrying', severity: 'warning', title } as const;
  return [{ ...around, ...retrying, key: `task.retrying:${task}`, holdMs: RETRY_HOLD_MS }];
}

function namesCause({ cause, severity }: Stall): boolean {
  return severity !== 'info' && cause !== 'task_failed' && cause !== 'task_retried';
}

function sourceLag(lagMs: number): AlertCondition {
  return {
    key: 'lag.source',
    class: 'lag.source',
    severity: 'warning',
    table: null,
    sink: null,
    title: 'the source is behind the database',
    cause: 'the changes that are read now were committed that long ago',
    cure: 'tidemark status <file> shows how far it is behind, and why as far as that is known',
    measure: { value: lagMs, unit: 'ms', threshold: LAG_MS, bad: 'above' },
    holdMs: LAG_HOLD_MS,
  };
}

/** Of a single table only a rule can make an alert: the sink's own has the worst of them. */
function sinkLag(sink: string, table: string | null, lagMs: number): AlertCondition {
  const threshold = table === null ? LAG_MS : Number.MAX_SAFE_INTEGER;
  return {
    key: table === null ? `lag.sink:${sink}` : `lag.table:${sink}:${table}`,
    class: table === null ? 'lag.sink' : 'lag.table',
    severity: 'warning',
    table,
    sink,
    title: `sink ${sink} is behind the log${table === null ? '' : ` with ${table}`}`,
    cause: 'the oldest record that it has not applied has waited that long',
    cure: 'tidemark status <file> shows what it is busy with; look at the load of the target',
    measure: { value: lagMs, unit: 'ms', threshold, bad: 'above' },
    holdMs: LAG_HOLD_MS,
  };
}

/** As of a table: its threshold is a rule's. */
function waitingRecords({ name, lagRecords }: SinkView): AlertCondition {
  return {
    key: `lag.records:${name}`,
    class: 'lag.records',
    severity: 'warning',
    table: null,
    sink: name,
    title: `many records wait for sink ${name}`,
    cause: 'the log has them, and the sink has not applied them',
    cure: 'tidemark status <file> shows what it is busy with; look at the load of the target',
    measure: {
      value: lagRecords,
      unit: 'records',
      threshold: Number.MAX_SAFE_INTEGER,
      bad: 'above',
    },
    holdMs: LAG_HOLD_MS,
  };
}

function waiting(
  name: 'table.held' | 'table.parked',
  table: string,
  sink: string | null,
  { code, message, cure }: ErrorView,
): AlertCondition {
  const word = name === 'table.held' ? 'held' : 'parked';
  const where = sink === null ? 'before the log' : `by sink ${sink}`;
  return {
    key: `${name}:${sink ?? 'source'}:${table}`,
    class: name,
    severity: 'critical',
    table,
    sink,
    title: `${table} is ${word} ${where}: its changes wait, other tables go on`,
    cause: `${code}: ${message}`,
    cure,
    details: { code },
  };
}

/** Told when a quarter of the time is left, or an hour. */
function holdDeadline(
  table: string,
  { deadline, message, cure }: PipelineStatus['source']['held'][number],
  nowMs: number,
): AlertCondition | null {
  if (deadline === undefined) return null;
  const { sinceMs, atMs, action } = deadline;
  return {
    key: `table.hold_deadline:${table}`,
    class: 'table.hold_deadline',
    severity: 'critical',
    table,
    sink: null,
    title: `${table} is held until ${new Date(atMs).toISOString()}, then: ${action}`,
    cause: message,
    cure,
    measure: {
      value: Math.max(0, atMs - nowMs),
      unit: 'ms',
      threshold: Math.min(HOLD_WARNING_MS, (atMs - sinceMs) / 4),
      bad: 'below',
    },
  };
}

function parkedKeyCount(sink: string, count: number): readonly AlertCondition[] {
  const keys = count === 1 ? '1 key' : `${count} keys`;
  return [
    {
      key: `keys.parked:${sink}`,
      class: 'keys.parked',
      severity: 'warning',
      table: null,
      sink,
      title: `sink ${sink}: records of ${keys} wait as dead letters`,
      cause: 'each waits behind a record of its key that could not be applied',
      cure: `tidemark dlq list <file> --sink ${sink}; mend the cause, then tidemark dlq replay`,
      measure: { value: count, unit: 'count', threshold: 0, bad: 'above' },
    },
  ];
}

function storeSpace({ transport }: PipelineStatus): readonly AlertCondition[] {
  if (transport === null || transport.bytesLimit <= 0) return [];
  const { bytesUsed, bytesLimit, bytesReusable } = transport;
  const value = (100 * Math.max(0, bytesUsed - bytesReusable)) / bytesLimit;
  return [
    {
      key: 'store.space',
      class: 'store.space',
      severity: 'warning',
      table: null,
      sink: null,
      title: 'the store is nearly full: then the source waits, and the server keeps its log',
      cause: 'records stay until every sink has them, and as long as retention says',
      cure: 'raise transport.max.bytes, shorten retention, or forget a sink that is no more',
      measure: { value, unit: 'percent', threshold: STORE_PERCENT, bad: 'above' },
    },
  ];
}
