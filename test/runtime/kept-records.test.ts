import { expect, test } from 'vitest';
import { ABSENT_HEADER, NEW_KEY_HEADER } from '../../src/envelope/record-plan.ts';
import { keptShape } from '../../src/evolution/kept-shape.ts';
import type { ConnectRecord } from '../../src/model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { plainValue } from '../../src/model/plain-value.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { KeptRecords, ValueMisfit } from '../../src/runtime/kept-records.ts';
import { OPTIONS } from '../rowpath/encoder-harness.ts';
import { gateRecord } from '../support/gate-life.ts';
import { schemaOf } from '../support/shape-fixtures.ts';

const INT: ConnectSchema = { type: 'int32', optional: false };
const LONG: ConnectSchema = { type: 'int64', optional: true };
const TEXT: ConnectSchema = { type: 'string', optional: true };
const HEADER: ConnectSchema = { type: 'string', optional: true };

function recordsOf(old: TableSchema, now: TableSchema): KeptRecords {
  const outcome = keptShape(old, now, null, () => true);
  if ('impossible' in outcome || outcome.shape === null) throw new Error('no other shape');
  return new KeptRecords(outcome.shape, now, OPTIONS);
}

function plain({ key, value, headers, topic }: ConnectRecord) {
  const envelope = plainValue(value.value) as { readonly after: unknown } | null;
  return {
    topic,
    key: plainValue(key.value),
    after: envelope?.after ?? null,
    headers: headers.map((header) => [header.name, plainValue(header.value)]),
  };
}

const of = (table: TableSchema, ...row: readonly ConnectValue[]) => gateRecord(table, row);

test('key, row and the names in headers are those of before', () => {
  const old = schemaOf({ id: INT, a: TEXT, n: { ...LONG, type: 'int32' } });
  const now = schemaOf({ id: INT, b: TEXT, n: LONG, x: INT });
  const renamed = recordsOf(old, schemaOf({ id: INT, b: TEXT, n: LONG }));
  const record = of(schemaOf({ id: INT, b: TEXT, n: LONG }), 1, 'v', 7n);
  const absent = { name: ABSENT_HEADER, schema: HEADER, value: '["b"]' };
  expect(plain(renamed.of({ ...record, headers: [absent] }))).toEqual({
    topic: 'shop.public.t',
    key: { id: 1 },
    after: { id: 1, a: 'v', n: 7 },
    headers: [[ABSENT_HEADER, '["a"]']],
  });
  const dropped = recordsOf(old, now);
  const gone = { name: ABSENT_HEADER, schema: HEADER, value: '["x"]' };
  expect(plain(dropped.of({ ...of(now, 2, 'w', 8n, 9), headers: [gone] }))).toMatchObject({
    after: { id: 2, a: null, n: 8 },
    headers: [],
  });
  expect(() => dropped.of(of(now, 2, 'w', 2n ** 40n, 9))).toThrow(ValueMisfit);
});

test('an old row that tells the key alone fits, whatever type the others have now', () => {
  const text: ConnectSchema = { type: 'string', optional: false };
  const records = recordsOf(schemaOf({ id: INT, v: INT }), schemaOf({ id: INT, v: text }));
  const made = of(schemaOf({ id: INT, v: text }), 1, '7');
  const before = (v: string) => {
    const { schema, value } = made.value;
    const [, row, ...rest] = (value as Struct).values;
    const old = { ...(row as Struct), values: [1, v] };
    return {
      ...made,
      value: { schema, value: { schema, values: [old, null, ...rest] } as Struct },
    };
  };
  // What stands for a value that nobody told: as a text, and as a number (PITFALLS P3).
  expect(plainValue(records.of(before('')).value.value)).toMatchObject({ before: { id: 1, v: 0 } });
  expect(() => records.of(before('x'))).toThrow(ValueMisfit);
  expect(() => records.of(of(schemaOf({ id: INT, v: text }), 1, ''))).toThrow(ValueMisfit);
});

test('schemas are the same objects for all records, so that nothing is made for each', () => {
  const old = schemaOf({ id: INT, a: TEXT });
  const now = schemaOf({ id: INT });
  const records = recordsOf(old, now);
  const [one, other] = [records.of(of(now, 1)), records.of(of(now, 2))];
  expect(one.value.schema).toBe(other.value.schema);
  expect(one.key.schema).toBe(other.key.schema);
});

test('a key that is of two columns now is that of one, with its tombstone and new key', () => {
  const identity = { replicaIdentity: 'full' } as const;
  const old = { ...schemaOf({ id: INT, a: INT }), ...identity };
  const now = { ...schemaOf({ id: INT, a: INT }), keyColumns: [1], ...identity };
  const records = recordsOf(old, now);
  const made = of(now, 1, 9);
  expect(plain(records.of(made)).key).toEqual({ id: 1 });
  const tombstone = { ...made, value: { schema: null, value: null } };
  expect(plain(records.of(tombstone))).toMatchObject({ key: { id: 1 }, after: null });
  const moved = { name: NEW_KEY_HEADER, schema: made.key.schema, value: made.key.value };
  // The header tells the new key alone, and nobody knows the old one's column there.
  expect(() => records.of({ ...made, headers: [moved] })).toThrow(ValueMisfit);
  const wide = { ...schemaOf({ id: INT, a: INT, b: LONG }), ...identity };
  const other = recordsOf(old, { ...wide, keyColumns: [0] });
  const row = of(wide, 3, 4, 5n);
  const told = { name: NEW_KEY_HEADER, schema: row.key.schema, value: row.key.value };
  expect(plain(other.of({ ...row, headers: [told] })).headers).toEqual([
    [NEW_KEY_HEADER, { id: 3 }],
  ]);
});

test('a value that nobody knows does not stop the table', () => {
  const old = schemaOf({ id: INT, n: { ...INT, optional: true } });
  const now = schemaOf({ id: INT, n: TEXT });
  const records = recordsOf(old, now);
  const record = of(now, 1, '__debezium_unavailable_value');
  const absent = { name: ABSENT_HEADER, schema: HEADER, value: '["n"]' };
  expect(() => records.of(record)).toThrow('n cannot be written');
  expect(plain(records.of({ ...record, headers: [absent] }))).toMatchObject({
    after: { id: 1, n: null },
    headers: [[ABSENT_HEADER, '["n"]']],
  });
});

/*
 * Found by the lives of `gate-lives`: the key of a truncate was looked for in its row, and a table
 * in its old shape waited before it, for a value that nobody could write.
 */
test('a truncate is of no row, and goes out in the old shape, too', () => {
  const old = schemaOf({ id: INT, a: TEXT });
  const now = schemaOf({ id: INT });
  const { key, value } = recordsOf(old, now).of(gateRecord(now, null));
  expect([key, plainValue(value.value)]).toEqual([
    { schema: null, value: null },
    expect.objectContaining({ op: 't', before: null, after: null }),
  ]);
});
