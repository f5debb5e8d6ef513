import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../../src/cli/screen-text.ts';
import { FIRST_STATE } from '../../src/cli/status-keys.ts';
import {
  plainStatus,
  renderStatus,
  scrolledOf,
  type ScreenView,
} from '../../src/cli/status-screen.ts';
import type { WatchView } from '../../src/runtime/watch-view.ts';
import { pipelineStatus, RUNNING_SINK, RUNNING_SOURCE } from '../support/pipeline-statuses.ts';
import { ROW, screenView, shownAlerts, statusPicture } from '../support/status-pictures.ts';

const WATCH: WatchView = {
  stalls: [
    {
      cause: 'long_transaction',
      sink: null,
      table: null,
      severity: 'warning',
      title: 'pid 7 has a transaction open for 12 min',
      evidence: ['its changes come when it commits'],
      cure: 'SELECT pg_terminate_backend(7);',
    },
  ],
  retention: {
    floor: '0/1',
    heldBytes: 24 * 1024 * 1024,
    bytesPerSecond: 1024 * 1024,
    state: 'extended',
    isLost: false,
    isHeldByTransaction: true,
    budget: {
      setting: 'max_slot_wal_keep_size = 64MB',
      leftPercent: 40,
      leftBytes: 1,
      leftMs: 3 * 3_600_000,
      isEstimate: false,
    },
  },
  lookedMsAgo: 5,
  problem: null,
};

function drawn(view: ScreenView, width = 80, height = 24): readonly string[] {
  const lines = renderStatus(view, { width, height, colours: false });
  return lines.map((line) => stripVTControlCharacters(line).trimEnd());
}

const withWatch = screenView({
  picture: statusPicture({
    status: pipelineStatus({
      source: { ...RUNNING_SOURCE, snapshot: [] },
      sinks: [RUNNING_SINK],
      watch: WATCH,
    }),
  }),
});

test('all of a pipeline in 80 by 24', () => {
  const lines = drawn(withWatch);
  expect(lines.slice(0, 10)).toEqual([
    'shop ● healthy  postgres, up 60.0 s',
    'source  streaming  1,234/s  lag 3 ms, 2.0 kB behind  at 0/100',
    'sink    warehouse running  1,200/s  4 waiting  p99 90 ms',
    'log     ██░░░░░░░░░░░░░░ 1000 B of 8.8 kB  15 records',
    'kept    ██████░░░░░░░░░░ 40 % left, 3 h at 1.0 MB/s  24.0 MB kept  max_slot_wal…',
    '! long_transaction pid 7 has a transaction open for 12 min (its changes come wh…',
    '  → SELECT pg_terminate_backend(7);',
    '',
    'TABLE▼               PHASE        %   RATE/S      LAG  DEAD LAST DDL',
    'public.a             streaming           5.0        0',
  ]);
  expect(lines).toHaveLength(24);
  expect(lines.at(-1)).toBe(' q quit  s sort: name  / filter  a alerts  p pause  ? help  1 tables');
});

test('alerts stand below the tables, or have their room', () => {
  const status = pipelineStatus({
    source: { ...RUNNING_SOURCE, snapshot: [], deadLetters: 7 },
    sinks: [RUNNING_SINK],
    alerts: shownAlerts(),
  });
  const rows = Array.from({ length: 40 }, (_, at) => ({ ...ROW, table: `t_${at}` }));
  const nowMs = Date.parse('2026-11-23T12:00:00Z');
  const view = screenView({ nowMs, picture: statusPicture({ status, rows }) });
  const lines = drawn(view);
  expect(lines[0]).toBe('shop ● healthy  postgres, up 60.0 s  3 alerts');
  expect(lines[1]).toContain('7 dead letters');
  expect(lines.slice(17, 24)).toEqual([
    expect.stringMatching(/^t_11 /),
    'ALERTS: 3 hold  oncall fails  (a: all 5)',
    expect.stringMatching(/^ {3}5 min ● critical/),
    expect.stringMatching(/^ {2}50 min ● warning/),
    expect.stringMatching(/^ {2}60 min ○ warning/),
    expect.stringMatching(/^ {3}3 min · warning/),
    ' q quit  s sort: name  / filter  a alerts  p pause  ? help  40 tables',
  ]);
  const all = { ...view, state: { ...FIRST_STATE, isAlerts: true } };
  expect(drawn(all).join('\n')).toContain('→ mend it and start the daemon anew');
  expect(drawn(all).join('\n')).not.toContain('t_11');
  // To the last line and no further, as the keys move.
  const traits = { width: 80, height: 12 };
  const { count, page } = scrolledOf(all, traits);
  const end = { ...all, state: { ...all.state, top: count - page } };
  expect(drawn(end, 80, 12).at(-2)).toContain('✓ over');
  expect(drawn({ ...all, state: { ...all.state, top: 1e6 } }, 80, 12)).toEqual(drawn(end, 80, 12));
  expect(plainStatus(view, 'T')).toContain('; critical table.parked: public.orders is parked');
  expect(plainStatus(view, 'T')).not.toContain('20 % left');
});

