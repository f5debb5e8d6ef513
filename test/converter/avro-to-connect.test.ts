import { describe, expect, test } from 'vitest';
import { annotated, defaultFromAvro, plainSchema } from '../../src/converter/avro-to-connect.ts';
import { parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

const node = (text: string) => parseLosslessJson(text) as JsonObject;

describe('plain types', () => {
  test.each<[string, string, Partial<ConnectSchema>]>([
    ['int', '{}', { type: 'int32' }],
    ['int', '{"connect.type":"int8"}', { type: 'int8' }],
    ['long', '{"logicalType":"timestamp-micros"}', { type: 'int64' }],
    [
      'long',
      '{"logicalType":"timestamp-millis"}',
      { type: 'int64', name: 'org.apache.kafka.connect.data.Timestamp', version: 1 },
    ],
    [
      'bytes',
      '{"logicalType":"decimal","scale":2,"precision":10}',
      {
        type: 'bytes',
        name: 'org.apache.kafka.connect.data.Decimal',
        version: 1,
        parameters: { scale: '2', 'connect.decimal.precision': '10' },
      },
    ],
    [
      'bytes',
      '{"logicalType":"decimal","scale":2,"precision":64}',
      {
        type: 'bytes',
        name: 'org.apache.kafka.connect.data.Decimal',
        version: 1,
        parameters: { scale: '2' },
      },
    ],
    ['enum', '{"symbols":["A"]}', { type: 'string' }],
  ])('%s %s', (type, text, schema) => {
    expect(plainSchema(type, node(text))).toEqual({ optional: false, ...schema });
  });

  test('null alone has no counterpart', () => {
    expect(() => plainSchema('null', node('{}'))).toThrow('no counterpart in Connect');
  });
});

describe('annotations', () => {
  test('name, version, doc, parameters, default', () => {
    const properties = node(
      '{"connect.name":"io.debezium.data.Enum","connect.version":1,"connect.doc":"d",' +
        '"connect.parameters":{"allowed":"a,b"},"connect.default":"a"}',
    );
    expect(annotated(properties, { type: 'string', optional: false })).toEqual({
      type: 'string',
      optional: false,
      name: 'io.debezium.data.Enum',
      version: 1,
      doc: 'd',
      parameters: { allowed: 'a,b' },
      default: 'a',
    });
  });
});

describe('defaults', () => {
  test('bytes by code points, longs to the last digit', () => {
    expect(defaultFromAvro({ type: 'bytes', optional: false }, '\u0004Î')).toEqual(
      Buffer.from([4, 0xce]),
    );
    const long = parseLosslessJson('9007199254740993');
    expect(defaultFromAvro({ type: 'int64', optional: false }, long)).toBe(9007199254740993n);
  });

  test('that do not fit are refused', () => {
    expect(() => defaultFromAvro({ type: 'int32', optional: false }, 'x')).toThrow(
      expect.objectContaining({ code: 'SCHEMA_INVALID' }),
    );
  });
});
