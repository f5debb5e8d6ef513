import { describe, expect, test } from 'vitest';
import { inHashOrder, TransactionMetadata } from '../../src/envelope/transaction-metadata.ts';
import type { ChangeOrigin } from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';

function at(transactionId: number | null, position: bigint, commit = 900n): ChangeOrigin {
  return {
    lsn: lsn(position),
    commitLsn: lsn(commit),
    previousCommitLsn: null,
    ordinal: 0,
    transactionId,
    sourceMicros: 5_000_000n,
    snapshot: 'false',
  };
}

describe('transaction metadata', () => {
  test('counts events over all tables and for each, and tells the counts at the end', () => {
    const metadata = new TransactionMetadata();
    expect(metadata.enters(at(7, 100n))).toBe(true);
    expect(metadata.begin(at(7, 100n)).value.values).toEqual(['BEGIN', '7:100', null, null, 5000n]);
    const counts = [
      ['public.a', 100n],
      ['public.b', 110n],
      ['public.a', 120n],
    ] as const;
    const blocks = counts.map(([table, position]) => metadata.block(at(7, position), table));
    expect(blocks.map((block) => block?.values)).toEqual([
      ['7:100', 1n, 1n],
      ['7:110', 2n, 1n],
      ['7:120', 3n, 2n],
    ]);
    expect(metadata.enters(at(7, 120n))).toBe(false);
    const { key, value } = metadata.end(at(7, 120n));
    expect(key.values).toEqual(['7:900']);
    expect(value.values.slice(0, 3)).toEqual(['END', '7:900', 3n]);
    const collections = value.values[3] as readonly { readonly values: readonly unknown[] }[];
    expect(collections.map(({ values }) => values)).toEqual([
      ['public.a', 2n],
      ['public.b', 1n],
    ]);
    expect(metadata.offset()).toEqual({});
  });

  test('rows of a snapshot belong to no transaction', () => {
    const metadata = new TransactionMetadata();
    expect(metadata.enters(at(null, 1n))).toBe(false);
    expect(metadata.block(at(null, 1n), 'public.a')).toBeNull();
    metadata.enters(at(7, 1n));
    expect(metadata.enters({ ...at(8, 2n), snapshot: 'incremental' })).toBe(false);
    expect(metadata.block({ ...at(7, 2n), snapshot: 'true' }, 'public.a')).toBeNull();
  });

  test('the same transaction id again, much later, is another transaction', () => {
    const metadata = new TransactionMetadata();
    metadata.enters(at(7, 100n));
    expect(metadata.enters(at(7, 2_000n, 3_000n))).toBe(true);
  });

  test('counts go on where a half-published transaction was cut by a crash', () => {
    const before = new TransactionMetadata();
    before.enters(at(7, 100n));
    before.block(at(7, 100n), 'public.a');
    before.block(at(7, 110n), 'public.b');
    const after = new TransactionMetadata();
    after.restore(before.offset());
    expect(after.enters(at(7, 120n))).toBe(false);
    expect(after.block(at(7, 120n), 'public.a')?.values).toEqual(['7:120', 3n, 2n]);
    after.restore({});
    expect(after.enters(at(7, 120n))).toBe(true);
  });

  test("counts go on where Debezium's stopped, in the same transaction only", () => {
    const stored = { transaction_id: '7', 'transaction_data_collection_order_public.a': 3 };
    const after = new TransactionMetadata();
    after.restore(stored);
    expect(after.enters(at(7, 120n))).toBe(false);
    expect(after.block(at(7, 120n), 'public.a')?.values).toEqual(['7:120', 4n, 4n]);
    expect(after.enters(at(7, 220n, 300n))).toBe(true);
    after.restore(stored);
    expect(after.enters(at(8, 120n))).toBe(true);
  });
});

test('collections stand in the order of a Java HashMap, as recorded', () => {
  expect(inHashOrder(['public.t_tx', 'public.t_tx2'])).toEqual(['public.t_tx2', 'public.t_tx']);
  expect(inHashOrder(['public.t_part_us', 'public.t_part_eu'])).toEqual([
    'public.t_part_eu',
    'public.t_part_us',
  ]);
});
