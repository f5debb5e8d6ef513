import { describe, expect, test } from 'vitest';
import {
  absentFields,
  keyChanged,
  planRecords,
  unknownValue,
} from '../../src/envelope/record-plan.ts';
import type { PostgresRowChange } from '../../src/model/change-event.ts';
import type { ConnectField, ConnectSchema } from '../../src/model/connect-schema.ts';
import { lsn } from '../../src/model/lsn.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';

type Row = readonly (string | null | undefined)[];

/** Key (a, c), identity the same, and b. */
function table(identity: readonly string[] = ['a', 'c']): TableSchema {
  return {
    id: { catalog: 'd', schema: 's', table: 't' },
    version: 1,
    columns: ['a', 'b', 'c'].map((name, i) => ({
      name,
      schema: { type: 'string', optional: false },
      format: { kind: 'string' },
      // The tuple has a hole: an excluded column stands between a and b.
      tupleIndex: i === 0 ? 0 : i + 1,
      sourceType: 'text',
      identity: identity.includes(name),
    })),
    keyColumns: [2, 0],
    replicaIdentity: 'default',
  };
}

function change(
  op: PostgresRowChange['op'],
  before: Row | null,
  after: Row | null,
  more: Partial<PostgresRowChange> = {},
): PostgresRowChange {
  return {
    op,
    table: table(),
    before: before === null ? null : RowImage.of(before),
    beforeIsKeyOnly: false,
    after: after === null ? null : RowImage.of(after),
    family: 'postgres',
    lsn: lsn(1n),
    commitLsn: lsn(1n),
    previousCommitLsn: null,
    ordinal: 0,
    transactionId: 1,
    sourceMicros: 0n,
    snapshot: 'false',
    ...more,
  };
}

function plan(planned: PostgresRowChange, tombstonesOnDelete = true): string {
  return planRecords(planned, { tombstonesOnDelete })
    .map((record) => {
      const parts = `${record.before ? 'b' : '-'}${record.after ? 'a' : '-'}`;
      return `${record.op ?? 'null'} ${record.key} ${parts} ${record.keyHeader ?? ''}`.trim();
    })
    .join('; ');
}

const OLD = ['1', 'x', 'b', '2'];
const NEW = ['1', 'y', 'B', '2'];

describe('records of a change (PITFALLS C23, C25)', () => {
  test.each([
    ['insert', change('c', null, NEW), 'c after -a'],
    ['snapshot', change('r', null, NEW), 'r after -a'],
    ['update', change('u', OLD, NEW), 'u after ba'],
    ['update without old row', change('u', null, NEW), 'u after -a'],
    ['delete', change('d', OLD, null), 'd before b-; null before --'],
    [
      'change of key',
      change('u', OLD, ['9', 'y', 'B', '2']),
      'd before b- __debezium.newkey; null before -- __debezium.newkey; ' +
        'c after -a __debezium.oldkey',
    ],
  ])('%s', (_what, planned, records) => {
    expect(plan(planned)).toBe(records);
  });

  test('without tombstones', () => {
    expect(plan(change('d', OLD, null), false)).toBe('d before b-');
    expect(plan(change('u', OLD, ['9', 'y', 'B', '2']), false)).toBe(
      'd before b- __debezium.newkey; c after -a __debezium.oldkey',
    );
  });
});

describe('updates that change nothing (skip.messages.without.change)', () => {
  test.each<[string, Row | null, Row, Partial<PostgresRowChange>, number]>([
    ['no captured column changed', OLD, ['1', 'other', 'b', '2'], {}, 0],
    ['absent means unchanged', OLD, ['1', 'y', undefined, '2'], {}, 0],
    ['a captured column changed', OLD, NEW, {}, 1],
    ['the old row is not told', null, NEW, {}, 1],
    ['of the old row only the key is told', OLD, OLD, { beforeIsKeyOnly: true }, 1],
    ['the key changed', OLD, ['9', 'x', 'b', '2'], {}, 3],
  ])('%s', (_what, before, after, more, records) => {
    const planned = change('u', before, after, more);
    const options = { tombstonesOnDelete: true, skipUnchanged: true };
    expect(planRecords(planned, options)).toHaveLength(records);
    expect(planRecords(planned, { tombstonesOnDelete: true }).length).toBeGreaterThan(0);
  });
});

describe('skipped operations: a change of key counts as what it becomes', () => {
  const moved = change('u', OLD, ['9', 'y', 'B', '2']);
  test.each<[string, PostgresRowChange, string]>([
    ['c', moved, 'd null'],
    ['d', moved, 'c'],
    ['u', moved, 'd null c'],
    ['cd', moved, ''],
    ['u', change('u', OLD, NEW), ''],
    ['c', change('u', OLD, NEW), 'u'],
    ['d', change('d', OLD, null), ''],
    ['u', change('d', OLD, null), 'd null'],
    ['cud', change('r', null, NEW), 'r'],
  ])('%s', (skipped, planned, expected) => {
    const options = { tombstonesOnDelete: true, skipped: new Set(skipped) };
    expect(planRecords(planned, options).map(({ op }) => op ?? 'null')).toEqual(
      expected.split(' ').filter((op) => op !== ''),
    );
  });
});

