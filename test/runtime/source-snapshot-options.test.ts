import { expect, test } from 'vitest';
import { POSTGRES_OPTIONS, POSTGRES_RULES } from '../../src/config/postgres-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { snapshotOptionsOf, tablesOf } from '../../src/runtime/source-snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../src/source/postgres/snapshot-options.ts';

function resolve(input: Record<string, string>): Parameters<typeof snapshotOptionsOf>[0] {
  const required = {
    'connector.class': 'postgres',
    'database.hostname': 'h',
    'database.dbname': 'd',
    'database.user': 'u',
    'topic.prefix': 'shop',
  };
  const context = {
    where: 's',
    rules: POSTGRES_RULES,
    providers: { environment: {}, folder: '/' },
  };
  return examineOptions(POSTGRES_OPTIONS, { ...required, ...input }, context).options;
}

test('without properties the defaults hold', () => {
  expect(snapshotOptionsOf(resolve({}))).toEqual(DEFAULT_SNAPSHOT_OPTIONS);
  expect(tablesOf(resolve({}))).toEqual([]);
});

test('a signal table outside of the lists is captured for its signals only', () => {
  const outside = resolve({
    'table.include.list': 'public.orders',
    'signal.data.collection': 'shop.public.signal',
    'incremental.snapshot.chunk.size': '7',
    'read.only': 'true',
  });
  expect(snapshotOptionsOf(outside)).toMatchObject({
    signalTable: 'public.signal',
    signalTableSilent: true,
    chunkSize: 7,
    readOnly: true,
  });
  expect(tablesOf(outside).map((pattern) => pattern.test('public.signal'))).toEqual([false, true]);
  const inside = resolve({
    'table.include.list': 'public..*',
    'signal.data.collection': 'public.signal',
  });
  expect(snapshotOptionsOf(inside).signalTableSilent).toBe(false);
  expect(tablesOf(inside)).toHaveLength(1);
});
