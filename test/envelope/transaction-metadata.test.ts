import { describe, expect, test } from 'vitest';
import { inHashOrder, TransactionMetadata } from '../../src/envelope/transaction-metadata.ts';
import type { PostgresOrigin } from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';
import { binlogOrigin } from '../rowpath/encoder-harness.ts';

function at(transactionId: number | null, position: bigint, commit = 900n): PostgresOrigin {
  return {
    family: 'postgres',
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

  test('of a binlog every event has the id of the transaction, and so have both records', () => {
    const metadata = new TransactionMetadata();
    // As MySQL without GTIDs names them, and MariaDB with.
    for (const transactionId of ['file=binlog.000001,pos=154', '0-223-178']) {
      const row = binlogOrigin({ transactionId, sourceMicros: 5_000_000n });
      expect(metadata.enters(row)).toBe(true);
      const begin = metadata.begin(row);
      expect(begin.key.values).toEqual([transactionId]);
      expect(begin.value.values).toEqual(['BEGIN', transactionId, null, null, 5000n]);
      expect(metadata.block(row, 'golden.t_tx')?.values).toEqual([transactionId, 1n, 1n]);
      const second = binlogOrigin({ transactionId, pos: 999, row: 1 });
      expect(metadata.enters(second)).toBe(false);
      expect(metadata.block(row, 'golden.t_tx2')?.values).toEqual([transactionId, 2n, 1n]);
      const stored = metadata.offset();
      const later = new TransactionMetadata();
      later.restore(stored);
      expect(later.enters(row)).toBe(false);
      expect(later.block(row, 'golden.t_tx')?.values).toEqual([transactionId, 3n, 2n]);
      expect(metadata.end(row).value.values.slice(0, 3)).toEqual(['END', transactionId, 2n]);
    }
    expect(metadata.enters(binlogOrigin({ transactionId: null }))).toBe(false);
    expect(metadata.enters(binlogOrigin({ snapshot: 'true' }))).toBe(false);
  });

  test('a group of MariaDB that has no events is begun and never ended, as in the original', () => {
    const metadata = new TransactionMetadata();
    expect(metadata.enters(binlogOrigin({ transactionId: '0-223-125' }))).toBe(true);
    const next = binlogOrigin({ transactionId: '0-223-126' });
    expect(metadata.enters(next)).toBe(true);
    expect(metadata.block(next, 'golden.t')?.values).toEqual(['0-223-126', 1n, 1n]);
  });

  test('Debezium’s own offset names an open transaction of a binlog by the same id', () => {
    const metadata = new TransactionMetadata();
    metadata.restore({
      transaction_id: '0-223-178',
      'transaction_data_collection_order_golden.t': 4,
    });
    const row = binlogOrigin({ transactionId: '0-223-178' });
    expect(metadata.enters(row)).toBe(false);
    expect(metadata.block(row, 'golden.t')?.values).toEqual(['0-223-178', 5n, 5n]);
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
