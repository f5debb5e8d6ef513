import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type PlannedWrite, Store } from '../../../src/transport/embedded/store.ts';
import { FORMAT_KEY } from '../../../src/transport/embedded/store-keys.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function openStore(path: string, readOnly = false): Promise<Store> {
  return Store.open({ path, readOnly, maxBytes: 64 * 1024 * 1024 });
}

function put(key: string, value: string | null): PlannedWrite {
  const bytes = value === null ? null : Buffer.from(value);
  return { operations: [{ key: Buffer.from(key), value: bytes }] };
}

describe('writes', () => {
  test('that change counters plan one after the other; a plan sees what came before', async () => {
    using folder = temporaryFolder();
    await using store = await openStore(folder.path);
    let counter = 0;
    const planned: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, () =>
        store.write('state', () => {
          const next = counter + 1;
          planned.push(next);
          return {
            ...put('xcounter', `${next}`),
            durable: () => {
              counter = next;
            },
          };
        }),
      ),
    );
    expect(planned).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(store.get(Buffer.from('xcounter'))?.toString()).toBe('20');
  });

  test('that are independent share a transaction', async () => {
    using folder = temporaryFolder();
    await using store = await openStore(folder.path);
    const order: string[] = [];
    const write = async (name: string, kind: 'state' | 'independent'): Promise<void> => {
      await store.write(kind, () => ({
        ...put(`x${name}`, name),
        durable: () => order.push(name),
      }));
      order.push(`${name} told`);
    };
    const first = write('first', 'state');
    await Promise.all([
      first,
      write('a', 'independent'),
      write('b', 'state'),
      write('c', 'independent'),
      write('d', 'state'),
    ]);
    // The first stood alone; then all up to the second state write went together.
    expect(order.slice(0, 2)).toEqual(['first', 'first told']);
    expect(order.slice(2, 5)).toEqual(['a', 'b', 'c']);
    expect(order.slice(-2)).toEqual(['d', 'd told']);
  });

  test('whose plan throws write nothing and harm no other', async () => {
    using folder = temporaryFolder();
    await using store = await openStore(folder.path);
    const results = await Promise.allSettled([
      store.write('independent', () => put('xa', '1')),
      store.write('independent', () => {
        throw new Error('no');
      }),
      store.write('independent', () => put('xb', '2')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.entries(Buffer.from('x'), Buffer.from('y'))).toEqual([
      { key: Buffer.from('xa'), value: Buffer.from('1') },
      { key: Buffer.from('xb'), value: Buffer.from('2') },
    ]);
  });

  test('are done before the store is closed, and refused behind that', async () => {
    using folder = temporaryFolder();
    const store = await openStore(folder.path);
    const pending = store.write('state', () => put('xa', '1'));
    await store[Symbol.asyncDispose]();
    await pending;
    await expect(store.write('state', () => put('xb', '1'))).rejects.toThrow('closed');
    expect(() => store.get(Buffer.from('xa'))).toThrow('closed');
    await using again = await openStore(folder.path);
    expect(again.get(Buffer.from('xa'))?.toString()).toBe('1');
    expect(again.get(FORMAT_KEY)?.toString()).toBe('{"version":3}');
  });
});

describe('reads', () => {
  test('find ranges, and copies that nothing overwrites', async () => {
    using folder = temporaryFolder();
    await using store = await openStore(folder.path);
    const keys = ['xa', 'xb', 'xd'];
    for (const key of keys) await store.write('state', () => put(key, key.repeat(20_000)));
    const values = keys.map((key) => store.get(Buffer.from(key)));
    expect(values.map((value) => value?.toString())).toEqual(keys.map((key) => key.repeat(20_000)));
    const found = store.entries(Buffer.from('xa'), Buffer.from('xd'));
    expect(found.map(({ key }) => key.toString())).toEqual(['xa', 'xb']);
  });

  test('hold no snapshot between them', async () => {
    using folder = temporaryFolder();
    await using store = await openStore(folder.path);
    for (let n = 0; n < 5; n++) {
      await store.write('state', () => put('xa', `${n}`));
      expect(store.get(Buffer.from('xa'))?.toString()).toBe(`${n}`);
    }
    // The library lets the snapshot go with the turn of the event loop.
    await store.write('state', () => put('xa', 'x'));
    expect(store.activeReaders()).toEqual([]);
  });
});

test('the use counts pages, free ones apart', async () => {
  using folder = temporaryFolder();
  await using store = await openStore(folder.path);
  const before = store.use();
  for (let n = 0; n < 20; n++) await store.write('state', () => put(`x${n}`, 'v'.repeat(100_000)));
  const filled = store.use();
  expect(filled.fileBytes - before.fileBytes).toBeGreaterThan(2_000_000);
  for (let n = 0; n < 20; n++) await store.write('state', () => put(`x${n}`, null));
  expect(store.use().reusableBytes).toBeGreaterThan(2_000_000);
});

test('the bytes of a segment are there before what tells of them', async () => {
  using folder = temporaryFolder();
  await using store = await openStore(folder.path);
  const data = { segment: 1, position: 0, bytes: Buffer.from('block') };
  await store.write('state', () => ({ ...put('xa', 'told'), data }));
  expect(store.files.read(1, 0, 5)?.toString()).toBe('block');
  const missing = { segment: 7, position: 0, bytes: Buffer.from('x') };
  rmSync(path.join(folder.path, 'log'), { recursive: true });
  const write = store.write('state', () => ({ ...put('xb', 'told'), data: missing }));
  await expect(write).rejects.toMatchObject({ code: 'STORE_IO' });
  expect(store.get(Buffer.from('xb'))).toBeUndefined();
  // Nobody knows what the disk holds now.
  const next = store.write('state', () => put('xc', '1'));
  await expect(next).rejects.toMatchObject({ code: 'STORE_IO' });
});
