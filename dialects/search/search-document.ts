import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import { valuesOnce } from '../../src/model/connect-schema.ts';
import { fieldName } from './field-name.ts';
import { jsonOf, searchField } from './search-field-types.ts';
import type { SearchField, SearchTarget } from './search-target.ts';

/** The JSON of a row, without the values that are absent; one line. */
export type DocumentEncoder = (row: Struct, absent: readonly string[]) => string;

interface Column {
  readonly name: string;
  /** `"name":` */
  readonly begin: string;
  readonly field: SearchField;
}

/**
 * Compiles the encoder of a row's schema. A null is written: it tells a value that is there and
 * none from one that the record does not have. Throws SINK_SCHEMA for columns that can be no
 * fields; the encoder throws VALUE_CONVERSION with the name of the column. A row that is read when
 * it is asked for does not keep its values: a document is made once, or seldom again.
 */
export function documentEncoder(schema: ConnectSchema, target: SearchTarget): DocumentEncoder {
  const columns = (schema.fields ?? []).map(({ name, schema: own }): Column => ({
    name,
    begin: `${JSON.stringify(fieldName(name))}:`,
    field: searchField(own, target),
  }));
  return (row, absent) => {
    const values = valuesOnce(row);
    let text = '{';
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as Column;
      if (absent.length > 0 && absent.includes(column.name)) continue;
      const json = valueJson(column, values[i] ?? null);
      text += text === '{' ? column.begin + json : `,${column.begin}${json}`;
    }
    return `${text}}`;
  };
}

function valueJson({ name, field }: Column, value: Struct['values'][number]): string {
  try {
    return jsonOf(field, value);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    const cure = error.cure === undefined ? {} : { cure: error.cure };
    throw new TidemarkError(error.code, `${name}: ${error.message}`, { cause: error, ...cure });
  }
}
