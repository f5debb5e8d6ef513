import { expect, test } from 'vitest';
import {
  healthReasons,
  isHealthy,
  type SinkView,
  type SourceView,
} from '../../src/runtime/pipeline-status.ts';
import { pipelineStatus, RUNNING_SINK, RUNNING_SOURCE } from '../support/pipeline-statuses.ts';

const parked = {
  topic: 'shop.public.orders',
  table: 'orders',
  partition: 0,
  offset: 7,
  code: 'SINK_RECORD',
  message: 'value too long',
} as const;

const healthy = (source: Partial<SourceView>, ...sinks: Partial<SinkView>[]): boolean =>
  isHealthy(
    { ...RUNNING_SOURCE, ...source },
    sinks.map((sink) => ({ ...RUNNING_SINK, ...sink })),
  );

test('running and about to run are healthy', () => {
  expect(healthy({})).toBe(true);
  expect(healthy({ state: 'starting' }, {}, { state: 'starting' })).toBe(true);
});

test('a source that has ended, with nothing more to do, is healthy; a sink is not', () => {
  expect(healthy({ state: 'ended', connected: false }, {})).toBe(true);
  expect(healthy({ state: 'stopped' }, {})).toBe(false);
  expect(healthy({}, { state: 'ended' })).toBe(false);
});

test('one task that failed or waits, or one parked table, is not', () => {
  expect(healthy({ state: 'backing-off' }, {})).toBe(false);
  expect(healthy({ state: 'failed' }, {})).toBe(false);
  expect(healthy({}, {}, { state: 'failed' })).toBe(false);
  expect(healthy({}, {}, { state: 'backing-off' })).toBe(false);
  expect(healthy({}, { parked: [parked] })).toBe(false);
});

test('the reasons are codes with what they mean; no message, which may name hosts', () => {
  const error = { code: 'PG_CONNECT', message: 'cannot reach db.internal', cure: '' };
  const reasons = healthReasons(
    pipelineStatus({
      source: { ...RUNNING_SOURCE, error },
      sinks: [
        { ...RUNNING_SINK, name: 'w', parked: [parked, { ...parked, table: 'held', held: true }] },
      ],
    }),
  );
  expect(reasons).toEqual([
    expect.stringMatching(/^source: PG_CONNECT: \w.*\.$/),
    expect.stringMatching(/^sink w, table orders parked: SINK_RECORD: \w.*\.$/),
    expect.stringMatching(/^sink w, table held held: SINK_RECORD: \w.*\.$/),
  ]);
  expect(reasons.join()).not.toContain('internal');
  expect(healthy({ error })).toBe(false);
  expect(healthReasons(pipelineStatus())).toEqual([]);
});
