import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lsn } from '../../../../src/model/lsn.ts';
import type { OpenTransaction } from '../../../../src/source/postgres/stream/streamed-transactions.ts';
import { StreamedTransactions } from '../../../../src/source/postgres/stream/streamed-transactions.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const AT = lsn(5n);

/** Kind, xid when inside a block, relation id, rest. */
function message(kind: string, xid: number | null, relationId: number, rest = ''): Buffer {
  const head = Buffer.from(kind);
  const ids = Buffer.alloc(xid === null ? 4 : 8);
  if (xid !== null) ids.writeUInt32BE(xid);
  ids.writeUInt32BE(relationId, ids.length - 4);
  return Buffer.concat([head, ids, Buffer.from(rest)]);
}

async function add(streamed: StreamedTransactions, bytes: Buffer): Promise<boolean> {
  const kept = streamed.add(AT, bytes, 0, bytes.length);
  if (kept === false) return false;
  await kept;
  return true;
}

async function texts(open: OpenTransaction): Promise<string[]> {
  const found: string[] = [];
  await open.spool.read({
    message(bytes, start, end) {
      found.push(
        `${String.fromCharCode(bytes[start] as number)}${bytes.toString('utf8', start + 5, end)}`,
      );
      return undefined;
    },
    blockEnd: () => Promise.resolve(true),
  });
  return found;
}

const commit = (xid: number): Parameters<StreamedTransactions['committed']>[0] => ({
  kind: 'stream-commit',
  xid,
  commitLsn: lsn(100n),
  endLsn: lsn(110n),
  commitMicros: 1n,
});
const prepared = <K extends string>(kind: K, xid: number, at = 90n) => ({
  kind,
  lsn: lsn(at),
  endLsn: lsn(at + 1n),
  micros: 2n,
  xid,
  gid: `g${xid}`,
});

test('blocks of several transactions are kept apart, and aborts drop them', async () => {
  const streamed = new StreamedTransactions('/nowhere', 's');
  for (const [xid, first] of [
    [7, true],
    [8, true],
    [7, false],
  ] as const) {
    await streamed.control({ kind: 'stream-start', xid, first });
    expect(await add(streamed, message('I', xid, 1, `of ${xid}`))).toBe(true);
    expect(await add(streamed, message('Y', xid, 1))).toBe(false);
    await streamed.control({ kind: 'stream-stop' });
    expect(streamed.current).toBeNull();
  }
  await streamed.control({ kind: 'stream-abort', xid: 8, subxid: 8 });
  expect(streamed.count).toBe(1);
  const ended = streamed.committed(commit(7), lsn(0n));
  expect(await texts(ended?.open as OpenTransaction)).toEqual(['Iof 7', 'Iof 7']);
  await streamed.close(ended?.open as OpenTransaction);
  expect(streamed.count).toBe(0);
  expect(() => streamed.committed(commit(7), lsn(0n))).toThrow(/beginning did not come/);
  expect(() => streamed.control({ kind: 'stream-start', xid: 9, first: false })).toThrow(/block/);
});

test('a shape that came outside after the last one inside is stale after the replay', async () => {
  const streamed = new StreamedTransactions('/nowhere', 's');
  const base = message('R', null, 1, 'new');
  await streamed.control({ kind: 'stream-start', xid: 7, first: true });
  await add(streamed, message('R', 7, 1, 'old'));
  await streamed.control({ kind: 'stream-stop' });
  streamed.noteBase(base);
  await streamed.control({ kind: 'stream-start', xid: 7, first: false });
  await add(streamed, message('R', 8, 1, 'rolled back'));
  await streamed.control({ kind: 'stream-stop' });
  const { open } = streamed.committed(commit(7), lsn(0n)) ?? {};
  expect(streamed.staleAfter(open as OpenTransaction)).toEqual([]);
  await streamed.control({ kind: 'stream-abort', xid: 7, subxid: 8 });
  expect(streamed.staleAfter(open as OpenTransaction)).toEqual([base]);
});

test('a prepared transaction takes along the shapes that were told before it', async () => {
  const streamed = new StreamedTransactions('/nowhere', 's');
  const base = message('R', null, 1, 'shape');
  streamed.noteBase(base);
  await streamed.control(prepared('begin-prepare', 7));
  expect(await add(streamed, message('R', null, 2))).toBe(false);
  await add(streamed, message('I', null, 1, 'a'));
  await add(streamed, message('T', null, 1, '\0\0\0\0\x01'));
  expect(await add(streamed, message('O', null, 0))).toBe(false);
  await streamed.control(prepared('prepare', 7));
  await streamed.control(prepared('begin-prepare', 8, 80n));
  await streamed.control(prepared('prepare', 8, 80n));
  expect(streamed.oldestPrepared).toBe(80n);
  await streamed.control({
    kind: 'rollback-prepared',
    prepareEndLsn: AT,
    rollbackEndLsn: AT,
    prepareMicros: 0n,
    rollbackMicros: 0n,
    xid: 8,
    gid: 'g8',
  });
  expect(streamed.oldestPrepared).toBe(90n);
  const ended = streamed.committed(prepared('commit-prepared', 7, 200n), lsn(0n));
  expect(ended).toMatchObject({ commitLsn: 200n, endLsn: 201n, commitMicros: 2n });
  expect((await texts(ended?.open as OpenTransaction)).map((text) => text[0])).toEqual([
    'R',
    'I',
    'T',
  ]);
  await streamed.close(ended?.open as OpenTransaction);
  expect(streamed.oldestPrepared).toBeNull();
});

test('the end of a prepared transaction that never came is a gap, unless it is old', () => {
  const streamed = new StreamedTransactions('/nowhere', 's');
  const end = prepared('commit-prepared', 7, 200n);
  expect(streamed.committed(end, lsn(300n))).toBeNull();
  expect(() => streamed.committed(end, lsn(100n))).toThrow(
    expect.objectContaining({ code: 'PG_SLOT_MISMATCH' }),
  );
});

test('files of an earlier life are deleted, those of other slots are not', async () => {
  await using folder = await temporaryFolder('spools');
  for (const name of ['s-7.spool', 's-8.other', 't-7.spool']) {
    await writeFile(path.join(folder.path, name), '');
  }
  const streamed = new StreamedTransactions(folder.path, 's', 0);
  await streamed.prepare();
  expect(await readdir(folder.path)).toEqual(['s-8.other', 't-7.spool']);
  await streamed.control({ kind: 'stream-start', xid: 9, first: true });
  for (let i = 0; i < 3; i++) await add(streamed, message('I', 9, 1, 'z'.repeat(100_000)));
  expect(await readdir(folder.path)).toContain('s-9.spool');
  await streamed[Symbol.asyncDispose]();
  expect(await readdir(folder.path)).toEqual(['s-8.other', 't-7.spool']);
});
