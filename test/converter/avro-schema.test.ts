import { describe, expect, test } from 'vitest';
import { compileAvroDecoder } from '../../src/converter/avro-decoder.ts';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import { normalizedAvroText, parseAvroType } from '../../src/converter/avro-type.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import { avscType } from '../support/avsc-oracle.ts';
import { goldenRecords, goldenTable } from '../support/golden-records.ts';

const json = new JsonConverter();

function struct(fields: Record<string, ConnectSchema>, name?: string): ConnectSchema {
  return {
    type: 'struct',
    optional: false,
    ...(name === undefined ? {} : { name }),
    fields: Object.entries(fields).map(([field, schema]) => ({ name: field, schema })),
  };
}

function fieldText(schema: ConnectSchema): string {
  const text = avroSchemaText(struct({ v: schema }, 'n.S'));
  return text.slice(
    text.indexOf('"fields":[') + '"fields":['.length,
    text.indexOf('],"connect.name":"n.S"'),
  );
}

describe('Avro schemas as the Java converter writes them', () => {
  test('an envelope: names, references, order of properties (C6, C7, C12)', () => {
    const [record] = goldenTable('changes', 'public.t_pkupd');
    const envelope = (json.toConnect('t', Buffer.from(record?.value ?? '')) as Struct).schema;
    const text = avroSchemaText(envelope);
    const p = 'g_postgres_default.public.t_pkupd';
    expect(
      text.startsWith(
        `{"type":"record","name":"Envelope","namespace":"${p}","fields":[{"name":"before","type":` +
          '["null",{"type":"record","name":"Value","fields":[{"name":"id","type":"int"},' +
          '{"name":"v","type":["null","string"],"default":null}],' +
          `"connect.name":"${p}.Value"}],"default":null},` +
          '{"name":"after","type":["null","Value"],"default":null},' +
          '{"name":"source","type":{"type":"record","name":"Source",' +
          '"namespace":"io.debezium.connector.postgresql",' +
          '"fields":[{"name":"version","type":"string"}',
      ),
    ).toBe(true);
    expect(text).toContain(
      '{"name":"snapshot","type":[{"type":"string","connect.version":1,"connect.parameters":' +
        '{"allowed":"true,first,first_in_data_collection,last_in_data_collection,last,false,' +
        'incremental"},' +
        '"connect.default":"false","connect.name":"io.debezium.data.Enum"},"null"],' +
        '"default":"false"}',
    );
    expect(text).toContain(
      '"connect.version":1,"connect.name":"io.debezium.connector.postgresql.Source"}},' +
        '{"name":"transaction","type":["null",{"type":"record","name":"block","namespace":"event",',
    );
    expect(text.endsWith(`"connect.version":2,"connect.name":"${p}.Envelope"}`)).toBe(true);
  });

  test.each<[string, ConnectSchema, string]>([
    [
      'decimal (C8)',
      {
        type: 'bytes',
        optional: true,
        name: 'org.apache.kafka.connect.data.Decimal',
        version: 1,
        parameters: { scale: '2', 'connect.decimal.precision': '10' },
        default: { unscaled: 1230n, scale: 2 },
      },
      '{"name":"v","type":[{"type":"bytes","scale":2,"precision":10,"connect.version":1,' +
        '"connect.parameters":{"scale":"2","connect.decimal.precision":"10"},' +
        '"connect.default":"\\u0004Î","connect.name":"org.apache.kafka.connect.data.Decimal",' +
        '"logicalType":"decimal"},"null"],"default":"\\u0004Î"}',
    ],
    [
      'decimal without precision: 64 (C8)',
      {
        type: 'bytes',
        optional: false,
        name: 'org.apache.kafka.connect.data.Decimal',
        parameters: { scale: '2' },
      },
      '{"name":"v","type":{"type":"bytes","scale":2,"precision":64,' +
        '"connect.parameters":{"scale":"2"},' +
        '"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}}',
    ],
    [
      'Debezium times have no logical type (C9)',
      { type: 'int64', optional: false, name: 'io.debezium.time.MicroTimestamp', version: 1 },
      '{"name":"v","type":{"type":"long","connect.version":1,' +
        '"connect.name":"io.debezium.time.MicroTimestamp"}}',
    ],
    [
      "Connect's have (C9)",
      {
        type: 'int64',
        optional: false,
        name: 'org.apache.kafka.connect.data.Timestamp',
        version: 1,
      },
      '{"name":"v","type":{"type":"long","connect.version":1,' +
        '"connect.name":"org.apache.kafka.connect.data.Timestamp",' +
        '"logicalType":"timestamp-millis"}}',
    ],
    [
      'int16 is an int with its type (C10)',
      { type: 'int16', optional: true },
      '{"name":"v","type":["null",{"type":"int","connect.type":"int16"}],"default":null}',
    ],
    [
      'a map with optional keys is an array of entries (C15)',
      {
        type: 'map',
        optional: false,
        keySchema: { type: 'string', optional: true },
        valueSchema: { type: 'int32', optional: false },
      },
      '{"name":"v","type":{"type":"array","items":{"type":"record","name":"MapEntry",' +
        '"namespace":"io.confluent.connect.avro",' +
        '"fields":[{"name":"key","type":["null","string"],' +
        '"default":null},{"name":"value","type":"int"}]}}}',
    ],
    [
      'a required default',
      { type: 'float64', optional: false, default: 1.5 },
      '{"name":"v","type":{"type":"double","connect.default":1.5},"default":1.5}',
    ],
  ])('%s', (_what, schema, text) => {
    expect(fieldText(schema)).toBe(text);
  });

  test('a struct without a name is ConnectDefault', () => {
    expect(avroSchemaText(struct({ a: { type: 'boolean', optional: false } }))).toBe(
      '{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro",' +
        '"fields":[{"name":"a","type":"boolean"}]}',
    );
  });

  test('one name with two definitions is refused (C12)', () => {
    const a = struct({ x: { type: 'int32', optional: false } }, 'n.A');
    const b = struct({ x: { type: 'int64', optional: false } }, 'n.A');
    expect(() => avroSchemaText(struct({ a, b }, 'n.S'))).toThrow('n.A is defined in two ways');
  });

  test('a name that Avro forbids is refused with the option that cures it (C11)', () => {
    expect(() => fieldText({ type: 'int32', optional: false })).not.toThrow();
    expect(() =>
      avroSchemaText(struct({ 'with space': { type: 'int32', optional: true } })),
    ).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_INVALID',
        cure: expect.stringContaining('field.name.adjustment.mode') as string,
      }),
    );
  });
});

