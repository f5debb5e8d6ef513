/**
 * One to four bytes, lowest first, which are known to be there: `readUIntLE` would look at what it
 * is given, for every value.
 */
export function unsignedInteger(bytes: Buffer, at: number, width: number): number {
  const first = bytes[at] as number;
  if (width === 1) return first;
  const two = first | ((bytes[at + 1] as number) << 8);
  if (width === 2) return two;
  const three = two | ((bytes[at + 2] as number) << 16);
  return width === 3 ? three : three + (bytes[at + 3] as number) * 0x0100_0000;
}
