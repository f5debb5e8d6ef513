import { existsSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lsn } from '../../../../src/model/lsn.ts';
import {
  SpoolMemory,
  TransactionSpool,
} from '../../../../src/source/postgres/stream/transaction-spool.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

interface Kept {
  readonly at: bigint;
  readonly kind: number;
  readonly body: string;
}

async function contents(spool: TransactionSpool): Promise<Kept[]> {
  const kept: Kept[] = [];
  await spool.read({
    message(bytes, start, end, at) {
      kept.push({
        at,
        kind: bytes[start] as number,
        body: bytes.subarray(start + 1, end).toString(),
      });
      return undefined;
    },
    blockEnd: () => Promise.resolve(true),
  });
  return kept;
}

async function add(spool: TransactionSpool, xid: number, message: Kept): Promise<void> {
  const bytes = Buffer.from(`..${message.body}..`);
  await spool.add(xid, lsn(message.at), message.kind, bytes, 2, bytes.length - 2);
}

test('what was added comes back in order, from memory or from a file', async () => {
  await using folder = await temporaryFolder('spool');
  for (const limit of [0, 1 << 20, 1 << 30]) {
    const memory = new SpoolMemory(limit);
    const file = path.join(folder.path, String(limit));
    await using spool = disposable(new TransactionSpool(file, memory));
    const messages = Array.from({ length: 3000 }, (_, i) => ({
      at: BigInt(i),
      kind: i % 256,
      // Some do not fit into a chunk, nor into a block of the file.
      body: String(i).repeat(i === 1500 ? 400_000 : i % 200),
    }));
    for (const message of messages) await add(spool.value, 7, message);
    expect(await contents(spool.value)).toEqual(messages);
    expect(spool.value.onDisk).toBe(limit < 1 << 30);
    await spool.value.close();
    expect([existsSync(file), memory.usedBytes]).toEqual([false, 0]);
  }
});

function disposable(value: TransactionSpool): AsyncDisposable & { value: TransactionSpool } {
  return { value, [Symbol.asyncDispose]: () => value.close() };
}

type Step = 'write' | 'begin' | 'release' | 'rollback';

/** Plays steps as a server would: what a transaction with savepoints leaves, and its spool. */
async function play(steps: readonly Step[], firstXid: number, spool: TransactionSpool) {
  const levels: { xid: number; kept: Kept[]; children: number[] }[] = [
    { xid: firstXid, kept: [], children: [] },
  ];
  let next = firstXid;
  let at = 0n;
  for (const step of steps) {
    const level = levels.at(-1) as (typeof levels)[number];
    if (step === 'write') {
      const message = { at: at++, kind: 73, body: 'x'.repeat(Number(at % 50n) * 400) };
      level.kept.push(message);
      await add(spool, level.xid, message);
    } else if (step === 'begin') {
      next = (next + 1) >>> 0;
      levels.push({ xid: next, kept: [], children: [] });
    } else if (levels.length > 1) {
      levels.pop();
      const parent = levels.at(-1) as (typeof levels)[number];
      if (step === 'release') {
        parent.kept.push(...level.kept);
        parent.children.push(level.xid, ...level.children);
      } else {
        // The server tells the children first.
        for (const xid of [...level.children, level.xid]) await spool.abort(xid);
      }
    }
  }
  return levels.flatMap(({ kept }) => kept).toSorted((a, b) => Number(a.at - b.at));
}

test('rolled back subtransactions leave nothing, whatever the nesting', async () => {
  await using folder = await temporaryFolder('spool');
  let run = 0;
  const step = fc.constantFrom<Step>('write', 'write', 'write', 'begin', 'release', 'rollback');
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 120 }),
      fc.constantFrom(5, 0xffff_fffa),
      fc.constantFrom(0, 200_000, 1 << 30),
      async (steps, firstXid, limit) => {
        const file = path.join(folder.path, String(run++));
        await using spool = disposable(new TransactionSpool(file, new SpoolMemory(limit)));
        const wanted = await play(steps, firstXid, spool.value);
        expect(await contents(spool.value)).toEqual(wanted);
      },
    ),
    { numRuns: 60 },
  );
});

test('reading stops between blocks when nobody wants more', async () => {
  const spool = new TransactionSpool('/nowhere/x', new SpoolMemory(1 << 30));
  for (let i = 0; i < 3; i++) await add(spool, 1, { at: 1n, kind: 1, body: 'y'.repeat(100_000) });
  let seen = 0;
  await spool.read({
    message() {
      seen++;
      return undefined;
    },
    blockEnd: () => Promise.resolve(false),
  });
  expect(seen).toBe(1);
});

test('the file may fall behind by 2 MB, then whoever adds waits', async () => {
  await using folder = await temporaryFolder('spool');
  const memory = new SpoolMemory(1 << 20);
  await using spool = disposable(new TransactionSpool(path.join(folder.path, 'x'), memory));
  const body = Buffer.alloc(50_000, 'z');
  let most = 0;
  let waits = 0;
  for (let i = 0; i < 400; i++) {
    const wait = spool.value.add(1, lsn(1n), 73, body, 0, body.length);
    if (wait !== undefined) waits++;
    await wait;
    most = Math.max(most, memory.usedBytes);
  }
  // Nothing else lets the loop turn: without the waits all 20 MB would stay in memory.
  expect(waits).toBeGreaterThan(0);
  expect(most).toBeGreaterThan(1 << 20);
  expect(most).toBeLessThan(3.5 * (1 << 20));
  expect(await contents(spool.value)).toHaveLength(400);
});

test('a rollback waits for what is being written, and cuts that off too', async () => {
  await using folder = await temporaryFolder('spool');
  const file = path.join(folder.path, 'x');
  await using spool = disposable(new TransactionSpool(file, new SpoolMemory(0)));
  const message = (at: bigint): Kept => ({ at, kind: 73, body: 'y'.repeat(100_000) });
  for (const at of [1n, 2n, 3n]) await add(spool.value, 5, message(at));
  for (const at of [4n, 5n, 6n]) await add(spool.value, 6, message(at));
  const cut = spool.value.abort(6);
  expect(cut).toBeInstanceOf(Promise);
  await cut;
  await add(spool.value, 7, message(7n));
  expect(await contents(spool.value)).toEqual([1n, 2n, 3n, 7n].map((at) => message(at)));
});

test('chunks are used again, but for the long ones', () => {
  const memory = new SpoolMemory(0);
  const [first, long] = [memory.take(10), memory.take(1_000_000)];
  expect(memory.usedBytes).toBe(first.length + 1_000_000);
  for (const chunk of [first, long]) memory.give(chunk);
  expect(memory.usedBytes).toBe(0);
  const again = [memory.take(first.length), memory.take(10), memory.take(1_000_000)];
  expect(again[0]).toBe(first);
  expect(new Set([first, long, ...again]).size).toBe(4);
});

test('a folder that cannot be written to is told with its path', async () => {
  const spool = new TransactionSpool('/nowhere/x', new SpoolMemory(0));
  const big = { at: 1n, kind: 1, body: 'y'.repeat(130_000) };
  const addMany = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) await add(spool, 1, big);
  };
  const failed = {
    code: 'SPOOL_FAILED',
    message: expect.stringContaining('/nowhere/x') as string,
  };
  await expect(addMany()).rejects.toMatchObject(failed);
  await expect(addMany()).rejects.toMatchObject(failed);
  await expect(contents(spool)).rejects.toMatchObject(failed);
  await spool.close();
});
