import type { ByteWriter } from '../foundation/byte-writer.ts';

/** Writes the value whose source text stands in `bytes[start, end)`; the text is never null. */
export type TextEncoder = (bytes: Buffer, start: number, end: number, out: ByteWriter) => void;
