import { expect, test } from 'vitest';
import { jsonString, schemaJson } from '../../src/converter/json-text.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

const OPTIONS = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;

test.each<[string, ConnectSchema, string]>([
  [
    'keys in their order (PITFALLS C30)',
    {
      default: 'a',
      parameters: { allowed: 'a,b', z: '1' },
      doc: 'say "x"',
      version: 1,
      name: 'io.debezium.data.Enum',
      optional: true,
      type: 'string',
    },
    '{"type":"string","optional":true,"name":"io.debezium.data.Enum","version":1,' +
      '"doc":"say \\"x\\"","parameters":{"allowed":"a,b","z":"1"},"default":"a"}',
  ],
  [
    'float32 prints float',
    { type: 'float32', optional: false },
    '{"type":"float","optional":false}',
  ],
  [
    'float64 prints double, its default as Java does',
    { type: 'float64', optional: false, default: -2.25 },
    '{"type":"double","optional":false,"default":-2.25}',
  ],
  [
    'maps',
    {
      type: 'map',
      optional: true,
      keySchema: { type: 'string', optional: false },
      valueSchema: { type: 'string', optional: true },
    },
    '{"type":"map","keys":{"type":"string","optional":false},' +
      '"values":{"type":"string","optional":true},"optional":true}',
  ],
  [
    'fields carry their name last',
    {
      type: 'struct',
      optional: false,
      fields: [
        {
          name: 'a"b',
          schema: { type: 'array', optional: true, valueSchema: { type: 'int8', optional: true } },
        },
      ],
    },
    '{"type":"struct","fields":[{"type":"array","items":{"type":"int8","optional":true},' +
      '"optional":true,"field":"a\\"b"}],"optional":false}',
  ],
])('%s', (_what, schema, text) => {
  expect(schemaJson(schema, OPTIONS)).toBe(text);
});

test('strings are escaped as Jackson does, and JSON again', () => {
  for (let code = 0; code < 0x100; code++) {
    const text = String.fromCharCode(code);
    expect(JSON.parse(jsonString(text))).toBe(text);
  }
  expect(jsonString('\u007f\u2028')).toBe('"\u007f\u2028"');
  expect(jsonString('\u000b\b')).toBe('"\\u000B\\b"');
});
