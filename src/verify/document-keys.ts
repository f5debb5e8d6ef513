import { documentId, isDigest } from '../../dialects/search/document-id.ts';
import { fieldName } from '../../dialects/search/field-name.ts';
import { parsedDocumentId, tellsKey } from '../../dialects/search/parsed-document-id.ts';
import { searchField } from '../../dialects/search/search-field-types.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { formatLosslessJson, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { ConnectField, ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { changeOf } from '../sink/record-change.ts';
import { sameDigits, sameJson } from './same-json.ts';
import type { KeyTexts } from './verify-ports.ts';

/** What a text of the source is as a value of a field of the key; undefined: nothing. */
export type ValueOfText = (field: string, text: string) => ConnectValue | undefined;

/** Whose document one is. `none`: no row can have it. `unknown`: nobody can tell. */
export type DocumentOwner =
  | { readonly kind: 'row'; readonly key: KeyTexts }
  | { readonly kind: 'none' | 'unknown'; readonly key: KeyTexts };

/**
 * Keys of documents as the source prints them. An id tells the values of a record; which text of
 * the source they come from is tried, by reading it as the source's rows are read: what does not
 * come back as the same key is never asked for.
 */
export class DocumentKeys {
  readonly #schema: ConnectSchema;
  readonly #fields: readonly ConnectField[];
  readonly #valueOf: ValueOfText;
  /** Of keys whose texts nobody reads back. */
  readonly #ids = new Map<string, string>();

  constructor(schema: ConnectSchema, valueOf: ValueOfText) {
    this.#schema = schema;
    this.#fields = schema.fields ?? [];
    this.#valueOf = valueOf;
  }

  /** The first field of the key whose values no id tells; null: there is none. */
  get untold(): string | null {
    return this.#fields.find(({ schema }) => !tellsKey(schema))?.name ?? null;
  }

  get names(): readonly string[] {
    return this.#fields.map(({ name }) => name);
  }

