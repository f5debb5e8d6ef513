/** Reflected polynomial of CRC-32C (Castagnoli), which node:zlib does not have. */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

const TABLE = slicedTable();

/**
 * The checksum of Kafka's record batches, over `bytes[start, end)`, as an unsigned number. By the
 * processor's own instruction where the library has a build for it: 0.25 instead of 1.4 ns a byte,
 * which is a tenth of what a record costs on its way to a broker.
 */
export function crc32c(bytes: Buffer, start: number, end: number): number {
  return native === null ? slicedCrc32c(bytes, start, end) : native(bytes.subarray(start, end));
}

type NativeCrc = (bytes: Buffer) => number;

const native = await loadNative();

async function loadNative(): Promise<NativeCrc | null> {
  try {
    return (await import('@node-rs/crc32')).crc32c;
  } catch {
    return null;
  }
}

/** The same without the library. */
export function slicedCrc32c(bytes: Buffer, start: number, end: number): number {
  const table = TABLE;
  let crc = -1;
  let at = start;
  for (const stop = end - (SLICES - 1); at < stop; at += SLICES) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (table[1792 + (crc & 0xff)] as number) ^
      (table[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (table[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (table[1024 + (crc >>> 24)] as number) ^
      (table[768 + (bytes[at + 4] as number)] as number) ^
      (table[512 + (bytes[at + 5] as number)] as number) ^
      (table[256 + (bytes[at + 6] as number)] as number) ^
      (table[bytes[at + 7] as number] as number);
  }
  for (; at < end; at++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

/** Slicing by 8: one table for each distance of a byte from the end of its group of eight. */
function slicedTable(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256] as number;
    table[at] = (before >>> 8) ^ (table[before & 0xff] as number);
  }
  return table;
}
