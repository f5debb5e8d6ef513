import { describe, expect, test } from 'vitest';
import type { RowChange, SchemaChange } from '../../../src/model/change-event.ts';
import { lsn } from '../../../src/model/lsn.ts';
import { RowImage } from '../../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema, TextFormat } from '../../../src/model/table-schema.ts';
import { EnumLabels, withNewLabels } from '../../../src/source/postgres/enum-labels.ts';
import { RecordingReceiver } from '../../support/recording-receiver.ts';

function tableWith(labels: readonly string[]): TableSchema {
  const schema = { type: 'string', optional: true } as const;
  const element: TextFormat = { kind: 'string', labels };
  const formats: readonly TextFormat[] = [
    { kind: 'string' },
    element,
    { kind: 'array', element, elementSchema: schema, delimiter: ',', dimensions: 1 },
  ];
  const columns = formats.map((format, i): ColumnSchema => ({
    name: `c${i}`,
    schema,
    format,
    tupleIndex: i,
    sourceType: 'mood',
    identity: i === 0,
  }));
  const id = { catalog: 'd', schema: 's', table: 't' };
  return { id, version: labels.length, columns, keyColumns: [], replicaIdentity: 'full' };
}

function insert(table: TableSchema, ...texts: readonly (string | null | undefined)[]): RowChange {
  return {
    op: 'c',
    table,
    before: null,
    beforeIsKeyOnly: false,
    after: RowImage.of(texts),
    lsn: lsn(7n),
    commitLsn: lsn(8n),
    previousCommitLsn: null,
    ordinal: 1,
    transactionId: 5,
    sourceMicros: 0n,
    snapshot: 'false',
  };
}

describe('EnumLabels', () => {
  const table = tableWith(['sad', 'so, so', 'été']);
  const labels = EnumLabels.of(table);

  test.each<[boolean, readonly (string | null | undefined)[]]>([
    [true, ['x', 'sad', '{sad,"so, so"}']],
    [true, ['x', 'été', '{}']],
    [true, ['x', null, '{NULL,été}']],
    [true, ['x', undefined, undefined]],
    [false, ['x', 'ok', null]],
    [false, ['x', 'SAD', null]],
    [false, ['x', 'sad', '{sad,ok}']],
  ])('%s for %j', (known, texts) => {
    expect(labels?.know(insert(table, ...texts))).toBe(known);
  });

  test('what is accepted is known', () => {
    const own = EnumLabels.of(table);
    const row = insert(table, 'x', 'ok', '{new}');
    expect(own?.know(row)).toBe(false);
    own?.accept(row);
    expect(own?.know(row)).toBe(true);
  });

  test('a table without enums is not looked at', () => {
    expect(EnumLabels.of({ ...table, columns: table.columns.slice(0, 1) })).toBeNull();
  });
});

describe('withNewLabels', () => {
  test('the shape comes before the row, and the row is kept meanwhile', async () => {
    const old = tableWith(['sad']);
    const next = tableWith(['sad', 'ok']);
    const receiver = new RecordingReceiver();
    const change = insert(old, 'x', 'ok', null);
    const relation = { table: next, labels: EnumLabels.of(next), watch: null };
    const relations = {
      lookup: () => relation,
      relearn: (): Promise<SchemaChange> => {
        // The buffer goes on to the next row.
        change.after?.bytes.fill(0);
        return Promise.resolve({ table: next, previous: old, lsn: lsn(7n) });
      },
    };
    await withNewLabels(relations, 1, change, receiver);
    await receiver.snapshotCompleted({ partition: {}, offset: {} });
    expect(receiver.schemas.map(({ table }) => table)).toEqual([next]);
    expect(receiver.events).toMatchObject([{ version: 2, after: { c1: 'ok' } }]);
  });

  test('a label that the catalog does not have is asked for once', async () => {
    const table = tableWith(['sad']);
    const relation = { table, labels: EnumLabels.of(table), watch: null };
    const relations = { lookup: () => relation, relearn: () => Promise.resolve(null) };
    const change = insert(table, 'x', 'renamed', null);
    await withNewLabels(relations, 1, change, new RecordingReceiver());
    expect(relation.labels?.know(change)).toBe(true);
  });
});