describe('whether the key changed', () => {
  test.each<[string, Row, Row, boolean]>([
    ['same bytes', OLD, NEW, false],
    ['other bytes of one length', OLD, ['1', 'x', 'b', '3'], true],
    ['a prefix', OLD, ['1', 'x', 'b', '22'], true],
    ['a column that is no key', OLD, ['1', 'z', 'z', '2'], false],
    ['an excluded column', OLD, ['1', 'other', 'b', '2'], false],
    ['absent means unchanged', OLD, [undefined, 'x', 'b', undefined], false],
    ['null to a value', [null, 'x', 'b', '2'], NEW, true],
    ['both null', [null, 'x', 'b', '2'], [null, 'x', 'b', '2'], false],
    ['empty is not null', ['', 'x', 'b', '2'], [null, 'x', 'b', '2'], true],
  ])('%s', (_what, before, after, changed) => {
    expect(keyChanged(change('u', before, after))).toBe(changed);
  });

  test('a table without key has no key to change', () => {
    const keyless = { ...table(), keyColumns: [] };
    expect(keyChanged(change('u', OLD, ['9', 'y', 'B', '9'], { table: keyless }))).toBe(false);
  });
});

describe('absent values', () => {
  const after: Row = ['1', undefined, undefined, '2'];

  test('are named once, excluded columns are not', () => {
    expect(absentFields(change('u', null, after), 'none')).toEqual(['b']);
    expect(
      absentFields(change('u', ['1', null, null, '2'], after, { beforeIsKeyOnly: true }), 'none'),
    ).toEqual(['b']);
  });

  test('go by the names that the fields have after the adjustment', () => {
    const renamed = table();
    const columns = renamed.columns.map((column) => ({ ...column, name: `${column.name} 1` }));
    const spaced = change('u', null, after, { table: { ...renamed, columns } });
    expect(absentFields(spaced, 'avro')).toEqual(['b_1']);
    expect(absentFields(spaced, 'avro_unicode')).toEqual(['b_u00201']);
    expect(absentFields(spaced, 'none')).toEqual(['b 1']);
  });

  test('are not absent where the whole old row is there', () => {
    expect(absentFields(change('u', OLD, after), 'none')).toEqual([]);
    expect(absentFields(change('u', null, NEW), 'none')).toEqual([]);
  });
});

describe('what stands for unknown columns of a key-only old row (golden README 8)', () => {
  const required = (type: ConnectSchema['type'], more: Partial<ConnectSchema> = {}) =>
    unknownValue({ type, optional: false, ...more });

  test('null, else the default, else zero', () => {
    expect(unknownValue({ type: 'int32', optional: true, default: 5 })).toBeNull();
    expect(required('string', { default: 'x' })).toBe('x');
    expect([
      required('int16'),
      required('int64'),
      required('float64'),
      required('boolean'),
    ]).toEqual([0, 0n, 0, false]);
    expect([required('string'), required('bytes'), required('array')]).toEqual([
      '',
      Buffer.alloc(0),
      [],
    ]);
  });

  test('structs as the original makes them', () => {
    const bytes = { type: 'bytes', optional: false } as const;
    const fields = (count: number): ConnectField[] =>
      Array.from({ length: count }, (_, i) => ({ name: `f${i}`, schema: bytes }));
    const struct = (name: string, count: number): unknown =>
      required('struct', { name: `io.debezium.data.${name}`, fields: fields(count) });
    const empty = Buffer.from('010700000000000000', 'hex');
    expect(struct('VariableScaleDecimal', 2)).toMatchObject({ values: [0, Buffer.alloc(1)] });
    expect(struct('geometry.Geometry', 3)).toMatchObject({ values: [empty, null, null] });
    expect(struct('geometry.Point', 4)).toMatchObject({
      values: [0, 0, Buffer.concat([Buffer.from('0101000000', 'hex'), Buffer.alloc(16)]), null],
    });
  });

  test('by the type’s name', () => {
    const json: ConnectSchema = { type: 'string', optional: false, name: 'io.debezium.data.Json' };
    expect(unknownValue(json)).toBe('');
    expect(unknownValue(json, { kind: 'hstore', as: 'json' })).toBe('{}');
    expect(required('string', { name: 'io.debezium.time.IsoDate' })).toBe('1970-01-01Z');
    expect(required('string', { name: 'io.debezium.time.ZonedTimestamp' })).toBe(
      '1970-01-01T00:00:00Z',
    );
    expect(
      required('bytes', {
        name: 'org.apache.kafka.connect.data.Decimal',
        parameters: { scale: '2' },
      }),
    ).toEqual({ unscaled: 0n, scale: 2 });
  });
});
