import type { ConnectSchema } from '../model/connect-schema.ts';
import type { TextFormat } from '../model/table-schema.ts';
import type { TextEncoder } from './text-encoder.ts';

/** More than the types of any database; past it each column has its own. */
const ENCODERS_MAX = 16_384;
const encoders = new Map<string, TextEncoder>();

/**
 * One encoder for all columns of the same type, whatever their tables. With an own one for each,
 * the rows of 500 tables in turn cost twice as much: none was in the processor's cache when its row
 * came. `variant` tells what else the encoder depends on.
 */
export function sharedEncoder(
  format: TextFormat,
  schema: ConnectSchema,
  variant: string,
  make: () => TextEncoder,
): TextEncoder {
  // A converter's function has no text that could tell it from another.
  if (format.kind === 'custom') return make();
  const key = variant + JSON.stringify([format, schema], exactly);
  const known = encoders.get(key);
  if (known !== undefined) return known;
  const encoder = make();
  if (encoders.size < ENCODERS_MAX) encoders.set(key, encoder);
  return encoder;
}

/** What JSON has no form for, so that different values never look the same. */
function exactly(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: value.toString() };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (value instanceof Map) return { map: [...value] };
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  return Object.is(value, -0) ? { number: '-0' } : value;
}
