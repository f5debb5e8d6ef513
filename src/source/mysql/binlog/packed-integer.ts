import type { ByteReader } from '../../../foundation/byte-reader.ts';

/** A length-encoded integer: one byte up to 250, or 252 to 254 and two, three or eight bytes. */
export function packedInteger(reader: ByteReader): bigint {
  const first = reader.u8();
  if (first < 251) return BigInt(first);
  switch (first) {
    case 252:
      return BigInt(reader.u16le());
    case 253:
      return BigInt(reader.u24le());
    case 254:
      return reader.u64le();
    default:
      return reader.fail(`${first} is no length`);
  }
}

/** The same for counts and lengths of what follows: never more than there are bytes. */
export function packedLength(reader: ByteReader): number {
  const first = reader.u8();
  if (first < 251) return checked(reader, first);
  reader.position -= 1;
  const value = packedInteger(reader);
  return checked(reader, value > 0xffff_ffffn ? 0xffff_ffff : Number(value));
}

function checked(reader: ByteReader, value: number): number {
  if (value > reader.remaining) reader.fail(`a length of ${value}`);
  return value;
}

/** A position in a file as a number; larger ones than exist are refused. */
export function filePosition(reader: ByteReader, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) reader.fail(`position ${value}`);
  return Number(value);
}

/**
 * The variable-length integer of GTID_TAGGED and its like: as many one bits as further bytes at the
 * low end of the first byte, then a zero (not before eight further bytes), then the value.
 */
export function variableInteger(reader: ByteReader): bigint {
  const first = reader.u8();
  let further = 0;
  while (further < 8 && ((first >> further) & 1) === 1) further++;
  let value = BigInt(first) >> BigInt(Math.min(further + 1, 8));
  const bitsOfFirst = BigInt(Math.max(7 - further, 0));
  for (let i = 0; i < further; i++) value |= BigInt(reader.u8()) << (bitsOfFirst + BigInt(8 * i));
  return value;
}

/** The same with a sign, which stands in the lowest bit. */
export function signedVariableInteger(reader: ByteReader): bigint {
  const value = variableInteger(reader);
  return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
}
