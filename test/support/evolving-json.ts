/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Below = (below: number) => number;

const LEAVES = ['integer', 'number', 'boolean', 'string'];

/**
 * A record as people write them by hand: open, closed, or open for a type; required fields; choices
 * by either word; lists of types.
 */
export function randomJsonRecord(below: Below, depth = 2): JsonSchema {
  const names = Array.from({ length: 1 + below(3) }, () => 'abcd'.charAt(below(4)));
  const fields = names.map((name) => [name, randomJson(below, depth - 1)] as const);
  const record = { type: 'object', properties: Object.fromEntries(fields) };
  return { ...record, ...required(names, below), ...content(below) };
}

/** After one or two things that people do to schemas. */
export function evolvedJson(schema: JsonSchema, below: Below): JsonSchema {
  const once = changedRecord(schema, below);
  return below(3) === 0 ? changedRecord(once, below) : once;
}

function changedRecord(record: JsonSchema, below: Below): JsonSchema {
  const properties = record['properties'] as Readonly<Record<string, JsonSchema>>;
  const names = Object.keys(properties);
  const name = names[below(names.length)] ?? 'a';
  const field = properties[name] ?? {};
  switch (below(6)) {
    case 0:
      return { ...record, properties: without(properties, name) };
    case 1: {
      const added = { [`n${below(100)}`]: randomJson(below, 1) };
      return { ...record, properties: { ...properties, ...added } };
    }
    case 2:
      return { ...without(record, 'additionalProperties'), ...content(below) };
    case 3:
      return { ...without(record, 'required'), ...required(names, below) };
    default:
      return { ...record, properties: { ...properties, [name]: changed(field, below) } };
  }
}

function changed(schema: JsonSchema, below: Below): JsonSchema {
  const [word, choices] = choicesOf(schema);
  if (word !== null) {
    const [none = {}, one = {}] = choices;
    const other = changed(one, below);
    return below(4) === 0 ? one : { [word]: [none, isChoice(other) ? one : other] };
  }
  if (below(5) === 0) return optional(schema, below);
  if (schema['properties'] !== undefined) return changedRecord(schema, below);
  for (const inner of ['items', 'additionalProperties']) {
    const of = schema[inner];
    if (typeof of === 'object') return { ...schema, [inner]: changed(of as JsonSchema, below) };
  }
  return randomJson(below, 0);
}

function choicesOf(schema: JsonSchema): readonly [string | null, readonly JsonSchema[]] {
  const word = ['oneOf', 'anyOf'].find((one) => schema[one] !== undefined) ?? null;
  return [word, word === null ? [] : (schema[word] as readonly JsonSchema[])];
}

function randomJson(below: Below, depth: number): JsonSchema {
  const leaf = (): JsonSchema => ({ type: LEAVES[below(LEAVES.length)] });
  switch (below(depth > 0 ? 9 : 5)) {
    case 0:
    case 1:
    case 2:
      return leaf();
    case 3:
      return optional(leaf(), below);
    case 4:
      return { type: [leaf()['type'], 'null'] };
    case 5:
      return { type: 'array', items: randomJson(below, depth - 1) };
    case 6:
      return { type: 'object', additionalProperties: randomJson(below, depth - 1) };
    case 7:
      return {};
    default:
      return randomJsonRecord(below, depth);
  }
}

/** A choice holds no choice. */
function optional(schema: JsonSchema, below: Below): JsonSchema {
  if (isChoice(schema)) return schema;
  return { [below(2) === 0 ? 'oneOf' : 'anyOf']: [{ type: 'null' }, schema] };
}

function isChoice(schema: JsonSchema): boolean {
  return choicesOf(schema)[0] !== null || Array.isArray(schema['type']);
}

function content(below: Below): JsonSchema {
  const kinds = [{}, { additionalProperties: false }, { additionalProperties: true }];
  return kinds[below(4)] ?? { additionalProperties: randomJson(below, 0) };
}

function required(names: readonly string[], below: Below): JsonSchema {
  const some = [...new Set(names)].filter(() => below(2) === 0);
  return some.length === 0 || below(2) === 0 ? {} : { required: some };
}

function without<T extends Readonly<Record<string, unknown>>>(from: T, name: string): T {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key !== name)) as T;
}
