import { fieldName } from '../../dialects/search/field-name.ts';
import type { DocumentEncoder } from '../../dialects/search/search-document.ts';
import { documentEncoder } from '../../dialects/search/search-document.ts';
import { searchField } from '../../dialects/search/search-field-types.ts';
import type { SearchTarget } from '../../dialects/search/search-target.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import {
  formatLosslessJson,
  isJsonObject,
  parseLosslessJson,
} from '../foundation/lossless-json.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { SearchProduct } from '../sink/search/search-client.ts';
import type { SearchSinkOptions } from '../sink/search/search-sink-options.ts';
import type { SameNumber } from './same-json.ts';
import { sameDigits, sameDouble, sameJson, sameSingle } from './same-json.ts';
import type { ColumnDifference } from './verify-ports.ts';

/** How rows of a schema are compared. */
interface Comparison {
  readonly encode: DocumentEncoder;
  readonly columns: readonly {
    readonly name: string;
    readonly field: string;
    readonly sameNumber: SameNumber;
  }[];
}

/**
 * Rows beside their documents, field by field, as the sink would write them. Fields that the row
 * does not have (of a dropped column, of the change, of other tables) are nobody's to judge.
 */
export class DocumentRows {
  readonly #target: SearchTarget;
  readonly #isMerged: boolean;
  readonly #comparisons = new WeakMap<ConnectSchema, Comparison>();

  constructor(
    product: SearchProduct['name'],
    { compactMaps, writeMethod }: Pick<SearchSinkOptions, 'compactMaps' | 'writeMethod'>,
  ) {
    this.#target = { product, compactMaps };
    this.#isMerged = writeMethod === 'update';
  }

  /** What the sink writes for a row. */
  documentOf(row: Struct): JsonObject {
    const { encode } = this.#comparisonOf(row.schema);
    const document = parseLosslessJson(encode(row, []));
    if (!isJsonObject(document)) throw new Error('a document is an object');
    return document;
  }

  differences(
    row: Struct,
    stored: JsonObject,
    expected = this.documentOf(row),
  ): readonly ColumnDifference[] {
    const { columns } = this.#comparisonOf(row.schema);
    return columns.flatMap(({ name, field, sameNumber }): readonly ColumnDifference[] => {
      // What a document does not have is null: the column came after it was written.
      const [source, target] = [expected[field] ?? null, stored[field] ?? null];
      if (sameJson(source, target, sameNumber)) return [];
      return [{ name, source: shown(source), target: shown(target) }];
    });
  }

  #comparisonOf(schema: ConnectSchema): Comparison {
    let comparison = this.#comparisons.get(schema);
    if (comparison === undefined) {
      const target = this.#target;
      const columns = (schema.fields ?? []).map(({ name, schema: column }) => {
        const isVector = searchField(column, target).mapping['type'] === 'dense_vector';
        // Merging has the server write the document anew, from the numbers of Java.
        const others = this.#isMerged ? sameDouble : sameDigits;
        return { name, field: fieldName(name), sameNumber: isVector ? sameSingle : others };
      });
      comparison = { encode: documentEncoder(schema, target), columns };
      this.#comparisons.set(schema, comparison);
    }
    return comparison;
  }
}

/** Null is null. */
function shown(node: JsonNode): string | null {
  if (node === null || typeof node === 'string') return node;
  return formatLosslessJson(node);
}
