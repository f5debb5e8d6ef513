import { expect, onTestFinished, test } from 'vitest';
import type { ConnectValue } from '../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { openSearchClient } from '../../src/sink/search/open-search-client.ts';
import {
  SEARCH_SINK_DEFAULTS,
  type SearchSinkOptions,
} from '../../src/sink/search/search-sink-options.ts';
import { SearchTargetTable } from '../../src/verify/search-target-table.ts';
import type { KeyDifference } from '../../src/verify/verify-ports.ts';
import { searchConnection } from '../support/search-connection.ts';
import { placed, searchSinkInto } from '../support/search-sink.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';
import { named, namedTopic } from '../support/search-topics.ts';
import { column, SinkTopic } from '../support/sink-records.ts';

const search = await sharedSearch();
const never = new AbortController().signal;

const COLUMNS = [
  column('id', 'bigint', { type: 'int64', optional: false }),
  column('day', 'date', {
    type: 'int32',
    name: 'io.debezium.time.Date',
    version: 1,
    optional: false,
  }),
  column('amount', 'numeric(30,2)', {
    type: 'bytes',
    name: 'org.apache.kafka.connect.data.Decimal',
    version: 1,
    parameters: { scale: '2' },
  }),
  column('ratio', 'double precision', { type: 'float64' }),
  column('doc', 'jsonb', { type: 'string', name: 'io.debezium.data.Json', version: 1 }),
  column('place', 'vector(3)', {
    type: 'array',
    name: 'io.debezium.data.DoubleVector',
    version: 1,
    valueSchema: { type: 'float64', optional: false },
    parameters: { '__debezium.source.column.type': 'vector(3)' },
  }),
];

function valuesOf(id: number) {
  return {
    id: BigInt(id),
    day: 20_000 + id,
    amount: { unscaled: 9_007_199_254_740_993_000n + BigInt(id), scale: 2 },
    ratio: id / 3,
    doc: `{"b": ${id}, "a": [1.10, 9007199254740993]}`,
    place: [id / 7, 0.1, -2],
  };
}

