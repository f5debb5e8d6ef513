import { TidemarkError } from '../foundation/errors.ts';

const MAGIC = 0x00;

/** How long Confluent's prefix is: `00`, then the id of the schema (PITFALLS C1). */
export const PREFIX_BYTES = 5;

/** What stands in front of a record of the schema. */
export function schemaIdPrefix(id: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(id, 1);
  return prefix;
}

/** The id in front of a record. Throws RECORD_FORMAT. */
export function schemaIdOf(topic: string, bytes: Buffer): number {
  if (bytes.length >= PREFIX_BYTES && bytes[0] === MAGIC) return bytes.readUInt32BE(1);
  const start = bytes.subarray(0, 8).toString('hex');
  throw new TidemarkError(
    'RECORD_FORMAT',
    `a record of ${topic} does not begin with a schema id (it begins with ${start || 'nothing'})`,
  );
}
