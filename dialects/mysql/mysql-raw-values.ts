/** BIT(1) as a boolean. */
export function parseRawBit(text: string): boolean {
  return text.charCodeAt(text.length - 1) === 1;
}

/** BIT(n), which the server has with the highest byte first, as Debezium's Bits (PITFALLS B76). */
export function parseRawBits(text: string): Buffer {
  const { length } = text;
  return Buffer.from(Array.from({ length }, (_, i) => text.charCodeAt(length - 1 - i)));
}
