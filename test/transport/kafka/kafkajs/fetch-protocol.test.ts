import { expect, test } from 'vitest';
import { ByteWriter } from '../../../../src/foundation/byte-writer.ts';
import {
  fetchRequest,
  fetchResponse,
} from '../../../../src/transport/kafka/kafkajs/fetch-protocol.ts';
import { writeText } from '../../../../src/transport/kafka/kafkajs/protocol-text.ts';
import { libraryFetch } from './library-requests.ts';

const LIMITS = { maxWaitMs: 500, maxBytes: 50_000_000, partitionBytes: 1_000_000 };

test.each([
  ['read_committed', 1],
  ['read_uncommitted', 0],
] as const)('the request is the one of the library: %s', async (isolation, isolationLevel) => {
  const partitions = [
    { topic: 'a', partition: 0, position: 5 },
    { topic: 'b', partition: 1, position: 2 ** 40 },
    { topic: 'a', partition: 2, position: 0 },
  ];
  const maxBytes = LIMITS.partitionBytes;
  const library = await libraryFetch({
    replicaId: -1,
    maxWaitTime: 500,
    minBytes: 1,
    maxBytes: LIMITS.maxBytes,
    isolationLevel,
    topics: [
      {
        topic: 'a',
        partitions: [
          { partition: 0, fetchOffset: '5', maxBytes },
          { partition: 2, fetchOffset: '0', maxBytes },
        ],
      },
      { topic: 'b', partitions: [{ partition: 1, fetchOffset: String(2 ** 40), maxBytes }] },
    ],
  });
  const ours = fetchRequest(partitions, { ...LIMITS, isolation });
  expect(ours.toString('hex')).toBe(library.toString('hex'));
});

/** A response with one partition, as the protocol says. */
function response(errorCode: number): Buffer {
  const writer = new ByteWriter();
  writer.i32be(0);
  writer.u16be(0);
  writer.i32be(0);
  writer.i32be(1);
  writeText(writer, 't');
  writer.i32be(1);
  writer.i32be(3);
  writer.u16be(errorCode);
  for (const offset of [90n, 80n, 10n]) writer.i64be(offset);
  writer.i32be(1);
  writer.i64be(4n);
  writer.i64be(77n);
  writer.i32be(-1);
  writer.i32be(5);
  writer.raw(Buffer.from('batch'));
  return Buffer.from(writer.written());
}

test('the answer of a partition has its end by what is read, and the aborted transactions', () => {
  const expected = {
    topic: 't',
    partition: 3,
    errorCode: 0,
    startOffset: 10,
    aborted: [{ producerId: 4n, firstOffset: 77 }],
    batches: Buffer.from('batch'),
  };
  expect(fetchResponse(response(0), 'read_committed').partitions).toEqual([
    { ...expected, endOffset: 80 },
  ]);
  expect(fetchResponse(response(0), 'read_uncommitted').partitions).toEqual([
    { ...expected, endOffset: 90 },
  ]);
});

test('an error of a partition is its own', () => {
  const { errorCode, partitions } = fetchResponse(response(6), 'read_committed');
  expect([errorCode, partitions[0]?.errorCode]).toEqual([0, 6]);
});

test('a response that was cut off is an error', () => {
  const cut = response(0).subarray(0, 40);
  expect(() => fetchResponse(cut, 'read_committed')).toThrow(
    expect.objectContaining({ code: 'DECODE' }),
  );
});
