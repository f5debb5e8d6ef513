import { createRequire } from 'node:module';

/** kafkajs's own coding of record batches, which other tests hold ours against. */
const load = createRequire(import.meta.url);

interface LibraryRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}

interface LibraryBatch {
  readonly crc: number;
  readonly inTransaction: boolean;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly maxTimestamp: string;
  readonly lastOffsetDelta: number;
  readonly records: readonly LibraryRecord[];
}

const Decoder = load('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;
const decode = load('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: object,
) => Promise<LibraryBatch>;
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  readonly RecordBatch: (options: object) => Promise<{ readonly buffer: Buffer }>;
};
const Record = load('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
  options: object,
) => object;

/** A batch as the library reads it. */
export function decodedByLibrary(bytes: Buffer): Promise<LibraryBatch> {
  return decode(new Decoder(bytes));
}

/** A batch as the library writes it. */
export async function encodedByLibrary(
  records: readonly { readonly key: string | null; readonly value: string | null }[],
  options: object,
): Promise<Buffer> {
  const encoded = records.map(({ key, value }, offsetDelta) =>
    Record({ key, value, offsetDelta, timestampDelta: offsetDelta, headers: { h: 'v' } }),
  );
  const lastOffsetDelta = records.length - 1;
  return (await RecordBatch({ records: encoded, lastOffsetDelta, ...options })).buffer;
}
