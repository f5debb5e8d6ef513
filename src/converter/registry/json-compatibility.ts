import { TidemarkError } from '../../foundation/errors.ts';
import { isJsonObject, parseLosslessJson } from '../../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';

/**
 * Whose rules: `confluent` asks whether a reader takes every value that a writer may write;
 * `apicurio` asks that, too, and knows no way from one type to a choice that has it.
 */
export type JsonRules = 'confluent' | 'apicurio';

/** Confluent's, but for the product whose API of that kind lies under a path of its own. */
export function jsonRulesAt(urls: readonly string[]): JsonRules {
  return urls.some((url) => url.includes('/apis/ccompat/')) ? 'apicurio' : 'confluent';
}

/** What keeps the data of one schema from being data of another. */
export interface JsonProblem {
  /** Fields from the record's root, with points between; empty: the record itself. */
  readonly path: string;
  readonly what: string;
}

/** A JSON Schema as far as the records of tables need it, and what comes near. */
export type JsonShape =
  | { readonly kind: 'any' }
  | { readonly kind: 'none' }
  | JsonScalar
  | JsonChoice
  | JsonRecord
  | { readonly kind: 'array'; readonly items: JsonShape };

interface JsonScalar {
  readonly kind: 'null' | 'boolean' | 'string' | 'integer' | 'number';
  /** What Connect calls it, where it is told. */
  readonly connectType: string | null;
}

interface JsonChoice {
  readonly kind: 'choice';
  readonly word: 'oneOf' | 'anyOf';
  readonly choices: readonly JsonShape[];
}

/** An object: fields with schemas of their own, and the others. */
export interface JsonRecord {
  readonly kind: 'object';
  readonly properties: ReadonlyMap<string, JsonShape>;
  readonly required: readonly string[];
  /** Of fields that have no schema of their own: any (an open record), none, or a schema. */
  readonly others: JsonShape;
  /** Keys are data. */
  readonly isMap: boolean;
}

/** Null: it has words whose meaning is the registry's alone to tell. Throws SCHEMA_INVALID. */
export function parseJsonShape(text: string): JsonShape | null {
  let node: JsonNode;
  try {
    node = parseLosslessJson(text);
  } catch (cause) {
    throw new TidemarkError('SCHEMA_INVALID', 'the JSON Schema is not JSON', { cause });
  }
  return shapeOf(node);
}

/** What of the data that `writer` allows `reader` does not. */
export function jsonReadingProblems(
  reader: JsonShape,
  writer: JsonShape,
  rules: JsonRules,
): readonly JsonProblem[] {
  const check = new JsonReadCheck(rules);
  check.shapes(reader, writer, '');
  return check.problems;
}

/** `int or null`, as the same type is called in Avro where it has a name there. */
export function shownShape(shape: JsonShape): string {
  switch (shape.kind) {
    case 'any':
      return 'anything';
    case 'none':
      return 'nothing';
    case 'object':
      return shape.isMap ? `map of ${shownShape(shape.others)}` : 'record';
    case 'array':
      return `array of ${shownShape(shape.items)}`;
    case 'choice': {
      const others = shape.choices.filter(({ kind }) => kind !== 'null').map(shownShape);
      return [...others, ...(others.length < shape.choices.length ? ['null'] : [])].join(' or ');
    }
    default:
      return AVRO_NAMES[shape.connectType ?? ''] ?? shape.kind;
  }
}

const AVRO_NAMES: Readonly<Record<string, string>> = {
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'long',
  float32: 'float',
  float64: 'double',
  bytes: 'bytes',
};

