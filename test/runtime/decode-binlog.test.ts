import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodedBinlog } from '../../src/runtime/decode-binlog.ts';
import { eventBytes, formatEvent, hexBytes, recordedBinlog } from '../support/binlog-events.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tidemark-binlog-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

interface Line {
  readonly type: string;
  readonly op?: string;
  readonly gtid: string | null;
  readonly inner?: number;
  readonly position: number;
}

/** Lines of a file, and the error that ended it. */
async function decode(
  bytes: Buffer,
  rowsOnly = false,
): Promise<{ lines: readonly Line[]; error: string | null }> {
  const file = path.join(folder, 'binlog');
  await writeFile(file, bytes);
  let text = '';
  let error: string | null = null;
  try {
    const options = { path: file, rowsOnly, signal: AbortSignal.timeout(20_000) };
    for await (const piece of decodedBinlog(options)) text += piece;
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  const lines = text.split('\n').slice(0, -1);
  return { lines: lines.map((line) => JSON.parse(line) as Line), error };
}

const MAGIC = hexBytes('fe62696e');

describe.each(['mysql-9.7', 'mariadb-10.11'] as const)('the recorded binlog of %s', (name) => {
  test('is printed whole, and the same when it is gzipped', async () => {
    const plain = await decode(recordedBinlog(name));
    expect(plain.error).toBeNull();
    expect(plain.lines[0]?.type).toBe('FORMAT_DESCRIPTION');
    expect(plain.lines.at(-1)?.type).toBe('ROTATE');
    expect(await decode(gzipSync(recordedBinlog(name)))).toEqual(plain);
  });

  test('rows only', async () => {
    const all = await decode(recordedBinlog(name));
    const rows = await decode(recordedBinlog(name), true);
    expect(rows.lines).toEqual(all.lines.filter(({ op }) => op !== undefined));
    expect(rows.lines.every(({ gtid }) => gtid !== null)).toBe(true);
    expect(rows.lines.length).toBeGreaterThan(30);
  });
});

test('events of a compressed transaction stand behind it (PITFALLS B90)', async () => {
  const { lines } = await decode(recordedBinlog('mysql-9.7'));
  const inner = lines.filter((line) => line.inner !== undefined && line.op === undefined);
  expect(inner.map(({ type }) => type)).toEqual([
    'QUERY',
    'ROWS_QUERY',
    'TABLE_MAP',
    'WRITE_ROWS',
    'ROWS_QUERY',
    'TABLE_MAP',
    'DELETE_ROWS',
    'XID',
  ]);
  expect(new Set(inner.map(({ position }) => position)).size).toBe(1);
});

test('a large compressed transaction comes in pieces', async () => {
  const statement = Buffer.concat([Buffer.alloc(14), Buffer.alloc(100_000, 'x')]);
  const query = eventBytes({ type: 2, body: statement });
  const plain = Buffer.concat(Array.from({ length: 20 }, () => query));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(plain.length);
  const fields = hexBytes(`020100 0304fd ${size.toString('hex', 0, 3)}00`);
  const payload = Buffer.concat([fields, zstdCompressSync(plain)]);
  const file = Buffer.concat([MAGIC, formatEvent(), eventBytes({ type: 40, body: payload })]);
  const { lines, error } = await decode(file);
  expect(error).toBeNull();
  expect(lines.filter(({ inner }) => inner !== undefined)).toHaveLength(20);
});

test.each([
  ['nothing', Buffer.alloc(0), /^not a binlog/],
  ['another file', Buffer.from('PK\u0003\u0004 zip'), /^not a binlog/],
  ['an encrypted one', hexBytes('fd62696e00'), /encrypted/],
  ['a cut gzip', gzipSync(recordedBinlog('mysql-9.7')).subarray(0, -100), /unexpected end/],
])('%s', async (_what, bytes, message) => {
  expect((await decode(bytes)).error).toMatch(message);
});

test('lines of what stands in front of damaged bytes come first, with the position', async () => {
  const file = Buffer.from(recordedBinlog('mysql-9.7'));
  const at = 4 + file.readUInt32LE(4 + 9) + 71 + 79;
  file[at + 30] = (file[at + 30] as number) ^ 1;
  const { lines, error } = await decode(file);
  expect(error).toMatch(/^[A-Z]+ at \d+: checksum/);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.length).toBeLessThan(5);
});

test('a file that ends inside of an event', async () => {
  const { lines, error } = await decode(recordedBinlog('mysql-9.7').subarray(0, 300));
  expect(error).toMatch(/^the file ends inside of the event at 245: 55 bytes of it are there/);
  expect(lines).toHaveLength(2);
});

test('a size that no event has', async () => {
  const file = Buffer.concat([MAGIC, formatEvent(), Buffer.alloc(40, 0xff)]);
  expect((await decode(file)).error).toMatch(/^behind 126: an event of 4294967295 bytes/);
});

test('a file that MariaDB encrypted behind its head (PITFALLS B93)', async () => {
  const start = eventBytes({ type: 164, body: Buffer.alloc(17) });
  const file = Buffer.concat([MAGIC, formatEvent(), start, Buffer.alloc(50, 0xab)]);
  expect((await decode(file)).error).toMatch(/encrypted/);
});

test('a file that is not there', async () => {
  const missing = path.join(folder, 'missing');
  const options = { path: missing, rowsOnly: false, signal: AbortSignal.timeout(1000) };
  await expect(decodedBinlog(options).next()).rejects.toMatchObject({
    code: 'USAGE',
    message: `${missing}: there is no such file`,
  });
});
