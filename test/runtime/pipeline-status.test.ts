import { expect, test } from 'vitest';
import { isHealthy, type SinkView, type SourceView } from '../../src/runtime/pipeline-status.ts';
import { RUNNING_SINK, RUNNING_SOURCE } from '../support/pipeline-statuses.ts';

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

test('one task that failed or waits, or one parked table, is not', () => {
  expect(healthy({ state: 'backing-off' }, {})).toBe(false);
  expect(healthy({ state: 'failed' }, {})).toBe(false);
  expect(healthy({}, {}, { state: 'failed' })).toBe(false);
  expect(healthy({}, {}, { state: 'backing-off' })).toBe(false);
  expect(healthy({}, { parked: [parked] })).toBe(false);
});
