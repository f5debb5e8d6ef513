import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import type { TransactionPayloadEvent } from '../../../../src/source/mysql/binlog/binlog-event.ts';
import {
  smallPayload,
  streamedPayload,
} from '../../../../src/source/mysql/binlog/transaction-payload.ts';

function payload(frames: readonly Buffer[], uncompressedBytes: number): TransactionPayloadEvent {
  return {
    kind: 'transaction-payload',
    algorithm: 'zstd',
    uncompressedBytes,
    payload: Buffer.concat(frames),
  };
}

async function streamed(event: TransactionPayloadEvent): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of streamedPayload(event)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const one = zstdCompressSync(Buffer.from('BEGIN'));
/** Its one block is compressed; the bytes of the block say something else. */
const damaged = zstdCompressSync(Buffer.alloc(1000, 'abcdefg'));
damaged.fill(0xff, damaged.length - 6);
const two = zstdCompressSync(Buffer.from('COMMIT'));

test('all frames count, not only the first (PITFALLS B90)', async () => {
  const event = payload([one, two], 11);
  expect(smallPayload(event)?.toString()).toBe('BEGINCOMMIT');
  expect((await streamed(event)).toString()).toBe('BEGINCOMMIT');
});

test('a payload that is not compressed', () => {
  const event = { ...payload([Buffer.from('plain')], 5), algorithm: 'none' as const };
  expect(smallPayload(event)?.toString()).toBe('plain');
});

test('a large one comes in pieces', async () => {
  const plain = Buffer.alloc(3_000_000, 'abcdefg');
  const event = payload([zstdCompressSync(plain)], plain.length);
  expect(smallPayload(event)).toBeNull();
  expect((await streamed(event)).equals(plain)).toBe(true);
});

test.each([
  ['longer than told', payload([one, two], 10)],
  ['shorter than told', payload([one, two], 12)],
  ['no zstd', payload([Buffer.from('no zstd, no')], 11)],
  ['damaged', payload([damaged], 1000)],
  ['far longer than told', payload([zstdCompressSync(Buffer.alloc(2_000_000))], 100)],
])('%s is a DecodeError', async (_what, event) => {
  expect(() => smallPayload(event)).toThrow(DecodeError);
  await expect(streamed(event)).rejects.toThrow(DecodeError);
});
