import { describe, expect, test } from 'vitest';
import type { ValueEncoder } from '../../../dialects/dialect.ts';
import { AvroConverter } from '../../../src/converter/avro-converter.ts';
import { JsonConverter } from '../../../src/converter/json-converter.ts';
import type { ConnectSchema, Struct } from '../../../src/model/connect-schema.ts';
import { readingEncoder } from '../../../src/sink/sql/field-reading.ts';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';

/** Tells what it is given, and how often. */
function spyEncoder(): ValueEncoder & { readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const encode: ValueEncoder['encode'] = (value) => {
    seen.push(value);
    return value === null ? null : `<${value as string}>`;
  };
  return { plain: true, encode, seen };
}

const text: ConnectSchema = { type: 'string', optional: true };

describe('replace.null.with.default', () => {
  const replacing = { ...SQL_SINK_DEFAULTS, nullsAsDefaults: true };

  test('leaves the encoder alone where there is nothing to replace', () => {
    const encoder = spyEncoder();
    expect(readingEncoder(encoder, { ...text, default: 'd' }, SQL_SINK_DEFAULTS)).toBe(encoder);
    expect(readingEncoder(encoder, text, replacing)).toBe(encoder);
    expect(readingEncoder(encoder, { ...text, default: null }, replacing)).toBe(encoder);
  });

  test('encodes a default once, and not before a null comes', () => {
    const encoder = spyEncoder();
    const reading = readingEncoder(encoder, { ...text, default: 'd' }, replacing);
    expect(reading.plain).toBe(true);
    expect(reading.encode('x')).toBe('<x>');
    expect(encoder.seen).toEqual(['x']);
    expect([reading.encode(null), reading.encode(null)]).toEqual(['<d>', '<d>']);
    expect(encoder.seen).toEqual(['x', 'd']);
  });

  test('the log keeps null and default apart, as JSON and as Avro (C33)', async () => {
    const field = { name: 'v', schema: { ...text, default: 'd' } };
    const schema: ConnectSchema = { type: 'struct', optional: false, name: 'n.S', fields: [field] };
    let registered = '';
    const avro = new AvroConverter(
      {
        register: (_, given) => {
          registered = given;
          return Promise.resolve(1);
        },
        schemaById: () => Promise.resolve(registered),
      },
      { isKey: false },
    );
    const json = new JsonConverter();
    const null1: Struct = { schema, values: [null] };
    const written = [
      { from: json, bytes: json.fromConnect(json.prepared(schema), null1) },
      { from: avro, bytes: avro.fromConnect(await avro.prepare('t', schema), null1) },
    ];
    for (const { from, bytes } of written) {
      const read = await from.toConnect('t', bytes);
      const [column] = read?.schema.fields ?? [];
      if (read === null || column === undefined) throw new Error('a struct of one field');
      expect(read.values).toEqual([null]);
      const encode = (options: typeof replacing | typeof SQL_SINK_DEFAULTS) =>
        readingEncoder(spyEncoder(), column.schema, options).encode(read.values[0] ?? null);
      expect([encode(SQL_SINK_DEFAULTS), encode(replacing)]).toEqual([null, '<d>']);
    }
  });
});
