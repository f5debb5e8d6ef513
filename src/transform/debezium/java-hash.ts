import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectData } from '../../model/connect-record.ts';
import { bigIntToBytes, isDecimal, isStruct } from '../../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Decimal } from '../../model/connect-schema.ts';
import { CONNECT_DATE, DAY_MS } from '../logical-time.ts';
import { murmurOfBytes, murmurOfInt } from './murmur-hash3.ts';

/** `hashCode()` of the object that a value is in Java. */
export function javaHash({ schema, value }: ConnectData): number {
  return hashOf(schema, value);
}

/** MurmurHash3 of text, and of the hash code of anything else. */
export function murmurHash(data: ConnectData): number {
  const { value } = data;
  return typeof value === 'string'
    ? murmurOfBytes(Buffer.from(value))
    : murmurOfInt(javaHash(data));
}

function hashOf(schema: ConnectSchema | null, value: ConnectValue): number {
  if (value === null) return 0;
  if (typeof value === 'string') return textHash(value);
  if (typeof value === 'boolean') return value ? 1231 : 1237;
  if (typeof value === 'bigint') return longHash(value);
  if (typeof value === 'number') return numberHash(schema, value);
  if (Buffer.isBuffer(value))
    return value.reduceRight((hash, byte) => step(hash, (byte << 24) >> 24), 1);
  if (isDecimal(value)) return decimalHash(value);
  if (Array.isArray(value)) {
    const items = value as readonly ConnectValue[];
    return items.reduce(
      (hash: number, item) => step(hash, hashOf(schema?.valueSchema ?? null, item)),
      1,
    );
  }
  const what = isStruct(value) ? 'a struct' : 'a map';
  throw new TidemarkError('TRANSFORM', `PartitionRouting: ${what} has no hash that Java tells`, {
    cure: 'Name the fields in it.',
  });
}

function step(hash: number, item: number): number {
  return (Math.imul(31, hash) + item) | 0;
}

function textHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = step(hash, text.charCodeAt(i));
  return hash;
}

function longHash(value: bigint): number {
  const bits = BigInt.asUintN(64, value);
  return Number(BigInt.asIntN(32, bits ^ (bits >> 32n)));
}

/** Connect's own times are java.util.Date: a long of milliseconds. */
function numberHash(schema: ConnectSchema | null, value: number): number {
  const bits = Buffer.alloc(8);
  switch (schema?.type) {
    case 'float64':
      bits.writeDoubleBE(Number.isNaN(value) ? NaN : value);
      return bits.readInt32BE(0) ^ bits.readInt32BE(4);
    case 'float32':
      bits.writeFloatBE(value);
      return bits.readInt32BE(0);
    default:
  }
  if (schema?.name === CONNECT_DATE) return longHash(BigInt(value * DAY_MS));
  return value | 0;
}

function decimalHash({ unscaled, scale }: Decimal): number {
  const magnitude = unscaled < 0n ? -unscaled : unscaled;
  const bytes = bigIntToBytes(magnitude);
  const words = Buffer.concat([Buffer.alloc((4 - (bytes.length % 4)) % 4), bytes]);
  let hash = 0;
  for (let i = 0; i < words.length; i += 4) hash = step(hash, words.readInt32BE(i));
  return step(unscaled < 0n ? -hash : hash, scale);
}
