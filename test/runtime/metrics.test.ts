import { expect, test } from 'vitest';
import { METRICS_CONTENT_TYPE, renderMetrics } from '../../src/runtime/metrics.ts';
import { pipelineStatus, RUNNING_SINK, RUNNING_SOURCE } from '../support/pipeline-statuses.ts';

/** Samples of a scrape: `name{labels}` → value. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

const streaming = (name: string): string =>
  `${name}{plugin="postgres",name="shop",context="streaming"}`;
const snapshot = (name: string): string =>
  `${name}{plugin="postgres",name="shop",context="snapshot"}`;

const scanned = (table: string): string =>
  snapshot('debezium_metrics_RowsScanned').replace('}', `,table="${table}"}`);

test("a scrape has Debezium's names and labels, and ours beside them", async () => {
  const found = samples(await renderMetrics(pipelineStatus()));
  expect(Object.fromEntries(found)).toEqual({
    [streaming('debezium_metrics_Connected')]: 1,
    [streaming('debezium_metrics_MilliSecondsBehindSource')]: 3,
    ...Object.fromEntries(
      Object.entries({ Minimum: 1, Maximum: 9, Average: 2.5, P50: 2, P95: 7, P99: 8 }).map(
        ([name, ms]) => [streaming(`debezium_metrics_MilliSecondsBehindSource${name}`), ms],
      ),
    ),
    [streaming('debezium_metrics_TotalNumberOfEventsSeen')]: 10,
    [snapshot('debezium_metrics_TotalNumberOfEventsSeen')]: 2,
    [streaming('debezium_metrics_TotalNumberOfCreateEventsSeen')]: 3,
    [streaming('debezium_metrics_TotalNumberOfUpdateEventsSeen')]: 4,
    [streaming('debezium_metrics_TotalNumberOfDeleteEventsSeen')]: 1,
    [streaming('debezium_metrics_MilliSecondsSinceLastEvent')]: 50,
    [streaming('debezium_metrics_NumberOfCommittedTransactions')]: 4,
    [snapshot('debezium_metrics_SnapshotRunning')]: 0,
    [snapshot('debezium_metrics_SnapshotCompleted')]: 1,
    [snapshot('debezium_metrics_TotalTableCount')]: 2,
    [snapshot('debezium_metrics_RemainingTableCount')]: 1,
    [snapshot('debezium_metrics_SnapshotAborted')]: 0,
    [snapshot('debezium_metrics_SnapshotDurationInSeconds')]: 1.5,
    [scanned('public.a')]: 7,
    [scanned('public.b')]: 3,
    [streaming('tidemark_source_lag_bytes')]: 2048,
    [streaming('tidemark_records_published_total')]: 15,
    [streaming('tidemark_store_bytes_used')]: 1000,
    [streaming('tidemark_store_bytes_limit')]: 9000,
    [streaming('tidemark_store_bytes_reusable')]: 100,
    [streaming('tidemark_store_oldest_reader_milliseconds')]: 6,
    [streaming('tidemark_healthy')]: 1,
    'tidemark_sink_applied_total{name="shop",sink="warehouse"}': 11,
    'tidemark_sink_lag_records{name="shop",sink="warehouse"}': 4,
    'tidemark_sink_lag_milliseconds_p99{name="shop",sink="warehouse"}': 90,
    'tidemark_sink_parked_tables{name="shop",sink="warehouse"}': 0,
    'tidemark_sink_running{name="shop",sink="warehouse"}': 1,
  });
});

test('what is not known is not there, rather than zero', async () => {
  const unknown = pipelineStatus({
    healthy: false,
    source: { ...RUNNING_SOURCE, connected: false, lagMs: null, lagBytes: null, phase: 'snapshot' },
    sinks: [
      { ...RUNNING_SINK, state: 'failed', lagMsP99: null },
      { ...RUNNING_SINK, name: 'other' },
    ],
  });
  const found = samples(await renderMetrics(unknown));
  expect(found.has(streaming('tidemark_source_lag_bytes'))).toBe(false);
  expect(found.has(streaming('debezium_metrics_MilliSecondsBehindSource'))).toBe(false);
  expect(found.get(streaming('debezium_metrics_Connected'))).toBe(0);
  expect(found.get(snapshot('debezium_metrics_SnapshotRunning'))).toBe(1);
  expect(found.get(streaming('tidemark_healthy'))).toBe(0);
  const p99 = [...found.keys()].filter((name) => name.includes('p99'));
  expect(p99).toEqual(['tidemark_sink_lag_milliseconds_p99{name="shop",sink="other"}']);
  expect(found.get('tidemark_sink_running{name="shop",sink="warehouse"}')).toBe(0);
});

test('a name with quotes is escaped, and the type says which format it is', async () => {
  const text = await renderMetrics(pipelineStatus({ name: 'a"b' }));
  expect(text).toContain('name="a\\"b"');
  expect(METRICS_CONTENT_TYPE).toMatch(/^text\/plain; version=0\.0\.4/);
});

test('custom.metric.tags are labels of every sample', async () => {
  const plain = samples(await renderMetrics(pipelineStatus()));
  const tagged = samples(await renderMetrics(pipelineStatus(), { team: 'shop', stage: 'a"b' }));
  const expected = [...plain].map(
    ([name, value]) => [name.replace('}', ',team="shop",stage="a\\"b"}'), value] as const,
  );
  expect(Object.fromEntries(tagged)).toEqual(Object.fromEntries(expected));
});

test('a source of binlogs has the metrics of its connector, under its plug-in', async () => {
  const status = pipelineStatus({
    family: 'mariadb',
    source: {
      ...RUNNING_SOURCE,
      receivedLsn: 'odd:name.000003:4711',
      binlog: {
        gtids: '0-1-5',
        gtidMode: true,
        disconnects: 2,
        recoveredStatements: 4,
        appliedStatements: 1,
        recoveryBeganAtMs: 1000,
        sinceRecoveredMs: 30,
        sinceAppliedMs: null,
      },
    },
  });
  const found = samples(await renderMetrics(status));
  const of = (name: string, context: string, more = ''): number | undefined =>
    found.get(`debezium_metrics_${name}{plugin="mariadb",name="shop",context="${context}"${more}}`);
  expect(of('Connected', 'streaming')).toBe(1);
  expect(of('BinlogPosition', 'streaming')).toBe(4711);
  expect(of('BinlogFilename', 'streaming', ',filename="odd:name.000003"')).toBe(1);
  expect(of('IsGtidModeEnabled', 'streaming')).toBe(1);
  expect(of('NumberOfDisconnects', 'streaming')).toBe(2);
  expect(of('NumberOfSkippedEvents', 'streaming')).toBe(0);
  expect(of('NumberOfLargeTransactions', 'streaming')).toBe(0);
  expect(of('ChangesRecovered', 'schema-history')).toBe(4);
  expect(of('ChangesApplied', 'schema-history')).toBe(1);
  expect(of('RecoveryStartTime', 'schema-history')).toBe(1000);
  expect(of('MilliSecondsSinceLastRecoveredChange', 'schema-history')).toBe(30);
  expect(of('MilliSecondsSinceLastAppliedChange', 'schema-history')).toBeUndefined();
  expect([...found.keys()].filter((key) => key.includes('plugin="postgres"'))).toEqual([]);
});
