import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { DemoView } from '../../src/demo/terminal-view.ts';
import { renderDemo, renderDemoLine } from '../../src/demo/terminal-view.ts';
import { demoView, sinkView, sourceView } from '../support/demo-views.ts';

const plain = (view: DemoView, columns = 100): string[] =>
  renderDemo(view, { columns, colours: false });

const snapshotting = demoView({
  source: sourceView({
    phase: 'snapshot',
    snapshot: [
      { table: 'a', rowsDone: 1200, rowsEstimated: 1000, bytesDone: 1, completed: true },
      { table: 'b', rowsDone: 300, rowsEstimated: 1800, bytesDone: 1, completed: false },
    ],
  }),
});

test('streaming shows phase, rate, lag in ms and bytes, position, last schema change', () => {
  expect(plain(demoView({}))).toEqual([
    'tidemark demo  shop → log → warehouse   01:15 of 02:00',
    'phase      streaming',
    'rows/s     1,234   56,789 events',
    'lag        12 ms (p99 48 ms), 2.0 KiB behind',
    'source     read 0/16B3748, confirmed 0/16B3700',
    'log        60,000 records, 12.0 MiB',
    'warehouse  56,780 applied, 9 waiting',
    'schema     public.orders version 3: + gift_message text, 5 s ago',
    'traffic    321 transactions, 4 key changes, 2 truncates, 1 DDL',
  ]);
});

describe('the snapshot', () => {
  test('has a bar as wide as the share that is done', () => {
    const bar = /^phase {6}snapshot (█*)(░*) 50 % {2}1,500 of 3,000 rows$/.exec(
      plain(snapshotting)[1] ?? '',
    );
    expect(bar?.slice(1).map((part) => part.length)).toEqual([20, 20]);
  });

  test('never exceeds 100 %, though estimates are too low', () => {
    const view = demoView({
      source: sourceView({
        phase: 'snapshot',
        snapshot: [{ table: 'a', rowsDone: 50, rowsEstimated: 10, bytesDone: 1, completed: false }],
      }),
    });
    expect(plain(view)[1]).toContain(' 100 %  50 of 50 rows');
  });

  test('without any estimate is at 0 %', () => {
    expect(plain(demoView({ source: sourceView({ phase: 'snapshot' }) }))[1]).toContain(
      ' 0 %  0 of 0',
    );
  });
});

test('before the first event nothing is invented', () => {
  const view = demoView({
    source: sourceView({
      phase: 'starting',
      state: 'starting',
      connected: false,
      lagMs: null,
      lagBytes: null,
      receivedLsn: null,
      confirmedLsn: null,
      lastSchemaChange: null,
    }),
    sinks: [sinkView({ lagMsLast: null, lagMsP99: null })],
  });
  const text = plain(view).join('\n');
  expect(text).toContain('starting (starting)');
  expect(text).toContain('lag        unknown');
  expect(text).toContain('no position yet');
  expect(text).toContain('no change yet');
});

test('an error is shown with its code', () => {
  const error = { code: 'SINK_CONNECT', message: 'refused\nmore', cure: 'start it' };
  const lines = plain(demoView({ sinks: [sinkView({ state: 'backing-off', error })] }));
  expect(lines.at(-1)).toBe('SINK_CONNECT refused');
  expect(lines.find((line) => line.startsWith('warehouse'))).toContain('(backing-off)');
});

test.each([20, 33, 60, 80, 200])('no line is wider than %i columns, colours or not', (columns) => {
  for (const view of [demoView({}), snapshotting]) {
    const coloured = renderDemo(view, { columns, colours: true });
    expect(coloured.map((line) => stripVTControlCharacters(line))).toEqual(plain(view, columns));
    for (const line of plain(view, columns)) expect([...line].length).toBeLessThanOrEqual(columns);
  }
});

test('colours only where asked for, and every one is ended', () => {
  expect(plain(snapshotting).join('')).not.toContain('\x1b');
  const coloured = renderDemo(snapshotting, { columns: 80, colours: true }).join('');
  const codes = coloured.split('\x1b[').slice(1);
  const ends = codes.filter((code) => code.startsWith('0m'));
  expect(ends.length).toBeGreaterThan(5);
  expect(codes.length).toBe(2 * ends.length);
});

test('the line for logs says the same in short', () => {
  expect(renderDemoLine(demoView({}))).toBe(
    '01:15  streaming, 1,234 rows/s, lag 12 ms (p99 48 ms), 2.0 KiB behind, ' +
      'read 0/16B3748, confirmed 0/16B3700',
  );
  expect(renderDemoLine(snapshotting)).toContain('snapshot 50 %');
});
