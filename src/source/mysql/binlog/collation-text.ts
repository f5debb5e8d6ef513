import { isUtf8 } from 'node:buffer';
import {
  converterOfCollation,
  type TextConverter,
} from '../../../../dialects/mysql/mysql-charsets.ts';
import { ByteWriter } from '../../../foundation/byte-writer.ts';

const scratch = new ByteWriter(1024);
const converters = new Map<number, TextConverter | null>();

/**
 * Bytes of a collation's character set as a string; without a collation they are UTF-8. So are
 * those of a collation that a newer server brought, as long as they can be: a statement or a table
 * that nobody captures must not end the stream.
 * @throws DecodeError when an unknown collation's bytes are something else
 */
export function collationText(bytes: Buffer, collation: number | null): string {
  const convert = collation === null ? null : converterOf(collation, bytes);
  if (convert === null) return bytes.toString('utf8');
  scratch.clear();
  convert(bytes, 0, bytes.length, scratch);
  return scratch.written().toString('utf8');
}

function converterOf(collation: number, bytes: Buffer): TextConverter | null {
  const known = converters.get(collation);
  if (known !== undefined) return known;
  try {
    const converter = converterOfCollation(collation);
    converters.set(collation, converter);
    return converter;
  } catch (error) {
    if (isUtf8(bytes)) return null;
    throw error;
  }
}
