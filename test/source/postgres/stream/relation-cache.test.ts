import { expect, test } from 'vitest';
import type { ColumnInfo, TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { lsn } from '../../../../src/model/lsn.ts';
import type { Lsn } from '../../../../src/model/lsn.ts';
import type { PostgresRowChange } from '../../../../src/model/change-event.ts';
import type { TableSchema } from '../../../../src/model/table-schema.ts';
import type { RelationMessage } from '../../../../src/source/postgres/pgoutput/pgoutput-message.ts';
import type { RelationCatalog } from '../../../../src/source/postgres/stream/relation-cache.ts';
import { RelationCache } from '../../../../src/source/postgres/stream/relation-cache.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { rowChange } from '../../../support/keyed-table.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { tableInfo } from '../../../support/table-fixtures.ts';

const AT = lsn(1n);
const UNSUPPORTED_OID = 600;
const INFO = tableInfo({ oid: 7, name: 't', columns: [], uniqueIndexes: [] });

const relation = (
  names: readonly string[],
  overrides: Partial<RelationMessage> = {},
): RelationMessage => ({
  kind: 'relation',
  relationId: 7,
  schema: 'public',
  table: 't',
  replicaIdentity: 'default',
  columns: names.map((name, i) => ({ identity: i === 0, name, typeOid: 23, typeModifier: -1 })),
  ...overrides,
});

/** Knows no tables unless the test says so: shapes come from the messages alone. */
class FakeCatalog implements RelationCatalog {
  tables: TableInfo[] = [];
  asked = 0;
  /** Transactions before it have ended. */
  over = 0;
  readonly awaited: (number | null)[] = [];
  readonly context = {
    catalog: 'd',
    lists: sourceOptionsFor(
      { host: '', port: 0, user: '', password: '', name: 'd' },
      { tableExclude: [/^public\.not$/] },
    ),
    messageKeys: [],
    types: {
      typeOf: ({ typeOid }: Pick<ColumnInfo, 'typeOid'>) =>
        typeOid === UNSUPPORTED_OID
          ? null
          : {
              schema: { type: 'int32' as const, optional: false },
              format: { kind: 'integer' as const },
            },
    },
  };

  async table(oid: number): Promise<TableInfo | null> {
    this.asked++;
    return await Promise.resolve(this.tables.find((table) => table.oid === oid) ?? null);
  }

  async loadTypes(): Promise<void> {
    await Promise.resolve();
  }

  async end(): Promise<Lsn> {
    return await Promise.resolve(lsn(100n));
  }

  async seen(awaited: number | null): Promise<{ sees: (id: number) => boolean }> {
    this.awaited.push(awaited);
    const { over } = this;
    return await Promise.resolve({ sees: (id) => id < over });
  }

  async typeTexts({ columns }: RelationMessage): Promise<ReadonlyMap<string, string>> {
    return await Promise.resolve(new Map(columns.map(({ name }) => [name, 'integer'])));
  }
}

const column = (number: number, name: string): ColumnInfo => ({
  number,
  name,
  typeOid: 23,
  typmod: -1,
  typeText: 'integer',
  notNull: true,
  defaultExpression: null,
  generated: null,
  identity: null,
  comment: null,
});

const rowOf = (
  table: TableSchema,
  values: readonly (string | null)[],
  at = AT,
): PostgresRowChange => rowChange(table, 'c', null, values, { lsn: at, commitLsn: at });

const PRIMARY_KEY = {
  name: 'pk',
  columns: [1],
  primary: true,
  replicaIdentity: false,
  immediate: true,
};

// A key that its own transaction altered was the old one, if the catalog was asked too early.
test('a transaction is waited for where only the catalog knows the key', async () => {
  const catalog = new FakeCatalog();
  const cache = new RelationCache(catalog);
  await cache.learn(relation(['id'], { replicaIdentity: 'full' }), AT, 5);
  await cache.learn(relation(['id']), AT, 6);
  expect(catalog.awaited).toEqual([5, null]);
});

test('versions rise with real differences only (P19), also over sessions (P20)', async () => {
  const cache = new RelationCache(new FakeCatalog());
  const first = await cache.learn(relation(['id']), AT, null);
  expect(first).toMatchObject({ table: { version: 1 }, previous: null });
  expect(await cache.learn(relation(['id']), AT, null)).toBeNull();
  expect(cache.lookup(7)?.table).toBe(first?.table);
  cache.forget();
  expect(cache.lookup(7)).toBeUndefined();
  expect(await cache.learn(relation(['id']), AT, null)).toBeNull();
  const added = await cache.learn(relation(['id', 'a']), AT, null);
  expect(added).toMatchObject({ table: { version: 2 }, previous: { version: 1 } });
  expect(cache.lookup(7)).toMatchObject({ columnCount: 2, table: added?.table });
});

test('a rename keeps the relation id, a table made anew keeps its name (P23)', async () => {
  const cache = new RelationCache(new FakeCatalog());
  await cache.learn(relation(['id']), AT, null);
  const renamed = await cache.learn(relation(['id'], { table: 'u' }), AT, null);
  expect(renamed).toMatchObject({ table: { version: 2, id: { table: 'u' } } });
  const anew = await cache.learn(relation(['id', 'x'], { table: 'u', relationId: 8 }), AT, null);
  expect(anew).toMatchObject({ table: { version: 3 }, previous: { version: 2 } });
});

test('a table that is not captured is known without asking the catalog', () => {
  const catalog = new FakeCatalog();
  const cache = new RelationCache(catalog);
  expect(cache.skip(relation(['id'], { table: 'not' }))).toBe(true);
  expect(cache.lookup(7)).toEqual({ columnCount: 1, table: null, watch: null });
  expect(cache.skip(relation(['id']))).toBe(false);
  expect(catalog.asked).toBe(0);
});

test('what the snapshot announced is not announced again', async () => {
  const first = new RelationCache(new FakeCatalog());
  const change = await first.learn(relation(['id']), AT, null);
  const cache = new RelationCache(new FakeCatalog());
  if (change !== null) cache.seed(INFO, change.table);
  expect(await cache.learn(relation(['id']), AT, null)).toBeNull();
  expect(cache.lookup(7)?.table).toBe(change?.table);
});

test('a column of an unsupported type stops capture by its name', async () => {
  const cache = new RelationCache(new FakeCatalog());
  const message = relation(['id'], {
    columns: [{ identity: false, name: 'p', typeOid: UNSUPPORTED_OID, typeModifier: -1 }],
  });
  await expect(cache.learn(message, AT, null)).rejects.toMatchObject({
    code: 'PG_UNSUPPORTED_TYPE',
    message: expect.stringContaining('public.t.p') as string,
  });
});

test('a null in a NOT NULL column makes it nullable until the next Relation (P21)', async () => {
  const catalog = new FakeCatalog();
  catalog.tables = [{ ...INFO, columns: [column(1, 'id'), column(2, 'a')] }];
  const cache = new RelationCache(catalog);
  const optional = (): unknown => cache.lookup(7)?.table?.columns.map((c) => c.schema.optional);
  const learned = await cache.learn(relation(['id', 'a']), AT, null);
  expect(optional()).toEqual([false, false]);
  const row = rowOf(learned?.table as TableSchema, ['1', null]);
  expect(cache.lookup(7)?.check?.fits(row)).toBe(false);
  expect(await cache.relearn(7, row)).toMatchObject({ table: { version: 2 } });
  expect(optional()).toEqual([false, true]);
  expect(cache.lookup(7)?.check?.fits(row)).toBe(true);
  expect(await cache.learn(relation(['id', 'a']), AT, null)).toMatchObject({
    table: { version: 3 },
  });
  expect(optional()).toEqual([false, false]);
});

test('a repeated shape is not asked for again, for a while, and its rows are checked', async () => {
  const catalog = new FakeCatalog();
  const notNull = [column(1, 'id'), column(2, 'a')];
  catalog.tables = [{ ...INFO, columns: notNull, uniqueIndexes: [PRIMARY_KEY] }];
  const clock = new FakeClock();
  const cache = new RelationCache(catalog, clock);
  const told = (rest: string): Buffer =>
    Buffer.concat([Buffer.from([0x52, 0, 0, 0, 7]), Buffer.from(rest)]);
  const learn = async (overrides: Partial<RelationMessage> = {}): Promise<void> => {
    await cache.learn(relation(['id', 'a'], overrides), AT, null);
    cache.told(7, told('id, a'));
  };
  const later = lsn((await catalog.end()) + 50n);
  expect(cache.repeats(told('id, a'), later)).toBe(false);
  await learn();
  expect(cache.repeats(told('id, b'), later)).toBe(false);
  expect(cache.repeats(told('id, a'), later)).toBe(true);
  expect(cache.lookup(7)?.check?.readAt).toBe(later);
  // A transaction that ended before the catalog was read must not end the check too early.
  expect(cache.repeats(told('id, a'), AT)).toBe(true);
  expect(cache.lookup(7)?.check?.readAt).toBe(later);
  clock.advance(61_000);
  expect(cache.repeats(told('id, a'), later)).toBe(false);
  await learn();
  expect(cache.repeats(told('id, a'), later)).toBe(true);
  // Under FULL the message marks all columns: the key may have changed all the same.
  await learn({ replicaIdentity: 'full' });
  expect(cache.repeats(told('id, a'), later)).toBe(false);
  cache.forget();
  await learn();
  cache.forget();
  expect(cache.repeats(told('id, a'), later)).toBe(false);
});

test('beside a streamed transaction a shape is kept for seconds, then asked by a row', async () => {
  const catalog = new FakeCatalog();
  const columns = [column(1, 'id'), column(2, 'a')];
  catalog.tables = [{ ...INFO, columns, uniqueIndexes: [PRIMARY_KEY] }];
  const clock = new FakeClock();
  const cache = new RelationCache(catalog, clock);
  const told = Buffer.concat([Buffer.from([0x52, 0, 0, 0, 7]), Buffer.from('id, a')]);
  expect(cache.repeats(told, null)).toBe(false);
  const table = (await cache.learn(relation(['id', 'a']), AT, null))?.table as TableSchema;
  cache.told(7, told);
  expect(cache.repeats(told, null)).toBe(true);
  // Far behind what the catalog was when it was read: a row is checked all the same.
  const far = lsn(1_000_000n);
  const fits = (values: readonly (string | null)[]): boolean | undefined =>
    cache.lookup(7)?.check?.fits(rowOf(table, values, far));
  expect([fits(['1', '2']), fits(['1', null])]).toEqual([true, false]);
  clock.advance(5000);
  // A replay in between takes nothing of that back.
  expect(cache.repeats(told, lsn(200n))).toBe(true);
  expect([fits(['1', '2']), fits(['1', null])]).toEqual([true, false]);
  clock.advance(1);
  expect([cache.repeats(told, null), fits(['1', '2'])]).toEqual([false, false]);
  expect(catalog.asked).toBe(1);
  catalog.tables = [
    { ...INFO, columns: [column(1, 'id'), { ...column(2, 'a'), notNull: false }] },
  ].map((info) => ({ ...info, uniqueIndexes: [PRIMARY_KEY] }));
  await cache.relearn(7, rowOf(table, ['1', '2'], far));
  expect([catalog.asked, fits(['1', '2'])]).toEqual([2, true]);
  expect(cache.repeats(told, null)).toBe(true);
});

test('what was over when the catalog was asked is not asked for, under any identity', async () => {
  const catalog = new FakeCatalog();
  const cache = new RelationCache(catalog, new FakeClock());
  const told = (rest: string): Buffer =>
    Buffer.concat([Buffer.from([0x52, 0, 0, 0, 7]), Buffer.from(rest)]);
  const message = relation(['id', 'a'], { replicaIdentity: 'full' });
  catalog.over = 10;
  expect(cache.isOld(told('id, a'), 5)).toBe(false);
  const change = await cache.learn(message, AT, null);
  // Ends while the answer is on its way: it counts what was over before the question.
  catalog.over = 20;
  cache.told(7, told('id, a'));
  expect([9, 10, null].map((id) => cache.isOld(told('id, a'), id))).toEqual([true, false, false]);
  expect(cache.isOld(told('id, b'), 9)).toBe(false);
  // A row has shown that the catalog is too new: the next message asks again.
  catalog.tables = [{ ...INFO, columns: [column(1, 'id'), column(2, 'a')] }];
  await cache.learn(message, AT, null);
  expect(cache.isOld(told('id, a'), 19)).toBe(true);
  await cache.relearn(7, rowOf(change?.table as TableSchema, ['1', null]));
  expect(cache.isOld(told('id, a'), 19)).toBe(false);
  await cache.learn(message, AT, null);
  cache.forget();
  expect(cache.isOld(told('id, a'), 9)).toBe(false);
});

test('a shape is known when it was handed over, not before', async () => {
  const cache = new RelationCache(new FakeCatalog());
  const built = await new RelationCache(new FakeCatalog()).learn(relation(['id']), AT, 1);
  const schema = built?.table as TableSchema;
  const order: string[] = [];
  const prepared = Promise.withResolvers<void>();
  const receiver = new RecordingReceiver();
  receiver.schemaChanged = () => {
    order.push('preparing');
    return prepared.promise.then(() => void order.push('prepared'));
  };
  // What reads beside the stream has the receiver prepare; then the stream brings the same shape.
  const adopting = cache.adopted({ info: INFO, schema }, () => AT, receiver);
  const learning = cache.inTurn(async () => {
    await cache.learn(relation(['id']), AT, 2);
    order.push('learnt');
  });
  await expect.poll(() => order).toEqual(['preparing']);
  prepared.resolve();
  await Promise.all([adopting, learning]);
  expect(order).toEqual(['preparing', 'prepared', 'learnt']);
});
