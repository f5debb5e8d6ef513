import { must } from '../../foundation/assert.ts';
import { RowImage, ValueKind } from '../../model/row-image.ts';

/** Where values may be raw bytes, each byte is a letter. */
export type KeyEncoding = 'utf8' | 'latin1';

/**
 * The key of a row as text, from the images of a change or of a COPY; null when a part is neither
 * in the row nor in its old image. Equal keys have equal texts: both sessions print alike (P104).
 */
export function rowKey(
  image: RowImage,
  fallback: RowImage | null,
  indexes: readonly number[],
  encoding: KeyEncoding = 'utf8',
): string | null {
  let key = '';
  for (const index of indexes) {
    const value =
      valueAt(image, index, encoding) ??
      (fallback === null ? null : valueAt(fallback, index, encoding));
    if (value === null) return null;
    key += `${value.length}:${value}`;
  }
  return key;
}

/** The same of texts. */
export function rowKeyOf(values: readonly string[]): string {
  return values.map((value) => `${value.length}:${value}`).join('');
}

/** Its parts again, to be asked for. */
export function rowKeyValues(key: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < key.length;) {
    const colon = key.indexOf(':', at);
    const end = colon + 1 + Number(key.slice(at, colon));
    values.push(key.slice(colon + 1, end));
    at = end;
  }
  return values;
}

/** The image of a row of which nothing but the key is known. */
export function keyImage(
  key: string,
  indexes: readonly number[],
  count: number,
  encoding: KeyEncoding = 'utf8',
): RowImage {
  const values = rowKeyValues(key).map((value) => Buffer.from(value, encoding));
  const image = new RowImage();
  image.reset(Buffer.concat(values), count);
  image.kinds.fill(ValueKind.absent, 0, count);
  let at = 0;
  values.forEach((value, i) => {
    const index = must(indexes[i], 'a column of the key');
    image.kinds[index] = ValueKind.text;
    image.starts[index] = at;
    at += value.length;
    image.ends[index] = at;
  });
  return image;
}

function valueAt(image: RowImage, index: number, encoding: KeyEncoding): string | null {
  return image.kinds[index] === ValueKind.text ? (image.text(index, encoding) ?? null) : null;
}

/** No column was left out as unchanged TOAST. */
export function isComplete(image: RowImage): boolean {
  for (let i = 0; i < image.count; i++) if (image.kinds[i] === ValueKind.absent) return false;
  return true;
}
