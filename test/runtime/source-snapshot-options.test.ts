import { expect, test } from 'vitest';
import {
  snapshotModeOf,
  snapshotOptionsOf,
  tablesOf,
} from '../../src/runtime/source-snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../src/source/snapshot/snapshot-options.ts';
import { examinedSource } from '../support/examined-source.ts';

const resolve = (input: Record<string, string>): Parameters<typeof snapshotOptionsOf>[0] =>
  examinedSource(input).options;

test('without properties the defaults hold', () => {
  expect(snapshotOptionsOf(resolve({}))).toEqual(DEFAULT_SNAPSHOT_OPTIONS);
  expect(tablesOf(resolve({}))).toEqual([]);
});

test('a signal table outside of the lists is captured for its signals only', () => {
  const outside = resolve({
    'table.include.list': 'public.orders',
    'signal.data.collection': 'shop.public.signal',
    'incremental.snapshot.chunk.size': '7',
    'read.only': 'true',
  });
  expect(snapshotOptionsOf(outside)).toMatchObject({
    signalTable: 'public.signal',
    signalTableSilent: true,
    chunkSize: 7,
    readOnly: true,
  });
  expect(tablesOf(outside).map((pattern) => pattern.test('public.signal'))).toEqual([false, true]);
  const inside = resolve({
    'table.include.list': 'public..*',
    'signal.data.collection': 'public.signal',
  });
  expect(snapshotOptionsOf(inside).signalTableSilent).toBe(false);
  expect(tablesOf(inside)).toHaveLength(1);
});

test('SELECTs by the name of their table, limits in their units', () => {
  const overrides = 'snapshot.select.statement.overrides';
  const options = resolve({
    [overrides]: 'public.a,shop.public.b',
    [`${overrides}.public.a`]: 'SELECT 1',
    [`${overrides}.shop.public.b`]: 'SELECT 2',
    'snapshot.wal.budget': '1gb',
    'snapshot.max.rows.per.second': '100',
    'snapshot.window': '22:00-06:00',
    'snapshot.window.timezone': 'Europe/Berlin',
    'snapshot.delay.ms': '1s',
    'streaming.delay.ms': '2s',
  });
  expect(snapshotOptionsOf(options)).toMatchObject({
    overrides: [
      { table: 'public.a', statement: 'SELECT 1' },
      { table: 'public.b', statement: 'SELECT 2' },
    ],
    walBudget: 1024 ** 3,
    rowsPerSecond: 100,
    window: { hours: [{ from: 1320, to: 360 }], timeZone: 'Europe/Berlin' },
    delayMs: 1000,
    streamingDelayMs: 2000,
  });
});

test('flags of configuration_based become a mode', () => {
  const based = 'snapshot.mode.configuration.based';
  const mode = (data: string, stream: string): string =>
    snapshotModeOf(
      resolve({
        'snapshot.mode': 'configuration_based',
        [`${based}.snapshot.data`]: data,
        [`${based}.start.stream`]: stream,
      }),
    );
  expect([mode('true', 'true'), mode('true', 'false'), mode('false', 'true')]).toEqual([
    'always',
    'always_only',
    'no_data',
  ]);
  expect(snapshotModeOf(resolve({ 'snapshot.mode': 'when_needed' }))).toBe('when_needed');
});
