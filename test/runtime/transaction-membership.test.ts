import { describe, expect, test } from 'vitest';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import {
  isChange,
  membershipOf,
  transactionKey,
  transactionMark,
} from '../../src/runtime/transaction-membership.ts';
import { TRANSACTION_VALUE_SCHEMA } from '../../src/envelope/transaction-metadata.ts';
import { TRANSACTION_SCHEMA } from '../../src/envelope/source-block.ts';

const ENVELOPE: ConnectSchema = {
  type: 'struct',
  optional: false,
  fields: [
    { name: 'op', schema: { type: 'string', optional: false } },
    { name: 'transaction', schema: { ...TRANSACTION_SCHEMA, optional: true } },
  ],
};

function envelope(op: string, block: readonly ConnectValue[] | null): Struct {
  const transaction = block === null ? null : { schema: TRANSACTION_SCHEMA, values: block };
  return { schema: ENVELOPE, values: [op, transaction] };
}

describe('the block of an event', () => {
  test('tells its transaction and its number there', () => {
    expect(membershipOf(envelope('u', ['745:24023128', 3n, 1n]))).toEqual({
      transaction: '745',
      order: 3,
      isRow: true,
    });
    expect(membershipOf(envelope('m', ['745:24023129', 4n, 1n]))?.isRow).toBe(false);
  });

  test('rows of a snapshot, tombstones and heartbeats have none', () => {
    expect(membershipOf(envelope('r', null))).toBeNull();
    expect(membershipOf(null)).toBeNull();
    const schema = { type: 'struct', optional: false, fields: [] } as const;
    expect(membershipOf({ schema, values: [] })).toBeNull();
  });

  test('a change without it is told from what has no transaction', () => {
    expect(['c', 'u', 'd', 't', 'r', 'm'].filter((op) => isChange(envelope(op, null)))).toEqual([
      'c',
      'u',
      'd',
      't',
    ]);
    expect(isChange(null)).toBe(false);
  });
});

test.each([
  ['745:24023128', '745'],
  ['3e11fa47-71ca-11e1-9e33-c80aa9429562:23', '3e11fa47-71ca-11e1-9e33-c80aa9429562:23'],
  ['0-1-23', '0-1-23'],
  ['file=mysql-bin.000003,pos=154', 'file=mysql-bin.000003,pos=154'],
])('%s is the transaction %s', (id, key) => {
  expect(transactionKey(id)).toBe(key);
});

test('an END says how many events each collection has', () => {
  const item = TRANSACTION_VALUE_SCHEMA.fields?.find(({ name }) => name === 'data_collections')
    ?.schema.valueSchema as ConnectSchema;
  const collections = [
    { schema: item, values: ['s.a', 2n] },
    { schema: item, values: ['s.b', 1n] },
  ];
  const end = { schema: TRANSACTION_VALUE_SCHEMA, values: ['END', '745:9', 3n, collections, 0n] };
  expect(transactionMark(end)).toEqual({
    status: 'END',
    id: '745:9',
    transaction: '745',
    collections: [
      { name: 's.a', events: 2 },
      { name: 's.b', events: 1 },
    ],
  });
  // A binlog that was reset has the same places again, at other times.
  const place = 'file=mysql-bin.000001,pos=4';
  const ids = [7n, 8n, 0n].map((time) => {
    const values = ['END', place, 0n, [], time];
    return transactionMark({ schema: TRANSACTION_VALUE_SCHEMA, values })?.id;
  });
  expect(ids).toEqual([`${place}@7`, `${place}@8`, null]);
  const begin = { schema: TRANSACTION_VALUE_SCHEMA, values: ['BEGIN', '745:7', null, null, 0n] };
  expect(transactionMark(begin)?.collections).toEqual([]);
  expect(transactionMark(envelope('u', null))).toBeNull();
});
