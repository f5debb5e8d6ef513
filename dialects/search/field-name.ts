import { TidemarkError } from '../../src/foundation/errors.ts';

/*
 * Names of columns as names of fields. A dot parts the names of objects in both products: `a.b` is
 * the field `b` in the object `a`, in a document and in a mapping alike.
 */

/** Fields that every document has for the product itself ("metadata fields" in the docs). */
const RESERVED = new Set(
  `_id _index _source _routing _field_names _ignored _seq_no _primary_term _version _nested_path
    _doc_count _tier _type _size _data_stream_timestamp _ignored_source _inference_fields
    _feature`.split(/\s+/),
);

/** A name that a document may have. Throws SINK_SCHEMA for others. */
export function fieldName(column: string): string {
  const parts = column.split('.');
  const why = RESERVED.has(column)
    ? 'the products have a field of that name themselves'
    : parts.some((part) => part.trim() === '')
      ? 'a part of it is empty'
      : column.includes('\0')
        ? 'it has a NUL'
        : null;
  if (why === null) return column;
  throw new TidemarkError('SINK_SCHEMA', `${JSON.stringify(column)} cannot be a field: ${why}`, {
    cure:
      'Give the column another name on its way (transforms: ReplaceField with renames), or leave ' +
      'it out with column.exclude.list.',
  });
}

/** Throws SINK_SCHEMA where one name is an object because of the dots in another. */
export function refuseAmbiguous(names: readonly string[]): void {
  const all = new Set(names);
  for (const name of names) {
    for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) {
      const object = name.slice(0, at);
      if (!all.has(object)) continue;
      const both = `${JSON.stringify(object)} and ${JSON.stringify(name)}`;
      throw new TidemarkError(
        'SINK_SCHEMA',
        `${both} cannot be fields of one index: the dot makes the former an object`,
        { cure: 'Give one of the columns another name (transforms: ReplaceField with renames).' },
      );
    }
  }
}
