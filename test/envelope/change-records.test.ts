import { describe, expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { headerText } from '../../src/converter/simple-header.ts';
import { changeToRecords, truncateToRecords } from '../../src/envelope/change-records.ts';
import { contextHeaders } from '../../src/envelope/context-headers.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import type { GoldenChange } from '../support/golden-changes.ts';
import { goldenChanges, goldenTableSchema } from '../support/golden-changes.ts';
import type { GoldenRecord } from '../support/golden-records.ts';
import { goldenTable } from '../support/golden-records.ts';

/** Connect replaced nulls by defaults when these were recorded; that is an option of ours. */
const converter = new JsonConverter({ replaceNullWithDefault: true });

function optionsOf(records: readonly GoldenRecord[]): EnvelopeOptions {
  const first = records[0] as GoldenRecord;
  const header = new Map(first.headers);
  const prefix = header.get('__debezium.context.connectorLogicalName') ?? '';
  return {
    topicPrefix: prefix,
    connector: 'postgresql',
    version: '3.6.0.Final',
    database: 'golden',
    tombstonesOnDelete: !prefix.includes('tombstones_off'),
    unavailableValuePlaceholder: '__debezium_unavailable_value',
    absentHeader: false,
    contextHeaders: contextHeaders({
      logicalName: prefix,
      connector: 'postgresql',
      taskId: '0',
      runId: header.get('__debezium.context.runId') ?? '',
    }),
  };
}

/** What our general path and JSON converter make of the change, in the golden files' shape. */
function ours(golden: GoldenChange, options: EnvelopeOptions): readonly GoldenRecord[] {
  const schemas = tableRecordSchemas(golden.change.table, options);
  const text = (value: Parameters<typeof converter.fromConnect>[1]) =>
    value !== null && typeof value === 'object' && 'schema' in value
      ? (converter.fromConnect(converter.prepared(value.schema), value)?.toString() ?? null)
      : null;
  return changeToRecords(golden.change, { ...golden, schemas, options }).map((record) => ({
    topic: record.topic,
    phase: golden.records[0]?.phase ?? 'streaming',
    headers: record.headers.map(({ name, value }) => [name, headerText(value)] as const),
    key: text(record.key),
    value: text(record.value),
  }));
}

/** The original's clock runs in ns and ticks between the records of one change. */
function withoutProcessingTime(record: GoldenRecord): GoldenRecord {
  const time = /,"ts_ms":[0-9]+,"ts_us":[0-9]+,"ts_ns":[0-9]+\}\}$/;
  return { ...record, value: record.value?.replace(time, '}}') ?? null };
}

const TABLES = [
  { table: 'public.t_pkupd', full: false },
  { table: 'public.t_cpk', full: false },
  { table: 'public.t_uq_nopk', full: true },
  { table: 'public.t_nopk_full', full: true },
  // The identity is another index than the key: the original puts zeros into the key.
  { table: 'public.t_ri_index', full: false, identity: ['code'] },
  { table: 'public.Mixed_Case', full: false },
  { table: 'public.outbox', full: false },
  { table: 'public.t_toast', full: false },
  { table: 's2.t_other', full: false },
];

describe('records of changes equal Debezium field by field', () => {
  test.each(TABLES)('$table', ({ table, full, identity }) => {
    const records = goldenTable('changes', table);
    const schema = goldenTableSchema(records[0] as GoldenRecord, identity);
    const options = optionsOf(records);
    const made = goldenChanges(schema, records, full).flatMap((change) => ours(change, options));
    expect(made.map(withoutProcessingTime)).toEqual(records.map(withoutProcessingTime));
    expect(made.length).toBeGreaterThan(1);
  });

  test('without tombstones: a change of key gives two records', () => {
    const records = goldenTable('tombstones-off', 'public.t_pkupd');
    const schema = goldenTableSchema(records[0] as GoldenRecord);
    const options = optionsOf(records);
    const made = goldenChanges(schema, records, false).flatMap((change) => ours(change, options));
    expect(made.map(withoutProcessingTime)).toEqual(records.map(withoutProcessingTime));
    expect(made.some((record) => record.value === null)).toBe(false);
  });
});

describe('what is ours', () => {
  const records = goldenTable('changes', 'public.t_toast');
  const schema = goldenTableSchema(records[0] as GoldenRecord);
  const options = { ...optionsOf(records), absentHeader: true };
  const changes = goldenChanges(schema, records, false);

  function headers(golden: GoldenChange): readonly (readonly [string, string])[] {
    return ours(golden, options)
      .flatMap((record) => record.headers)
      .filter(([name]) => name.startsWith('__tidemark.'));
  }

  test('absent values are named in a header (ruling 7)', () => {
    const update = changes.find((golden) => golden.records[0]?.value?.includes('unavailable'));
    expect(headers(update as GoldenChange)).toEqual([
      ['__tidemark.absent', '["big","bigj","bigb","biga","bign","bigh","bigia"]'],
    ]);
  });

  test('the delete at an old key says what the create at the new one lacks', () => {
    const move = changes.find((golden) => golden.records.length === 3) as GoldenChange;
    expect(move.records[2]?.value).toContain('unavailable');
    const names = headers(move).map(([name]) => name);
    expect(names).toEqual(['__tidemark.newkey.absent', '__tidemark.absent']);
  });

  test('complete records have no such header', () => {
    const complete = changes.filter((golden) =>
      golden.records.every((record) => record.value?.includes('unavailable') !== true),
    );
    expect(complete.length).toBeGreaterThan(2);
    expect(complete.flatMap(headers)).toEqual([]);
  });

  test('an absent value that the old tuple has is taken from there (golden README 10)', () => {
    const full = { ...schema, columns: schema.columns.map((c) => ({ ...c, identity: true })) };
    const move = changes.find((golden) => golden.records.length === 3) as GoldenChange;
    const old = goldenChanges(full, goldenTable('changes', 'public.t_toast'), true)[0];
    const change = { ...move.change, before: old?.change.after ?? null, beforeIsKeyOnly: false };
    const made = ours({ ...move, change }, options);
    expect(made).toHaveLength(3);
    expect(made[2]?.value).toContain('"big":"small","bigj":"{}"');
    expect(made[2]?.headers.some(([name]) => name === '__tidemark.absent')).toBe(false);
  });

  test('a key that the old tuple does not tell is named as absent', () => {
    const rows = goldenTable('changes', 'public.t_ri_index');
    const table = goldenTableSchema(rows[0] as GoldenRecord, ['code']);
    const deletion = goldenChanges(table, rows, false).at(-1) as GoldenChange;
    expect(headers(deletion)).toEqual([
      ['__tidemark.absent', '["id"]'],
      ['__tidemark.absent', '["id"]'],
    ]);
  });

  test('a truncate has neither key nor images', () => {
    const [golden] = changes;
    const made = truncateToRecords((golden as GoldenChange).change, {
      ...(golden as GoldenChange),
      schemas: tableRecordSchemas(schema, options),
      options,
    });
    expect(made).toHaveLength(1);
    expect(made[0]?.key).toBeNull();
    expect(made[0]?.value?.values.slice(0, 2)).toEqual([null, null]);
    expect(made[0]?.value?.values[4]).toBe('t');
  });
});
