import type { JsonNode, JsonObject } from '../../src/foundation/lossless-json.ts';
import { isJsonObject } from '../../src/foundation/lossless-json.ts';

/** `index.mapping.total_fields.limit` of both products by default. */
const FIELDS_LIMIT = 1000;
/** Of the limit: from here on it is time to tell. */
const NEAR = 0.9;

/** How near a mapping is to what its index allows. */
export interface FieldRoom {
  readonly fields: number;
  readonly limit: number;
  /** `over`: the server would refuse it. */
  readonly state: 'free' | 'near' | 'over';
}

/**
 * How many fields a mapping has as the servers count them: objects and sub-fields, too ("Mapping
 * limit settings" in the docs).
 */
export function countFields(mapping: JsonObject): number {
  const parts = [mapping['properties'], mapping['fields']].filter(isJsonObject);
  return parts.reduce(
    (sum, part) =>
      sum +
      Object.values(part).reduce<number>(
        (all, field) => all + 1 + (isJsonObject(field) ? countFields(field) : 0),
        0,
      ),
    0,
  );
}

/** The limit that a new index needs for a mapping; null: the default is enough. */
export function limitFor(mapping: JsonObject): number | null {
  const count = countFields(mapping);
  // Room for columns to come: the limit is there to stop documents that make up fields.
  return count * 2 > FIELDS_LIMIT ? count * 2 : null;
}

/** What a mapping comes to with additions; `settings` as `GET index` has them. */
export function fieldRoom(
  mapping: JsonObject,
  additions: JsonObject,
  settings: JsonNode | undefined,
): FieldRoom {
  const fields = countFields(merged(mapping, additions));
  const limit = limitOf(settings);
  const state = fields > limit ? 'over' : fields > limit * NEAR ? 'near' : 'free';
  return { fields, limit, state };
}

function merged(one: JsonObject, other: JsonObject): JsonObject {
  const all: Record<string, JsonNode> = { ...one };
  for (const [name, node] of Object.entries(other)) {
    const before = all[name];
    all[name] = isJsonObject(before) && isJsonObject(node) ? merged(before, node) : node;
  }
  return all;
}

/** Settings are told as objects within objects, numbers as texts. */
function limitOf(settings: JsonNode | undefined): number {
  const way = ['index', 'mapping', 'total_fields', 'limit'];
  const told = way.reduce<JsonNode | undefined>(
    (node, name) => (isJsonObject(node) ? node[name] : undefined),
    settings,
  );
  const limit = Number(told);
  return typeof told === 'string' && Number.isFinite(limit) ? limit : FIELDS_LIMIT;
}