/** They say nothing of which data are valid; `connect.…` is besides. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

const SCALARS: ReadonlySet<unknown> = new Set(['null', 'boolean', 'string', 'integer', 'number']);

function shapeOf(node: JsonNode | undefined): JsonShape | null {
  if (node === undefined || node === true) return { kind: 'any' };
  if (node === false) return { kind: 'none' };
  if (!isJsonObject(node)) return null;
  const words = Object.keys(node).filter(
    (word) => !ANNOTATIONS.has(word) && !word.startsWith('connect.'),
  );
  const { type } = node;
  if (type === undefined) return untypedShape(node, words);
  if (Array.isArray(type)) {
    const choices = (type as readonly JsonNode[]).map((one) => shapeOf({ ...node, type: one }));
    return choiceOf('anyOf', choices);
  }
  if (type === 'object') return recordOf(node, words);
  if (type === 'array') {
    const items = has(words, ['type', 'items']) ? shapeOf(node['items']) : null;
    return items && { kind: 'array', items };
  }
  if (!SCALARS.has(type) || !has(words, ['type'])) return null;
  const connectType = node['connect.type'];
  return {
    kind: type as JsonScalar['kind'],
    connectType: typeof connectType === 'string' ? connectType : null,
  };
}

function untypedShape(node: JsonObject, words: readonly string[]): JsonShape | null {
  const [word, ...more] = words;
  if (word === undefined) return { kind: 'any' };
  if (more.length > 0 || (word !== 'oneOf' && word !== 'anyOf')) return null;
  const all = node[word];
  return Array.isArray(all) ? choiceOf(word, (all as readonly JsonNode[]).map(shapeOf)) : null;
}

function choiceOf(
  word: JsonChoice['word'],
  choices: readonly (JsonShape | null)[],
): JsonShape | null {
  const known = choices.flatMap((choice) => choice ?? []);
  const isPlain = known.length === choices.length && known.every(({ kind }) => kind !== 'choice');
  return isPlain ? { kind: 'choice', word, choices: known } : null;
}

function recordOf(node: JsonObject, words: readonly string[]): JsonShape | null {
  if (!has(words, ['type', 'properties', 'required', 'additionalProperties'])) return null;
  const { properties = {}, required = [], additionalProperties } = node;
  if (!isJsonObject(properties) || !Array.isArray(required)) return null;
  const others = shapeOf(additionalProperties);
  const fields = new Map<string, JsonShape>();
  for (const [name, own] of Object.entries(properties)) {
    const shape = shapeOf(own);
    if (shape === null) return null;
    fields.set(name, shape);
  }
  if (others === null) return null;
  const isMap = node['connect.type'] === 'map' || (fields.size === 0 && others.kind !== 'any');
  return { kind: 'object', properties: fields, required: required as string[], others, isMap };
}

function has(words: readonly string[], known: readonly string[]): boolean {
  return words.every((word) => known.includes(word));
}

class JsonReadCheck {
  readonly problems: JsonProblem[] = [];
  readonly #rules: JsonRules;

  constructor(rules: JsonRules) {
    this.#rules = rules;
  }

  shapes(reader: JsonShape, writer: JsonShape, path: string): void {
    if (reader.kind === 'any' || writer.kind === 'none') return;
    if (reader.kind === 'choice' || writer.kind === 'choice') {
      this.#choices(reader, writer, path);
      return;
    }
    if (reader.kind === 'object' && writer.kind === 'object') {
      this.#records(reader, writer, path);
      return;
    }
    if (reader.kind === 'array' && writer.kind === 'array') {
      this.shapes(reader.items, writer.items, `${path}[]`);
      return;
    }
    const isWider = reader.kind === 'number' && writer.kind === 'integer';
    if (reader.kind !== writer.kind && !isWider) this.#retyped(reader, writer, path);
  }

  #choices(reader: JsonShape, writer: JsonShape, path: string): void {
    if (this.#rules === 'apicurio' && !wayBetween(reader, writer)) {
      this.#retyped(reader, writer, path);
      return;
    }
    const [of, from] = [choicesOf(reader), choicesOf(writer)];
    const isOtherWord = from.word !== null && of.word !== null && of.word !== from.word;
    if (this.#rules === 'apicurio' && isOtherWord) return;
    if (this.#rules === 'apicurio' && of.choices.length < from.choices.length) {
      this.#retyped(reader, writer, path);
      return;
    }
    const unread = from.choices.filter((one) => !of.choices.some((own) => this.#reads(own, one)));
    if (unread.length === 0) return;
    // Of something that may be null, or may not: say what is wrong inside of it.
    const [[own, ...moreOwn], [one, ...more]] = [of, from].map(({ choices }) =>
      choices.filter(({ kind }) => kind !== 'null'),
    ) as [JsonShape[], JsonShape[]];
    const isInside =
      own !== undefined &&
      one !== undefined &&
      own.kind === one.kind &&
      unread.length === 1 &&
      unread[0] === one;
    if (isInside && moreOwn.length + more.length === 0) this.shapes(own, one, path);
    else this.#retyped(reader, writer, path);
  }

  #reads(reader: JsonShape, writer: JsonShape): boolean {
    const check = new JsonReadCheck(this.#rules);
    check.shapes(reader, writer, '');
    return check.problems.length === 0;
  }

  #records(reader: JsonRecord, writer: JsonRecord, path: string): void {
    for (const [name, own] of reader.properties) {
      const at = path === '' ? name : `${path}.${name}`;
      const written = writer.properties.get(name);
      if (written !== undefined) this.shapes(own, this.#asWritten(written, own), at);
      else if (!this.#takesNew(own, reader, writer)) {
        const what = 'has a type where the other schema lets anything be';
        this.problems.push({ path: at, what });
      }
    }
    for (const [name, written] of writer.properties) {
      if (reader.properties.has(name) || this.#reads(reader.others, written)) continue;
      const what =
        reader.others.kind === 'none' ? 'is not let in' : 'is not what others have to be';
      this.problems.push({ path: path === '' ? name : `${path}.${name}`, what });
    }
    const missing = reader.required.filter((name) => !writer.required.includes(name));
    for (const name of missing) {
      this.problems.push({ path: path === '' ? name : `${path}.${name}`, what: 'is required' });
    }
    if (!this.#reads(reader.others, writer.others)) {
      this.problems.push({ path: path === '' ? '' : `${path}{}`, what: 'lets less fields in' });
    }
  }

  /** A field of the reader's that the writer has no schema for: it may have written anything. */
  #takesNew(own: JsonShape, reader: JsonRecord, writer: JsonRecord): boolean {
    if (writer.others.kind === 'none') return true;
    if (this.#rules === 'confluent') return this.#reads(own, writer.others);
    // It asks the other way round.
    const isOpen = writer.others.kind === 'any' || reader.others.kind === 'none';
    return !isOpen && this.#reads(writer.others, own);
  }

  /** To Apicurio a field that is a string, and no other type, is one of any in a choice. */
  #asWritten(written: JsonShape, own: JsonShape): JsonShape {
    const isWrapped =
      this.#rules === 'apicurio' && own.kind === 'choice' && written.kind === 'string';
    return isWrapped ? { kind: 'choice', word: 'anyOf', choices: [written] } : written;
  }

  #retyped(reader: JsonShape, writer: JsonShape, path: string): void {
    this.problems.push({ path, what: `was ${shownShape(writer)}, is ${shownShape(reader)}` });
  }
}

/** Apicurio compares choices with choices alone. */
function wayBetween(reader: JsonShape, writer: JsonShape): boolean {
  if (reader.kind !== 'choice' || writer.kind !== 'choice') return false;
  return reader.word === writer.word || reader.word === 'anyOf';
}

function choicesOf(shape: JsonShape): Pick<JsonChoice, 'choices'> & { word: string | null } {
  return shape.kind === 'choice' ? shape : { choices: [shape], word: null };
}
