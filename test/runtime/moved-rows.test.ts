import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isStruct, type Struct } from '../../src/model/connect-schema.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { keyMovedTo } from '../../src/runtime/moved-rows.ts';
import type { FetchedRecords } from '../../src/transport/transport.ts';
import { benchOf, OPTIONS, WIRES, type Bench, type Wire } from '../rowpath/encoder-harness.ts';
import {
  BYTEA,
  type ColumnKind,
  DECIMAL_10_2,
  INTEGER,
  keyedTable,
  rowChange,
  TEXT,
  UUID,
} from '../support/keyed-table.ts';

const JSON_WIRE = WIRES[0] as Wire;
const converter = new JsonConverter();

async function benchFor(key: ColumnKind, tombstonesOnDelete: boolean): Promise<Bench> {
  return await benchOf(keyedTable(key), JSON_WIRE, { ...OPTIONS, tombstonesOnDelete });
}

/** The records of `UPDATE orders SET id = to WHERE id = from`, as a consumer would fetch them. */
function moved(
  bench: Bench,
  from: string,
  to: string,
  note: string | undefined,
): FetchedRecords['records'] {
  const { table } = bench.context;
  const change = rowChange(table, 'u', [from, null], [to, note], { beforeIsKeyOnly: true });
  return bench.compiled(change).map(({ key, value, headers }, offset) => ({
    offset,
    sequence: offset,
    timestampMs: 0,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: headers.map(([name, text]) => ({ name, value: Buffer.from(text) })),
  }));
}

function keyOf(record: FetchedRecords['records'][number] | undefined): Struct {
  const key = converter.toConnect('t', record?.key ?? null);
  if (key === null || key instanceof Promise || !isStruct(key)) throw new Error('no key');
  return key;
}

const KINDS: readonly (readonly [string, ColumnKind, fc.Arbitrary<string>])[] = [
  ['int', INTEGER, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String)],
  ['text', TEXT, fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'))],
  ['uuid', UUID, fc.uuid()],
  [
    'numeric',
    DECIMAL_10_2,
    fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((n) => (n / 100).toFixed(2)),
  ],
  ['bytea', BYTEA, fc.uint8Array().map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`)],
];

describe.each(KINDS)('a row whose %s key changes', (_, kind, keys) => {
  test.each([true, false])('tombstones %s: the delete names the new key', async (tombstones) => {
    const bench = await benchFor(kind, tombstones);
    const pairs = fc.tuple(keys, keys).filter(([from, to]) => from !== to);
    fc.assert(
      fc.property(pairs, ([from, to]) => {
        const records = moved(bench, from, to, undefined);
        expect(records).toHaveLength(tombstones ? 3 : 2);
        const deleted = keyOf(records[0]);
        const created = keyOf(records.at(-1));
        const [deletion] = records;
        expect(deletion && keyMovedTo(deletion, deleted.schema)?.values).toEqual(created.values);
        // Neither tombstone nor create are moves of their own.
        for (const record of records.slice(1)) {
          expect(keyMovedTo(record, deleted.schema)).toBeNull();
        }
      }),
    );
  });

  test.each([true, false])('tombstones %s: a whole create is no move', async (tombstones) => {
    const bench = await benchFor(kind, tombstones);
    fc.assert(
      fc.property(fc.uniqueArray(keys, { minLength: 2, maxLength: 2 }), ([from, to]) => {
        const records = moved(bench, from as string, to as string, 'all of it');
        const { schema } = keyOf(records[0]);
        for (const record of records) expect(keyMovedTo(record, schema)).toBeNull();
      }),
    );
  });
});

test('a key whose fields a transform of the source renamed is taken in their order', async () => {
  const bench = await benchFor(INTEGER, false);
  const [record] = moved(bench, '1', '2', undefined);
  if (record === undefined) throw new Error('a record');
  const { schema } = keyOf(record);
  const renamed = { ...schema, fields: schema.fields?.map((field) => ({ ...field, name: 'pk' })) };
  const { fields = [] } = renamed;
  expect(keyMovedTo(record, { ...renamed, fields })?.values).toEqual([2]);
  const wider = [...fields, { name: 'more', schema: { type: 'string', optional: true } as const }];
  expect(keyMovedTo(record, { ...renamed, fields: wider })).toBeNull();
});

test('a plain delete, and a header that is no JSON of the key, move nothing', async () => {
  const bench = await benchFor(INTEGER, true);
  const [record] = moved(bench, '1', '2', undefined);
  if (record === undefined) throw new Error('a record');
  const { schema } = keyOf(record);
  expect(keyMovedTo({ ...record, headers: [] }, schema)).toBeNull();
  for (const text of ['{"id":1.0E10', '[]', 'null', '{"id":"x"}']) {
    const headers = record.headers.map((header) =>
      header.name === '__debezium.newkey' ? { ...header, value: Buffer.from(text) } : header,
    );
    expect(keyMovedTo({ ...record, headers }, schema)).toBeNull();
  }
});