describe('schemas of all golden records', () => {
  const schemas = goldenRecords('values').map((record) => {
    const read = json.toConnect('t', Buffer.from(record.value ?? '')) as Struct;
    return [record.topic, read.schema] as const;
  });

  test.each(schemas)('%s: accepted by avsc, back to the same Connect schema', (_topic, schema) => {
    const text = avroSchemaText(schema);
    expect(avscType(text).name).toBe(schema.name);
    expect(compileAvroDecoder(text).schema).toEqual(schema);
  });

  test.each(schemas)('%s: our text is its own normal form (C16)', (_topic, schema) => {
    const text = avroSchemaText(schema);
    expect(normalizedAvroText(text)).toBe(text);
    expect(normalizedAvroText(JSON.stringify(JSON.parse(text), null, 3))).toBe(
      normalizedAvroText(JSON.stringify(JSON.parse(text))),
    );
    expect(parseAvroType(text).kind).toBe('record');
  });
});

describe('schemas of others', () => {
  test('enum, fixed, references by full and short name, namespaces (C13)', () => {
    const { schema } = compileAvroDecoder(`{"type":"record","name":"R","namespace":"a.b","fields":[
      {"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},
      {"name":"again","type":"E"},
      {"name":"full","type":["null","a.b.E"],"default":null},
      {"name":"f","type":{"type":"fixed","name":"c.F","size":4}},
      {"name":"d","type":"int","default":7},
      {"name":"when","type":{"type":"int","logicalType":"date"}}]}`);
    expect(schema.name).toBe('a.b.R');
    expect(schema.fields?.map((field) => [field.schema.type, field.schema.optional])).toEqual([
      ['string', false],
      ['string', false],
      ['string', true],
      ['bytes', false],
      ['int32', false],
      ['int32', false],
    ]);
    expect(schema.fields?.[4]?.schema.default).toBe(7);
    expect(schema.fields?.[5]?.schema.name).toBe('org.apache.kafka.connect.data.Date');
  });

  test.each([
    [
      'a record that contains itself',
      '{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}',
    ],
    ['a union of several types', '["int","string"]'],
    ['an unknown name', '{"type":"record","name":"N","fields":[{"name":"n","type":"M"}]}'],
  ])('%s has no counterpart in Connect', (_what, text) => {
    expect(() => compileAvroDecoder(text)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_INVALID' }),
    );
  });
});
