import { describe, expect, test } from 'vitest';
import type { PostgresRowChange } from '../../../../src/model/change-event.ts';
import { lsn } from '../../../../src/model/lsn.ts';
import { RowImage } from '../../../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema, TextFormat } from '../../../../src/model/table-schema.ts';
import { EnumLabels } from '../../../../src/source/postgres/stream/enum-labels.ts';

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

function insert(
  table: TableSchema,
  ...texts: readonly (string | null | undefined)[]
): PostgresRowChange {
  return {
    op: 'c',
    table,
    before: null,
    beforeIsKeyOnly: false,
    after: RowImage.of(texts),
    family: 'postgres',
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
