import { expect, test } from 'vitest';
import { SourceStatistics } from '../../src/runtime/source-statistics.ts';
import { tableViews } from '../../src/runtime/table-view.ts';
import { RUNNING_SOURCE } from '../support/pipeline-statuses.ts';
import { keyedTable, rowChange } from '../support/keyed-table.ts';

const NONE = { parked: [], lagByTopic: new Map(), lettersByTopic: new Map() };

test('a table from its snapshot to its slowest sink', () => {
  const table = keyedTable();
  const name = `${table.id.schema}.${table.id.table}`;
  const statistics = new SourceStatistics();
  statistics.schemaChanged({ table, previous: null, position: '0/1' }, 1);
  statistics.row(rowChange(table, 'c', null, ['1', 'a']));
  const newer = { ...table, version: 2 };
  statistics.schemaChanged({ table: newer, previous: table, position: '0/2' }, 77);
  statistics.row(rowChange(newer, 'c', null, ['2', 'b']));
  const progress = { rowsDone: 30, rowsEstimated: 40, bytesDone: 1, completed: false };
  const source = {
    ...RUNNING_SOURCE,
    snapshot: [
      { ...progress, table: name },
      { ...progress, table: 'public.later', rowsDone: 0 },
      { ...progress, table: 'public.unknown', rowsEstimated: 0 },
    ],
    held: [{ topic: 'shop.t', code: 'REGISTRY_REFUSED', message: '', cure: '' }],
  };
  const parked = [
    { topic: 'shop.t', table: 'x', offset: 1, code: 'SINK_SCHEMA', message: '' } as const,
  ];
  const sinks = [
    { ...NONE, name: 'fast', lagByTopic: new Map([['shop.t', 1]]) },
    {
      ...NONE,
      name: 'slow',
      parked,
      lagByTopic: new Map([['shop.t', 9]]),
      lettersByTopic: new Map([['shop.t', 2]]),
    },
  ];
  const views = tableViews(source, statistics, sinks, () => 'shop.t');
  expect(views.find((one) => one.table === name)).toEqual({
    table: name,
    phase: 'snapshot',
    percent: 75,
    events: 2,
    lagRecords: 9,
    lastChange: { atMs: 77, summary: 'key, default or identity changed' },
    held: [
      { where: 'source', code: 'REGISTRY_REFUSED' },
      { where: 'slow', code: 'SINK_SCHEMA' },
    ],
    deadLetters: 2,
  });
  const others = views.filter((one) => one.table !== name);
  expect(
    others.map(({ table: of, phase, percent, lagRecords }) => [of, phase, percent, lagRecords]),
  ).toEqual([
    ['public.later', 'waiting', 0, null],
    ['public.unknown', 'snapshot', null, null],
  ]);
});

test('a table that is read streams with the others, or waits for them', () => {
  const statistics = new SourceStatistics();
  statistics.row(rowChange(keyedTable(), 'c', null, ['1', 'a']));
  const phase = (of: 'snapshot' | 'streaming' | 'starting') =>
    tableViews({ snapshot: [], held: [], phase: of }, statistics, [], () => null)[0]?.phase;
  expect(phase('streaming')).toBe('streaming');
  expect(phase('snapshot')).toBe('snapshot');
  expect(phase('starting')).toBe('waiting');
});
