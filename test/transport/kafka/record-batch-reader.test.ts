import { expect, test } from 'vitest';
import { crc32c } from '../../../src/transport/kafka/crc32c.ts';
import { readRecordBatches } from '../../../src/transport/kafka/record-batch-reader.ts';
import { encodedByLibrary } from './library-batches.ts';

/** A batch of the library's with these values. */
async function batch(
  firstOffset: number,
  values: readonly string[],
  options: object = {},
): Promise<Buffer> {
  const records = values.map((value) => ({ key: `k${value}`, value }));
  const timestamps = { firstTimestamp: 1000, maxTimestamp: 9000 };
  const bytes = await encodedByLibrary(records, { ...timestamps, ...options });
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
}

/** The record that ends a transaction: 0 aborts, 1 commits. */
async function control(offset: number, producerId: number, type: number): Promise<Buffer> {
  const key = Buffer.from([0, 0, 0, type]).toString('latin1');
  const bytes = await encodedByLibrary([{ key, value: null }], {
    producerId,
    transactional: true,
  });
  bytes.writeBigInt64BE(BigInt(offset), 0);
  return withAttributes(bytes, 0x30);
}

function withAttributes(bytes: Buffer, attributes: number): Buffer {
  bytes.writeInt16BE(bytes.readInt16BE(21) | attributes, 21);
  bytes.writeUInt32BE(crc32c(bytes, 21, bytes.length), 17);
  return bytes;
}

function valuesOf(read: ReturnType<typeof readRecordBatches>): (string | undefined)[] {
  return read.records.map(({ value }) => value?.toString());
}

test('batches of the library are read: offsets, times, keys, headers', async () => {
  const bytes = Buffer.concat([await batch(10, ['a', 'b']), await batch(14, ['c'])]);
  const read = readRecordBatches(bytes, 10, 'read_committed', []);
  expect(read.nextOffset).toBe(15);
  expect(valuesOf(read)).toEqual(['a', 'b', 'c']);
  const [, second] = read.records;
  // In any order, and again: each part is made when it is asked for.
  for (let round = 0; round < 2; round++) {
    expect(second?.headers).toEqual([{ name: 'h', value: Buffer.from('v') }]);
    expect(second?.value).toEqual(Buffer.from('b'));
    expect(second?.key).toEqual(Buffer.from('kb'));
    expect(second).toMatchObject({ offset: 11, sequence: 0, timestampMs: 1001, size: 3 });
  }
});

test('records before the position, which share a batch with it, are left out', async () => {
  const bytes = Buffer.concat([await batch(0, ['a']), await batch(10, ['b', 'c', 'd'])]);
  const read = readRecordBatches(bytes, 12, 'read_committed', []);
  expect(valuesOf(read)).toEqual(['d']);
  expect(read.nextOffset).toBe(13);
});

test('a batch that is cut off is left to the next fetch', async () => {
  const whole = await batch(0, ['a']);
  const cut = (await batch(1, ['b'])).subarray(0, 70);
  for (const length of [0, 5, 11, 12, 60, 69]) {
    const bytes = Buffer.concat([whole, cut.subarray(0, length)]);
    const read = readRecordBatches(bytes, 0, 'read_committed', []);
    expect(valuesOf(read)).toEqual(['a']);
    expect(read.nextOffset).toBe(1);
  }
  expect(readRecordBatches(cut, 1, 'read_committed', []).nextOffset).toBe(1);
});

test('records of aborted transactions are left out, and so are control records', async () => {
  const transactional = true;
  const bytes = Buffer.concat([
    await batch(0, ['aborted'], { producerId: 1, transactional }),
    await batch(1, ['committed'], { producerId: 2, transactional }),
    await batch(2, ['plain']),
    await control(3, 1, 0),
    await batch(4, ['again'], { producerId: 1, transactional }),
    await control(5, 2, 1),
    await control(6, 1, 1),
  ]);
  const aborted = [{ producerId: 1n, firstOffset: 0 }];
  const committed = readRecordBatches(bytes, 0, 'read_committed', aborted);
  expect(valuesOf(committed)).toEqual(['committed', 'plain', 'again']);
  expect(committed.nextOffset).toBe(7);
  const all = readRecordBatches(bytes, 0, 'read_uncommitted', []);
  expect(valuesOf(all)).toEqual(['aborted', 'committed', 'plain', 'again']);
  expect(all.nextOffset).toBe(7);
});

test('a transaction that is aborted twice is left out twice', async () => {
  const options = { producerId: 1, transactional: true };
  const bytes = Buffer.concat([
    await batch(0, ['first'], options),
    await control(1, 1, 0),
    await batch(2, ['kept'], options),
    await control(3, 1, 1),
    await batch(4, ['second'], options),
    await control(5, 1, 0),
  ]);
  const aborted = [
    { producerId: 1n, firstOffset: 4 },
    { producerId: 1n, firstOffset: 0 },
  ];
  expect(valuesOf(readRecordBatches(bytes, 0, 'read_committed', aborted))).toEqual(['kept']);
});

test('with the time of the append all records of a batch have that one', async () => {
  const bytes = withAttributes(await batch(0, ['a', 'b']), 0x08);
  const { records } = readRecordBatches(bytes, 0, 'read_committed', []);
  expect(records.map(({ timestampMs }) => timestampMs)).toEqual([9000, 9000]);
});

test('a batch that was changed on its way is refused', async () => {
  const bytes = await batch(7, ['a', 'b']);
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1;
  expect(() => readRecordBatches(bytes, 7, 'read_committed', [])).toThrow(
    expect.objectContaining({
      code: 'KAFKA_BROKER',
      message: expect.stringContaining('offset 7') as string,
    }),
  );
});

test('records in the format from before Kafka 0.11 are refused', async () => {
  const bytes = await batch(0, ['a']);
  bytes[16] = 1;
  expect(() => readRecordBatches(bytes, 0, 'read_committed', [])).toThrow('format v1');
});
