import type { EnumType, Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import { type ConverterSide, registryOptions, registryRules } from './registry-options.ts';
import type { OptionRule } from './resolve-options.ts';

const OTHER_REGISTRY =
  'use avro with schema.registry.url, the Confluent API of Apicurio: …/apis/ccompat/v7';

/** What writes anything that has a schema. */
const DELEGATE: EnumType = {
  kind: 'enum',
  values: ['avro', 'json'],
  aliases: {
    'io.confluent.connect.avro.AvroConverter': 'avro',
    'org.apache.kafka.connect.json.JsonConverter': 'json',
  },
};

const CONVERTER: EnumType = {
  kind: 'enum',
  values: [...DELEGATE.values, 'jsonschema', 'string', 'bytearray'],
  aliases: {
    ...DELEGATE.aliases,
    'io.confluent.connect.json.JsonSchemaConverter': 'jsonschema',
    'org.apache.kafka.connect.storage.StringConverter': 'string',
    'org.apache.kafka.connect.converters.ByteArrayConverter': 'bytearray',
    'io.debezium.converters.BinaryDataConverter': 'bytearray',
    'io.debezium.converters.ByteArrayConverter': 'bytearray',
    'io.debezium.converters.ByteBufferConverter': 'bytearray',
  },
  refused: {
    'io.apicurio.registry.utils.converter.AvroConverter': OTHER_REGISTRY,
    'io.apicurio.registry.utils.converter.ExtJsonConverter': 'use json',
    'io.debezium.converters.CloudEventsConverter': 'CloudEvents are not built; use json or avro',
    'io.confluent.connect.protobuf.ProtobufConverter': 'not supported; use json or avro',
  },
};

const DECIMAL_FORMAT: EnumType = {
  kind: 'enum',
  values: ['BASE64', 'NUMERIC'],
  aliases: { base64: 'BASE64', numeric: 'NUMERIC' },
};

const CONVERTERS =
  'Avro or JSON Schema with a registry, JSON, or text or bytes as they are, which no sink can ' +
  'read. Java class names work.';

/** How records become bytes: Connect's and Confluent's names, the same for keys and values. */
export const CONVERTER_OPTIONS: readonly Option[] = [
  ...bothSides((side) => ({
    name: `${side}.converter`,
    type: CONVERTER,
    default: 'avro',
    doc: `Form of record ${side}s: ${CONVERTERS}`,
  })),
  ...bothSides((side) => ({
    name: `${side}.converter.schemas.enable`,
    type: { kind: 'boolean' },
    default: 'true',
    doc:
      `With json ${side}s: each ${side} carries its schema. ` +
      'Without it no sink can read the log.',
  })),
  ...bothSides((side) => ({
    name: `${side}.converter.decimal.format`,
    type: DECIMAL_FORMAT,
    default: 'BASE64',
    doc: `With json ${side}s: decimals as base64 of their unscaled bytes, or as numbers.`,
  })),
  {
    name: 'key.converter.replace.null.with.default',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'A null in a key field with a default is written as the default.',
  },
  {
    name: 'value.converter.replace.null.with.default',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'A null in a column with a default is written as the default, as Connect does it unless ' +
      'told otherwise: nulls are lost, also for sinks.',
  },
  ...sideOptions('key'),
  ...sideOptions('value'),
];

/** What the converters' options have to be together. */
export const CONVERTER_RULES: readonly OptionRule[] = [
  ...registryRules('key'),
  ...registryRules('value'),
];

function bothSides(optionOf: (side: ConverterSide) => Option): readonly Option[] {
  return [optionOf('key'), optionOf('value')];
}

/** What Confluent's converters have besides: without effect here, or refused if it had one. */
function sideOptions(side: ConverterSide): readonly Option[] {
  const prefixed = (reasons: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(reasons).map(([name, reason]) => [`${side}.converter.${name}`, reason]),
    );
  return [
    ...registryOptions(side),
    {
      name: `${side}.converter.delegate.converter.type`,
      type: DELEGATE,
      doc: `With bytearray: what writes ${side}s that are no bytes, such as those of heartbeats.`,
    },
    {
      name: `${side}.converter.delegate.converter.type.schemas.enable`,
      type: { kind: 'boolean' },
      default: 'true',
      doc: 'With json as that: each carries its schema.',
    },
    {
      name: `${side}.converter.connect.meta.data`,
      type: {
        kind: 'enum',
        values: ['true'],
        refused: { false: 'sinks need the names in the schemas' },
      },
      default: 'true',
      doc: `Avro schemas of ${side}s tell Connect's names, versions and parameters.`,
    },
    ...acceptedOptions(
      prefixed({
        'enhanced.avro.schema.support': 'enums are strings with their name, as Debezium has them',
        'plugin.version': 'there is one version of each class',
      }),
    ),
    ...refusedOptions(
      prefixed({
        'scrub.invalid.names':
          'set schema.name.adjustment.mode and field.name.adjustment.mode to avro',
        'flatten.singleton.unions': 'unions have null and one type only',
        'discard.type.doc.default': 'schemas tell their defaults',
        'allow.optional.map.keys': 'keys of maps are never null',
      }),
    ),
  ];
}