/** Texts of the source as its rows are read. */
function valueOf(field: string, text: string): ConnectValue | undefined {
  if (field === 'day') {
    const days = Date.parse(`${text}T00:00:00Z`) / 86_400_000;
    return Number.isInteger(days) ? days : undefined;
  }
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

async function tableFor(
  sample: SinkRecord,
  options: Partial<SearchSinkOptions> = {},
): Promise<SearchTargetTable> {
  const client = await openSearchClient(searchConnection(search.url), never);
  onTestFinished(() => client[Symbol.asyncDispose]());
  const all = { ...SEARCH_SINK_DEFAULTS, name: 'search', ...options };
  const applied = () => Promise.resolve(new Map([[0, 1]]));
  return SearchTargetTable.open({ client, options: all, valueOf, applied }, sample, never);
}

function shown(found: readonly KeyDifference[]): string[] {
  return found
    .map(({ kind, key, columns, owner = '' }) => {
      const names = columns.map(({ name }) => name).join(',');
      return `${kind} ${key.join('/')} ${names}${owner}`.trimEnd();
    })
    .toSorted();
}

async function compareAll(
  table: SearchTargetTable,
  rows: readonly SinkRecord[],
): Promise<readonly string[]> {
  await table.begin();
  const half = Math.floor(rows.length / 2);
  const found: KeyDifference[] = [];
  const chunks = [rows.slice(0, half), rows.slice(half)];
  for (const [i, chunk] of chunks.entries()) {
    found.push(...(await table.compare(chunk, { kind: 'next', isLast: i === 1 }, never)));
  }
  for await (const some of table.rest(never)) found.push(...some);
  return shown(found);
}

test('documents are equal as the sink wrote them; what is damaged is named', async () => {
  const topic = new SinkTopic({ table: 'checked', columns: COLUMNS, key: ['id', 'day'] });
  const index = topic.topic.toLowerCase();
  const rows = Array.from({ length: 40 }, (_, i) => topic.read(valuesOf(i + 1)));
  const sink = searchSinkInto(search);
  await sink.put(...rows.map(placed));
  const table = await tableFor(rows[0] as SinkRecord);
  expect([table.name, table.keyFields]).toEqual([index, ['id', 'day']]);
  expect(await compareAll(table, rows)).toEqual([]);
  // Elasticsearch keeps vectors apart: a row without one keeps the one that it has (S4).
  const unchanged = { ...valuesOf(11), ratio: 1 };
  await sink.put(placed(topic.update(unchanged, null, ['place'])));
  rows[10] = topic.read(unchanged);
  expect(await compareAll(table, rows)).toEqual([]);
  const document = (id: string): string => `/${index}/_doc/${encodeURIComponent(id)}?refresh=true`;
  const stored = await askSearch(
    search,
    'GET',
    `/${index}/_doc/${encodeURIComponent('[3,20003]')}`,
  );
  const { _source: third } = stored.body as { readonly _source: object };
  // A digit that no double has, as JavaScript reads it; and a field that no row has.
  await askSearch(search, 'PUT', document('[3,20003]'), {
    ...third,
    amount: '90071992547409930.04',
    added: 1,
    place: [3 / 7, 0.1, -2],
  });
  await askSearch(search, 'DELETE', document('[40,20040]'));
  await askSearch(search, 'PUT', document('[-5,19000]'), { id: 1 });
  await askSearch(search, 'PUT', document('strange'), {});
  await askSearch(search, 'PUT', document(`sha256:${'0'.repeat(64)}`), {
    id: 7,
    day: '2020-01-01',
  });
  const damaged = [
    'different 3/2024-10-07 amount,doc',
    'missing 40/2024-11-13',
    'surplus -5/2022-01-08',
    `surplus sha256:${'0'.repeat(64)}/ unknown`,
    'surplus strange/ none',
  ];
  expect(await compareAll(table, rows)).toEqual(damaged);
  const keys = [
    ['3', '2024-10-07'],
    ['-5', '2022-01-08'],
    ['40', '2024-11-13'],
    ['9', '2024-10-13'],
  ];
  const looked = [2, 8, 39].map((i) => rows[i] as SinkRecord);
  expect(shown(await table.compare(looked, { kind: 'keys', keys }, never))).toEqual([
    'different 3/2024-10-07 amount,doc',
    'missing 40/2024-11-13',
    'surplus -5/2022-01-08',
  ]);
  const key = (id: number) => ({ id: BigInt(id), day: 20_000 + id });
  const moved = { ...topic.delete(key(9)), movedTo: topic.tombstone(key(10)).key };
  const changes = [moved as SinkRecord, topic.insert(valuesOf(77)), topic.tombstone(key(40))];
  expect((await table.keysOf(changes))?.map((texts) => texts[0])).toEqual(['9', '10', '77', '40']);
  expect(await table.keysOf([topic.truncate()])).toBeNull();
});

test('routed documents, and those whose rows are marked as deleted', async () => {
  const { topic, index } = namedTopic('routed');
  const options = { deleteMode: 'soft', routing: { kind: 'value', path: ['name'] } } as const;
  const rows = ['a', 'b', 'c', 'd', 'e'].map((name, i) => topic.read(named(i + 1, name)));
  const sink = searchSinkInto(search, { ...options, shards: 3 });
  await sink.put(...rows.map(placed));
  await sink.put(placed(topic.delete(named(5, 'e'))));
  const table = await tableFor(rows[0] as SinkRecord, options);
  expect(await compareAll(table, rows.slice(0, 4))).toEqual([]);
  const place = `/${index}/_doc/9?routing=z&refresh=true`;
  await askSearch(search, 'PUT', place, { id: 9, name: 'z' });
  expect(await compareAll(table, rows.slice(0, 4))).toEqual(['surplus 9']);
  const look = { kind: 'keys', keys: [['9'], ['5']] } as const;
  expect(shown(await table.compare([], look, never))).toEqual(['surplus 9']);
});

test('what documents do not tell is refused, with the reason', async () => {
  const { topic } = namedTopic('unfit');
  const record = topic.read(named(1, 'a'));
  const refusal = (options: Partial<SearchSinkOptions>): Promise<string> =>
    tableFor(record, options).then(
      () => 'it is compared',
      (error: unknown) => (error as Error).message,
    );
  expect(await refusal({})).toContain('does not exist');
  await searchSinkInto(search).put(placed(record));
  expect(await refusal({})).toBe('it is compared');
  expect(await refusal({ keyIgnored: true })).toContain('key.ignore');
  expect(await refusal({ dataStream: { timestampFields: [] } })).toContain('data stream');
  expect(await refusal({ pipeline: 'enrich' })).toContain('ingest pipeline (enrich)');
  expect(await refusal({ indexFormat: '${topic}-${timestamp.yyyy}' })).toContain('by time');
  const shared = { indexOfTopic: new Map([[topic.topic, 'unfit-shared']]) };
  const { topic: other } = namedTopic('unfit-other');
  await searchSinkInto(search, shared).put(placed(record));
  const second = { indexOfTopic: new Map([[other.topic, 'unfit-shared']]) };
  await searchSinkInto(search, second).put(placed(other.read(named(2, 'b'))));
  expect(await refusal(shared)).toContain('several topics');
  const names = { indexOfTopic: new Map([[topic.topic, 'unfit-changed']]) };
  await askSearch(search, 'PUT', '/unfit-changed', {
    settings: { 'index.final_pipeline': 'stamp' },
  });
  expect(await refusal(names)).toContain('ingest pipeline (stamp)');
  const without = { indexOfTopic: new Map([[topic.topic, 'unfit-source']]) };
  await askSearch(search, 'PUT', '/unfit-source', {
    mappings: { _source: { excludes: ['name'] } },
  });
  expect(await refusal(without)).toContain('_source');
  // Another index is about to take its place, and gets the changes: nothing is said from then on.
  const table = await tableFor(record);
  const { index } = namedTopic('unfit');
  await askSearch(search, 'PUT', `/${index}/_mapping`, {
    _meta: { tidemark: { generations: {}, versions: 'position', next: `${index}-2` } },
  });
  const look = { kind: 'keys', keys: [['1']] } as const;
  expect(await table.compare([record], look, never)).toEqual([]);
  const changed = topic.read(named(1, 'b'));
  await expect(table.compare([changed], look, never)).rejects.toThrow('replaced by a new index');
  expect(await refusal({})).toContain('replaced by a new index');
});