  /** The same texts for the same document, whatever told of it. */
  textsOf(key: Struct): KeyTexts {
    const id = documentId(key);
    const same = parsedDocumentId(id, this.#schema) ?? key;
    const parts = this.#fields.map((field, i) => this.#text(field, same.values[i] ?? null));
    const texts = parts.map(({ text }) => text);
    if (!parts.every(({ isSure }) => isSure)) this.#ids.set(JSON.stringify(texts), id);
    return texts;
  }

  /** The id for such texts; null: of no document that was told of. */
  idOf(texts: KeyTexts): string | null {
    const known = this.#ids.get(JSON.stringify(texts));
    if (known !== undefined) return known;
    const values = this.#fields.map((field, i) => this.#value(field, texts[i] ?? ''));
    if (values.includes(undefined)) return null;
    const key = values.map((value) => value ?? null);
    return documentId({ schema: this.#schema, values: key });
  }

  #value({ name, schema }: ConnectField, text: string): ConnectValue | undefined {
    if (isPlainBytes(schema)) return Buffer.from(text.slice(2), 'hex');
    return this.#valueOf(name, text);
  }

  /** `stored`: the document; of a long id its fields are what tells the key. */
  ofDocument(id: string, stored: JsonObject): DocumentOwner {
    if (isDigest(id)) return this.#ofFields(id, stored);
    const key = parsedDocumentId(id, this.#schema);
    if (key === null) return { kind: 'none', key: this.#unknown(id) };
    const texts = this.#fields.map((field, i) => this.#text(field, key.values[i] ?? null));
    const isKnown = texts.every(({ isSure }) => isSure);
    return { kind: isKnown ? 'row' : 'unknown', key: texts.map(({ text }) => text) };
  }

  /** Of a row that stands in the document of another one; its own fields tell the key. */
  ofElement(element: JsonObject): DocumentOwner {
    const nodes = this.#fields.map(({ name }) => element[fieldName(name)] ?? null);
    const values = this.#fields.map((field, i) => this.#valueOfNode(field, nodes[i] ?? null));
    if (!values.includes(undefined)) {
      const key = { schema: this.#schema, values: values.map((value) => value ?? null) };
      return { kind: 'row', key: this.textsOf(key) };
    }
    const texts = nodes.map((node) => (typeof node === 'string' ? node : formatLosslessJson(node)));
    return { kind: nodes.includes(null) ? 'none' : 'unknown', key: texts };
  }

  /** The one that the sink writes just so; undefined: there is none. */
  #valueOfNode({ name, schema }: ConnectField, node: JsonNode): ConnectValue | undefined {
    if (isPlainBytes(schema)) {
      return typeof node === 'string' ? Buffer.from(node, 'base64') : undefined;
    }
    const { encode } = searchField(schema, { product: 'elasticsearch' });
    return guesses(node)
      .map((text) => this.#valueOf(name, text))
      .find((value) => {
        if (value === undefined || value === null) return false;
        return sameJson(parseLosslessJson(encode(value)), node, sameDigits);
      });
  }

  #ofFields(id: string, stored: JsonObject): DocumentOwner {
    const values = this.#fields.map((field): ConnectValue | undefined => {
      const node = stored[fieldName(field.name)];
      if (isPlainBytes(field.schema)) {
        return typeof node === 'string' ? Buffer.from(node, 'base64') : undefined;
      }
      for (const text of guesses(node)) {
        const value = this.#valueOf(field.name, text);
        if (value !== undefined) return value;
      }
      return undefined;
    });
    const key = { schema: this.#schema, values: values.map((value) => value ?? null) };
    if (values.includes(undefined) || documentId(key) !== id) {
      return { kind: 'unknown', key: this.#unknown(id) };
    }
    return { kind: 'row', key: this.textsOf(key) };
  }

  /** In as many texts as keys have, so that it is no other key. */
  #unknown(id: string): KeyTexts {
    return this.#fields.map((_, i) => (i === 0 ? id : ''));
  }

  #text(field: ConnectField, value: ConnectValue): { readonly text: string; isSure: boolean } {
    const { name, schema } = field;
    if (value === null) return { text: '', isSure: false };
    // Both families read bytes by their digits.
    if (isPlainBytes(schema) && Buffer.isBuffer(value)) {
      return { text: `\\x${value.toString('hex')}`, isSure: true };
    }
    const id = partId(field, value);
    const json = searchField(schema, { product: 'elasticsearch' }).encode(value);
    const own = typeof value === 'string' ? value : id;
    const sure = [own, ...guesses(parseLosslessJson(json))].find((text) => {
      const back = this.#valueOf(name, text);
      return back !== undefined && back !== null && partId(field, back) === id;
    });
    return { text: sure ?? own, isSure: sure !== undefined };
  }
}

/** The keys that records change; null: a truncate may have changed any. */
export function changedKeys(
  records: readonly SinkRecord[],
  keys: DocumentKeys,
): readonly KeyTexts[] | null {
  const changed: KeyTexts[] = [];
  for (const record of records) {
    const { kind } = changeOf(record);
    if (kind === 'truncate') return null;
    if (kind === 'skip' || record.key === null) continue;
    changed.push(keys.textsOf(record.key));
    if (record.movedTo !== undefined) changed.push(keys.textsOf(record.movedTo));
  }
  return changed;
}

/** Sources of both families take such a key as `\x` and its digits. */
function isPlainBytes({ type, name }: ConnectSchema): boolean {
  return type === 'bytes' && name === undefined;
}

/** The part of an id that a value makes. */
function partId(field: ConnectField, value: ConnectValue): string {
  const schema = { type: 'struct', optional: false, fields: [field] } as const;
  return documentId({ schema, values: [value] });
}

/** Texts of which a value of a document may have been made. */
function guesses(node: JsonNode | undefined): readonly string[] {
  if (node === undefined || node === null) return [];
  if (typeof node === 'boolean') return node ? ['t', '1'] : ['f', '0'];
  const text = typeof node === 'string' ? node : formatLosslessJson(node);
  const spaced = text.replace('T', ' ');
  const local = spaced.replace(/Z$/, '');
  return [text, spaced, `${local}+00`, local, `\\x${text}`];
}
