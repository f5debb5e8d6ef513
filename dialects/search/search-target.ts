import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import type { ConnectValue } from '../../src/model/connect-schema.ts';

/** What decides the form of fields and documents beside the schema of a row. */
export interface SearchTarget {
  readonly product: 'elasticsearch' | 'opensearch';
  /**
   * Maps are objects, which is also how it is if absent; false: lists of `key` and `value`
   * (compact.map.entries).
   */
  readonly compactMaps?: boolean;
  /**
   * Field types that this server was seen not to have: distributions differ by their modules, and
   * none of them can be asked. Values keep their form, only how they are searched changes.
   */
  readonly lacks?: ReadonlySet<string>;
}

/** Never null: the callers have dealt with null. */
export type Value = Exclude<ConnectValue, null>;

/** What becomes of values of a schema: a field of the mapping, and the JSON of one. */
export interface SearchField {
  readonly mapping: JsonObject;
  readonly encode: (value: Value) => string;
}

/**
 * A keyword longer than this is kept, but not in the index: a term of Lucene has 32766 bytes at
 * most, and a longer one would refuse the document (`ignore_above` in the docs of both products,
 * which count UTF-16 units of up to 4 bytes).
 */
export const KEYWORD_MAX = 8191;

/** Found by their exact text, sorted by its bytes. */
export const KEYWORD: JsonObject = { type: 'keyword', ignore_above: KEYWORD_MAX };

/** A text whose words are searched; as a whole it is `name.keyword`, as both products do. */
export const TEXT: JsonObject = { type: 'text', fields: { keyword: KEYWORD } };

/** Kept as it is, whatever JSON it is, and not searched ("enabled" in the docs of both). */
export const KEPT: JsonObject = { type: 'object', enabled: false };

/** The mapping, or what the server takes in its place. */
export function orElse(target: SearchTarget, mapping: JsonObject, other: JsonObject): JsonObject {
  const { type } = mapping;
  return typeof type === 'string' && target.lacks?.has(type) === true ? other : mapping;
}

const UNKNOWN_TYPE =
  /(?:mapper type \[(\w+)\] declared on field|No handler for type \[(\w+)\] declared)/;

/**
 * The field type that a server says it does not know, of its reason for refusing a mapping or an
 * index; null: it is about something else.
 */
export function lackedType(reason: string): string | null {
  const match = UNKNOWN_TYPE.exec(reason);
  if (match !== null) return match[1] ?? match[2] ?? null;
  return reason.includes('unknown setting [index.knn]') ? 'knn_vector' : null;
}
