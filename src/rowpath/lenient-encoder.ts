import { TidemarkError } from '../foundation/errors.ts';
import type { PreparedBytes } from './prepared-bytes.ts';
import { writePrepared } from './prepared-bytes.ts';
import type { TextEncoder } from './text-encoder.ts';

/**
 * An encoder that writes null, or a placeholder, where a value has no form in its schema.
 * `prefixLength` bytes stand before the value already and belong to the other as well.
 */
export function lenientEncoder(
  encode: TextEncoder,
  prefixLength: number,
  placeholder: PreparedBytes,
  note: () => void,
): TextEncoder {
  return (bytes, start, end, out) => {
    const before = out.position - prefixLength;
    try {
      encode(bytes, start, end, out);
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code !== 'VALUE_CONVERSION') throw error;
      out.position = before;
      writePrepared(out, placeholder);
      note();
    }
  };
}
