import { expect, test } from 'vitest';
import type { AlertCondition } from '../../src/model/alert.ts';
import type { PipelineStatus, SinkView, SourceView } from '../../src/runtime/pipeline-status.ts';
import { StatusConditions } from '../../src/runtime/status-conditions.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';

const ERROR = { code: 'SINK_CONNECT', message: 'no route', cure: 'mend the net' };

function watched(
  overrides: {
    readonly source?: Partial<SourceView>;
    readonly sink?: Partial<SinkView>;
    readonly transport?: PipelineStatus['transport'];
  } = {},
) {
  const whole = pipelineStatus({});
  const status: PipelineStatus = {
    ...whole,
    source: { ...whole.source, lagMs: null, ...overrides.source },
    sinks: whole.sinks.map((sink) => ({ ...sink, ...overrides.sink })),
    transport: overrides.transport ?? null,
  };
  const progress = { key: 'shop.public.orders/0', offset: 0, end: 0 };
  const statistics: { lastDurableAtMs: number | null } = { lastDurableAtMs: null };
  const sinks = status.sinks.map(({ name }) => ({ name, progress: () => [progress] }));
  const pipeline = { status: () => status, sinks, statistics };
  const settings = { topicPrefix: 'shop.', heartbeatMs: 10_000 };
  const conditions = new StatusConditions(pipeline, settings);
  /** Those that are bad by themselves. */
  const bad = (nowMs: number): readonly AlertCondition[] =>
    conditions
      .conditions(nowMs)
      .filter(({ measure }) => measure === undefined || measure.value > measure.threshold);
  return { conditions, bad, progress, statistics };
}

test('a pipeline that is well has no condition but what is measured', () => {
  const { bad, conditions } = watched();
  expect(bad(0)).toEqual([]);
  const classes = conditions.conditions(1000).map((condition) => condition.class);
  expect(classes).toEqual(['lag.sink', 'lag.records', 'keys.parked']);
});

test('tasks: failed is for good, tried again only after a while', () => {
  const { bad } = watched({
    source: { state: 'backing-off', error: ERROR },
    sink: { state: 'failed', error: ERROR },
  });
  expect(bad(0)).toMatchObject([
    { key: 'task.retrying:source', severity: 'warning', holdMs: 60_000, sink: null },
    {
      key: 'task.failed:sink warehouse',
      severity: 'critical',
      sink: 'warehouse',
      cause: 'SINK_CONNECT: no route',
      cure: 'mend the net',
    },
  ]);
});

test('tables and keys that wait, in source and sink', () => {
  const parked = { topic: 'shop.public.orders', table: 'public.orders', offset: 7 };
  const { bad, progress } = watched({
    source: { held: [{ topic: 'shop.public.users', ...ERROR }] },
    sink: {
      parked: [{ ...parked, code: 'SINK_SCHEMA', message: 'no such column' }],
      parkedKeys: { count: 3, first: [] },
    },
  });
  progress.end = 10;
  expect(bad(0).map(({ key, severity }) => [key, severity])).toEqual([
    ['table.held:source:public.users', 'critical'],
    ['table.parked:warehouse:public.orders', 'critical'],
    ['keys.parked:warehouse', 'warning'],
  ]);
  // A table that is parked is not late as well.
  expect(bad(600_000).map((condition) => condition.class)).not.toContain('lag.sink');
});

test('a deadline of a table that is held is told a quarter of the time before', () => {
  const deadline = { sinceMs: 0, atMs: 1000, action: 'exception' };
  const { conditions } = watched({
    source: { held: [{ topic: 'shop.public.users', ...ERROR, deadline }] },
  });
  const found = (nowMs: number) =>
    conditions.conditions(nowMs).find(({ class: kind }) => kind === 'table.hold_deadline');
  const measure = { unit: 'ms', threshold: 250, bad: 'below' };
  expect(found(749)).toMatchObject({ measure: { ...measure, value: 251 }, cure: ERROR.cure });
  expect(found(2000)?.measure).toEqual({ ...measure, value: 0 });
  expect(found(0)?.title).toContain('until 1970-01-01T00:00:01.000Z, then: exception');
});

test('the lag of a sink grows while it stands still; a table of its own needs a rule', () => {
  const { bad, conditions, progress } = watched();
  progress.end = 5;
  conditions.conditions(0);
  expect(bad(60_000)).toEqual([]);
  expect(bad(61_000)).toMatchObject([
    { key: 'lag.sink:warehouse', measure: { value: 61_000, unit: 'ms' }, holdMs: 60_000 },
  ]);
  expect(conditions.conditions(62_000)).toContainEqual(
    expect.objectContaining({
      key: 'lag.table:warehouse:public.orders',
      table: 'public.orders',
      measure: expect.objectContaining({ value: 62_000 }) as unknown,
    }),
  );
});

test('the lag of a source is that of changes that come, not of the last one long ago', () => {
  const { measures } = pipelineStatus().source;
  const late = { lagMs: 120_000, measures: { ...measures, sinceLastEventMs: 500 } };
  expect(watched({ source: late }).bad(0)).toMatchObject([{ key: 'lag.source' }]);
  const idle = { ...late, measures: { ...measures, sinceLastEventMs: 3_600_000 } };
  expect(watched({ source: idle }).bad(0)).toEqual([]);
});

test('heartbeats are missed after three, and never within half a minute', () => {
  const { bad, statistics } = watched({ source: { phase: 'streaming', state: 'running' } });
  statistics.lastDurableAtMs = 1000;
  expect(bad(31_000)).toEqual([]);
  expect(bad(31_001)).toMatchObject([{ key: 'heartbeat.missing:source', severity: 'critical' }]);
  statistics.lastDurableAtMs = 31_500;
  expect(bad(32_000)).toEqual([]);
});

test('dead letters of the last hour, and a store that fills', () => {
  const mb = 1024 * 1024;
  const transport = { bytesUsed: 95 * mb, bytesLimit: 100 * mb, bytesReusable: 5 * mb };
  const { bad } = watched({
    sink: { deadLetters: 4 },
    transport: { ...transport, records: 0, oldestReaderMs: 0 },
  });
  expect(bad(0)).toMatchObject([
    { key: 'dead_letters:sink warehouse', measure: { value: 4 } },
    { key: 'store.space', measure: { value: 90, unit: 'percent', threshold: 85 } },
  ]);
});

test('what the watch beside the stream names is not told a second time', () => {
  const stall = {
    cause: 'target_down',
    sink: 'warehouse',
    table: null,
    severity: 'critical',
  } as const;
  const { sinks, ...whole } = pipelineStatus();
  const [sink] = sinks;
  if (sink === undefined) throw new Error('no sink');
  const trouble = { ...sink, state: 'backing-off', error: ERROR } as const;
  const told = (sinkOfStall: string): readonly string[] => {
    const stalls = [{ ...stall, sink: sinkOfStall, title: 'down', evidence: [], cure: '' }];
    const watch = { stalls, retention: null, lookedMsAgo: null, problem: null };
    const status = () => ({ ...whole, sinks: [trouble], watch });
    const pipeline = { status, sinks: [], statistics: { lastDurableAtMs: null } };
    return new StatusConditions(pipeline, { topicPrefix: 'shop.', heartbeatMs: 0 })
      .conditions(0)
      .map(({ key }) => key)
      .filter((key) => key.startsWith('task.'));
  };
  expect(told('warehouse')).toEqual([]);
  expect(told('other')).toEqual(['task.retrying:sink warehouse']);
});