test('a snapshot has its bar, a loss its word, a limit of age its estimate', () => {
  const source = { ...RUNNING_SOURCE, phase: 'snapshot' as const };
  const lost = { ...WATCH, stalls: [], retention: { ...WATCH.retention!, isLost: true } };
  const status = pipelineStatus({ source, watch: lost });
  const lines = drawn(screenView({ picture: statusPicture({ status }) }));
  expect(lines[1]).toMatch(/^source {2}snapshot {2}█{10}░{6} 62 % {2}10 of ~16 rows {2}1,234\/s$/);
  expect(lines[4]).toBe('kept    lost  extended');
});

test('what is wrong is red, what is well is green, and NO_COLOR has neither', () => {
  const error = { code: 'SINK_CONNECT', message: 'refused', cure: 'c' };
  const status = pipelineStatus({ healthy: false, sinks: [{ ...RUNNING_SINK, error }] });
  const view = screenView({ picture: statusPicture({ status }) });
  const coloured = renderStatus(view, { width: 80, height: 24, colours: true }).join('\n');
  expect(coloured).toContain('\u001B[31m● unhealthy');
  expect(coloured).toContain('\u001B[31mrunning, SINK_CONNECT');
  const plain = renderStatus(view, { width: 80, height: 24, colours: false }).join('\n');
  // eslint-disable-next-line no-control-regex -- codes of colours
  expect(plain).not.toMatch(/\u001B\[3\dm/);
  expect(plain).toContain('running, SINK_CONNECT');
});

describe('what is in the way of a picture', () => {
  test('no daemon: what was last known stays, with its age', () => {
    const gone = screenView({ problem: 'no daemon answers', ageMs: 90_000 });
    const lines = drawn(gone);
    expect(lines[0]).toBe('shop ● as of 90.0 s ago  postgres, up 60.0 s');
    expect(lines.at(-1)).toBe(' no daemon answers');
    expect(drawn({ ...gone, picture: null })[0]).toBe('tidemark  waits for the daemon');
  });

  test('help, a filter that is typed, a pause', () => {
    expect(drawn(screenView({ state: { ...FIRST_STATE, isHelp: true } })).join('\n')).toContain(
      'q, Ctrl-C                     quit',
    );
    const typing = { ...FIRST_STATE, filter: 'ord', filterBefore: '' };
    expect(drawn(screenView({ state: typing })).at(-1)).toBe('/ord█');
    expect(drawn(screenView({ state: typing }))).toContain('no table has ord in its name');
    expect(drawn(screenView({ state: { ...FIRST_STATE, isPaused: true } }))[0]).toContain('paused');
  });
});

test('names from a server cannot steer the terminal', () => {
  const evil = 'public.x\u001B[2J\u0007\u009B1m\u202E';
  const picture = statusPicture({ rows: [{ ...ROW, table: evil }] });
  const text = renderStatus(screenView({ picture }), { width: 80, height: 24, colours: false });
  expect(text.join('\n')).toContain('public.x·[2J··1m·');
  expect(plainStatus(screenView(), 'T')).toBe(
    'T  shop: healthy; source streaming 1,234/s lag 3 ms, 2.0 kB behind at 0/100; ' +
      'sink warehouse running 1,200/s 4 waiting p99 90 ms',
  );
});

test('any window gets exactly its lines, and none is too wide', () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ ...ROW, table: `公.表_${i}` }));
  const sinks = Array.from({ length: 9 }, (_, i) => ({ ...RUNNING_SINK, name: `sink_${i}` }));
  const status = pipelineStatus({ sinks, watch: WATCH, alerts: shownAlerts() });
  const view = screenView({ picture: statusPicture({ rows, status }) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      fc.boolean(),
      fc.nat(50),
      (width, height, isHelp, isAlerts, top) => {
        const state = { ...FIRST_STATE, isHelp, isAlerts, top };
        const lines = renderStatus({ ...view, state }, { width, height, colours: true });
        const widest = Math.max(...lines.map((line) => widthOf(stripVTControlCharacters(line))));
        return lines.length === height && widest <= width;
      },
    ),
    { seed: 20_261_123, numRuns: 300 },
  );
});
