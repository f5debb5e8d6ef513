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

function fetched(records: FetchedRecords['records']): FetchedRecords {
  const end = records.length;
  return { topic: 't', partition: 0, generation: 1, records, nextOffset: end, endOffset: end };
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
        // The create is there and lacks values, or the fetch was cut before it.
        for (let length = 1; length <= records.length; length++) {
          const batch = fetched(records.slice(0, length));
          expect(keyMovedTo(batch, 0, deleted.schema)?.values).toEqual(created.values);
        }
        // Neither tombstone nor create are moves of their own.
        for (let index = 1; index < records.length; index++) {
          expect(keyMovedTo(fetched(records), index, deleted.schema)).toBeNull();
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
        expect(keyMovedTo(fetched(records), 0, schema)).toBeNull();
        // Not to be seen: it may lack something, so the sink keeps the old row to be safe.
        expect(keyMovedTo(fetched(records.slice(0, 1)), 0, schema)).not.toBeNull();
      }),
    );
  });
});

test('what follows a delete without its create is somebody else: the row is kept', async () => {
  const bench = await benchFor(INTEGER, false);
  const records = moved(bench, '1', '2', undefined);
  const other = moved(bench, '3', '4', 'whole')[0];
  if (records[0] === undefined || other === undefined) throw new Error('two records');
  const { schema } = keyOf(records[0]);
  expect(keyMovedTo(fetched([records[0], other]), 0, schema)?.values).toEqual([2]);
});

test('a key whose fields a transform of the source renamed is taken in their order', async () => {
  const bench = await benchFor(INTEGER, false);
  const [record] = moved(bench, '1', '2', undefined);
  if (record === undefined) throw new Error('a record');
  const { schema } = keyOf(record);
  const renamed = { ...schema, fields: schema.fields?.map((field) => ({ ...field, name: 'pk' })) };
  const { fields = [] } = renamed;
  expect(keyMovedTo(fetched([record]), 0, { ...renamed, fields })?.values).toEqual([2]);
  const wider = [...fields, { name: 'more', schema: { type: 'string', optional: true } as const }];
  expect(keyMovedTo(fetched([record]), 0, { ...renamed, fields: wider })).toBeNull();
});

test('a plain delete, and a header that is no JSON of the key, move nothing', async () => {
  const bench = await benchFor(INTEGER, true);
  const [record] = moved(bench, '1', '2', undefined);
  if (record === undefined) throw new Error('a record');
  const { schema } = keyOf(record);
  expect(keyMovedTo(fetched([{ ...record, headers: [] }]), 0, schema)).toBeNull();
  for (const text of ['{"id":1.0E10', '[]', 'null', '{"id":"x"}']) {
    const headers = [{ name: '__debezium.newkey', value: Buffer.from(text) }];
    expect(keyMovedTo(fetched([{ ...record, headers }]), 0, schema)).toBeNull();
  }
});
