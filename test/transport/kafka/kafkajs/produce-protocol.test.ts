import { expect, test } from 'vitest';
import { ByteWriter } from '../../../../src/foundation/byte-writer.ts';
import {
  produceRequest,
  produceResponse,
} from '../../../../src/transport/kafka/kafkajs/produce-protocol.ts';
import { writeText } from '../../../../src/transport/kafka/kafkajs/protocol-text.ts';
import { writeRecordBatch } from '../../../../src/transport/kafka/record-batch-writer.ts';
import { batchOf } from '../../batch-of.ts';
import { libraryProduce } from './library-requests.ts';

test.each([null, 'transaction-1'])(
  'the request is the one of the library, but for the leader epoch: %s',
  async (transactionalId) => {
    const messages = [{ key: 'k', value: 'v', timestamp: '1000' }];
    const library = await libraryProduce({
      acks: -1,
      timeout: 30_000,
      transactionalId,
      producerId: '5',
      producerEpoch: 1,
      topicData: [
        {
          topic: 't',
          partitions: [
            { partition: 0, firstSequence: 7, messages },
            { partition: 4, firstSequence: 9, messages },
          ],
        },
      ],
    });
    const identity = {
      producerId: 5n,
      producerEpoch: 1,
      transactional: transactionalId !== null,
      compression: 'none',
    } as const;
    const batch = batchOf([{ topic: 0, key: 'k', value: 'v', timestampMs: 1000 }]);
    const ours: { topic: string; partition: number; bytes: Buffer }[] = [];
    for (const [partition, sequence] of [
      [0, 7],
      [4, 9],
    ] as const) {
      const bytes = await writeRecordBatch(batch, Int32Array.of(0), 0, 1, identity, sequence);
      // The brokers overwrite it; the library says 0, Java's client -1.
      bytes.writeInt32BE(0, 12);
      ours.push({ topic: 't', partition, bytes });
    }
    const chunks = produceRequest(ours, transactionalId, 30_000);
    expect(Buffer.concat(chunks).toString('hex')).toBe(library.toString('hex'));
  },
);

test('answers have code and words of each partition', () => {
  const writer = new ByteWriter();
  writer.i32be(1);
  writeText(writer, 't');
  writer.i32be(2);
  writer.i32be(0);
  writer.u16be(0);
  for (const value of [12n, -1n, 0n]) writer.i64be(value);
  writer.i32be(0);
  writeText(writer, null);
  writer.i32be(1);
  writer.u16be(87);
  for (const value of [-1n, -1n, -1n]) writer.i64be(value);
  writer.i32be(1);
  writer.i32be(0);
  writeText(writer, 'the record has no key');
  writeText(writer, null);
  writer.i32be(0);
  expect(produceResponse(Buffer.from(writer.written()))).toEqual([
    { topic: 't', partition: 0, errorCode: 0, says: null },
    { topic: 't', partition: 1, errorCode: 87, says: 'the record has no key' },
  ]);
});
