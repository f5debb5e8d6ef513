import { expect, test } from 'vitest';
import { documentId } from '../../dialects/search/document-id.ts';
import { jsonOf, searchField } from '../../dialects/search/search-field-types.ts';
import { parseText } from '../../dialects/text-values.ts';
import { must } from '../../src/foundation/assert.ts';
import type { JsonNode } from '../../src/foundation/lossless-json.ts';
import { parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import type { ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { DocumentKeys } from '../../src/verify/document-keys.ts';
import { postgresColumnForm } from '../support/postgres-type-schemas.ts';

/** Types of keys, and a text of each as PostgreSQL prints it. */
const KEYS = {
  bigint: '-9223372036854775808',
  'numeric(12,4)': '-0.0100',
  numeric: '12345678901234567890.5',
  text: 'a "b" T\\',
  'character varying(20)': '2026-01-01T00:00:00Z',
  uuid: '0b8ad4a4-3a5e-4b0c-9b8e-6c1b0a5d2f10',
  date: '2026-02-28',
  'timestamp without time zone': '2026-02-28 23:59:59.123456',
  'timestamp with time zone': '2026-02-28 23:59:59.123456+00',
  'time without time zone': '23:59:59.5',
  bytea: '\\x00ff5c',
  boolean: 't',
  mood: 'ok',
  'bit(5)': '01010',
  'double precision': '0.1',
  inet: '10.0.0.1/8',
} as const;

const FORMS = Object.entries(KEYS).map(([type, text], i) => {
  const { schema, format } = postgresColumnForm(type);
  return { type, text, schema, format, name: `k${i}` };
});
type Form = (typeof FORMS)[number];

function keyOf(forms: readonly Form[], texts = forms.map(({ text }) => text as string)): Struct {
  const fields = forms.map(({ name, schema }) => ({ name, schema }));
  const values = forms.map(({ format, schema }, i) => parseText(format, schema, texts[i] ?? ''));
  return { schema: { type: 'struct', optional: false, fields }, values };
}

function keysOf(forms: readonly Form[]): DocumentKeys {
  return new DocumentKeys(keyOf(forms).schema, (field, text): ConnectValue | undefined => {
    const { format, schema } = must(
      forms.find(({ name }) => name === field),
      'a field of the key',
    );
    try {
      return parseText(format, schema, text);
    } catch {
      return undefined;
    }
  });
}

/** The fields of a document. */
function documentOf({ schema, values }: Struct): Readonly<Record<string, JsonNode>> {
  const fields = schema.fields ?? [];
  return Object.fromEntries(
    fields.map(({ name, schema: field }, i) => {
      const json = jsonOf(searchField(field, { product: 'opensearch' }), values[i] ?? null);
      return [name, parseLosslessJson(json)];
    }),
  );
}

test.for(FORMS)('a key of $type is asked for by a text that the source takes', (form) => {
  const keys = keysOf([form]);
  const key = keyOf([form]);
  const { kind, key: texts } = keys.ofDocument(documentId(key), {});
  expect(kind).toBe('row');
  expect(texts).toEqual(keys.textsOf(key));
  expect(keys.idOf(texts)).toBe(documentId(key));
  // So it stands in the document of another row.
  expect(keys.ofElement(documentOf(key))).toEqual({ kind: 'row', key: texts });
  const source = form.type === 'bytea' ? form.text : texts[0];
  expect(documentId(keyOf([form], [source ?? '']))).toBe(documentId(key));
});

test('several columns at once, also where the id is a digest', () => {
  const long = { ...must(FORMS[3], 'a text'), text: 'x'.repeat(600) as 'a "b" T\\' };
  const forms = [...FORMS, { ...long, name: 'long' }];
  const keys = keysOf(forms);
  const key = keyOf(forms);
  const id = documentId(key);
  expect(id).toMatch(/^sha256:/);
  expect(keys.ofDocument(id, documentOf(key))).toEqual({ kind: 'row', key: keys.textsOf(key) });
  expect(keys.idOf(keys.textsOf(key))).toBe(id);
  const other = { ...documentOf(key), [forms[0]?.name ?? '']: 1 };
  expect(keys.ofDocument(id, other).kind).toBe('unknown');
  expect(keys.ofDocument(id, {}).kind).toBe('unknown');
});

test('an id of no key, and a key that the source cannot be asked for', () => {
  const [whole] = FORMS;
  expect(keysOf([must(whole, 'a bigint')]).ofDocument('a', {}).kind).toBe('none');
  const schema = { type: 'string', optional: false } as const;
  const struct = { type: 'struct', optional: false, fields: [{ name: 'id', schema }] } as const;
  const deaf = new DocumentKeys(struct, () => undefined);
  const key = { schema: struct, values: ['a'] };
  expect(deaf.ofDocument('a', {})).toEqual({ kind: 'unknown', key: ['a'] });
  expect(deaf.idOf(['a'])).toBeNull();
  // What a record told of is found all the same.
  expect([deaf.textsOf(key), deaf.idOf(['a'])]).toEqual([['a'], 'a']);
  expect(deaf.ofElement({ id: 'a' })).toEqual({ kind: 'unknown', key: ['a'] });
  expect(deaf.ofElement({ n: 1 })).toEqual({ kind: 'none', key: ['null'] });
  expect([deaf.untold, deaf.names]).toEqual([null, ['id']]);
  const array = { type: 'array', optional: false, valueSchema: schema } as const;
  const fields = [{ name: 'tags', schema: array }];
  const listed = new DocumentKeys({ type: 'struct', optional: false, fields }, () => undefined);
  expect(listed.untold).toBe('tags');
});
