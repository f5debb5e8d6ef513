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
    expect(spool.value.onDisk).toBe(limit < 1 << 30);
    expect(memory.usedBytes).toBeLessThan(limit + 512 * 1024 + (limit === 1 << 30 ? 2e6 : 0));
    expect(await contents(spool.value)).toEqual(messages);
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
        for (const xid of [...level.children, level.xid]) spool.abort(xid);
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

test('a folder that cannot be written to is told with its path', async () => {
  const spool = new TransactionSpool('/nowhere/x', new SpoolMemory(0));
  const big = { at: 1n, kind: 1, body: 'y'.repeat(130_000) };
  await add(spool, 1, big);
  await expect(add(spool, 1, big)).rejects.toMatchObject({
    code: 'SPOOL_FAILED',
    message: expect.stringContaining('/nowhere/x') as string,
  });
});
