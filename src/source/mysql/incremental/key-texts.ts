import type { ColumnDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import type { RowImage } from '../../../model/row-image.ts';

const BYTES = /binary$|blob$|^bit$/;

/** A value of a key for people and targets: bytes as hexadecimal digits. */
export function shownText({ type }: ColumnDefinition, image: RowImage, index: number): string {
  if (!BYTES.test(type.base)) return image.text(index) ?? '';
  return Buffer.from(image.text(index, 'latin1') ?? '', 'latin1').toString('hex');
}

/** Such a text as a row has it, each byte a letter. */
export function storedText({ type }: ColumnDefinition, text: string): string {
  const isBytes = BYTES.test(type.base);
  const bytes = isBytes ? Buffer.from(text.replace(/^\\x/, ''), 'hex') : Buffer.from(text);
  return bytes.toString('latin1');
}
