import { TidemarkError } from '../../src/foundation/errors.ts';

/*
 * Names of indices (PITFALLS S14; "Create index" in the docs of both products): lower case, at
 * most 255 bytes, none of \ / * ? " < > | , # : and space, not `.` or `..`, and not beginning with
 * - _ +. A name that begins with a dot is for hidden indices and those of the product.
 *
 * Letters are made small and what is not allowed inside of a name becomes `_`, so that every table
 * has an index. (Whether two tables would share one is for the caller to see.) What cannot be
 * mended so is refused.
 */

const ILLEGAL = /[\\/*?"<>|\s,#:]/g;
const BEGIN = /^[-_+.]/;
const BYTES_MAX = 255;

function refuse(text: string, why: string): TidemarkError {
  return new TidemarkError('SINK_SCHEMA', `${JSON.stringify(text)} cannot name an index: ${why}`, {
    cure: 'Make other names of the topics by the format of the index names, or a RegexRouter.',
  });
}

/** The name as the products take it. Throws SINK_SCHEMA where there is none. */
export function indexName(text: string): string {
  const name = text.toLowerCase().replaceAll(ILLEGAL, '_');
  if (name === '') throw refuse(text, 'it is empty');
  if (BEGIN.test(name)) throw refuse(text, `it begins with ${name.slice(0, 1)}`);
  if (Buffer.byteLength(name) > BYTES_MAX)
    throw refuse(text, `it has more than ${BYTES_MAX} bytes`);
  return name;
}
