import type { SubjectStrategy } from '../config/registry-options.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { AvroConverter } from './avro-converter.ts';
import { CONNECT_NAMESPACE, DEFAULT_RECORD_NAME } from './avro-schema.ts';
import { ByteArrayConverter } from './byte-array-converter.ts';
import type { Converter, SchemaRegistry } from './converter.ts';
import { JsonConverter } from './json-converter.ts';
import { JsonSchemaConverter } from './json-schema-converter.ts';
import type { SubjectNaming } from './registry/subject-name.ts';
import { subjectNaming } from './registry/subject-name.ts';
import { StringConverter } from './string-converter.ts';

/** What `key.converter…` and `value.converter…` say. */
export interface ConverterSettings {
  /** Our short name or the Java class name. */
  readonly name: string;
  readonly isKey: boolean;
  /** schemas.enable (json) */
  readonly schemasEnable?: boolean;
  /** decimal.format (json) */
  readonly decimalFormat?: 'BASE64' | 'NUMERIC';
  /** replace.null.with.default; false unless asked for, because it loses nulls. */
  readonly replaceNullWithDefault?: boolean;
  /** Of bytearray: what writes everything else. */
  readonly delegate?: Converter;
  /** Needed by avro and jsonschema. */
  readonly registry: SchemaRegistry;
  /** key/value.subject.name.strategy; absent: by the topic. */
  readonly subjectStrategy?: SubjectStrategy;
}

/** What names the subject of a schema without title, by its record. */
const UNTITLED = 'object';

const SHORT_NAMES: Readonly<Record<string, string>> = {
  'org.apache.kafka.connect.json.JsonConverter': 'json',
  'io.confluent.connect.avro.AvroConverter': 'avro',
  'io.confluent.connect.json.JsonSchemaConverter': 'jsonschema',
  'org.apache.kafka.connect.storage.StringConverter': 'string',
  'org.apache.kafka.connect.converters.ByteArrayConverter': 'bytearray',
};

/** The converter of that name. Throws CONFIG_UNSUPPORTED. */
export function createConverter(settings: ConverterSettings): Converter {
  const nulls = { replaceNullWithDefault: settings.replaceNullWithDefault ?? false };
  switch (SHORT_NAMES[settings.name] ?? settings.name) {
    case 'json':
      return new JsonConverter({
        ...nulls,
        schemasEnable: settings.schemasEnable ?? true,
        decimalFormat: settings.decimalFormat ?? 'BASE64',
      });
    case 'avro':
      return new AvroConverter(settings.registry, {
        ...nulls,
        isKey: settings.isKey,
        subjectOf: subjects(settings, `${CONNECT_NAMESPACE}.${DEFAULT_RECORD_NAME}`),
      });
    case 'jsonschema':
      return new JsonSchemaConverter(settings.registry, {
        ...nulls,
        decimalFormat: settings.decimalFormat ?? 'BASE64',
        subjectOf: subjects(settings, UNTITLED),
      });
    case 'string':
      return new StringConverter();
    case 'bytearray':
      return new ByteArrayConverter(settings.delegate ?? null);
    default:
      throw new TidemarkError('CONFIG_UNSUPPORTED', `there is no converter ${settings.name}`, {
        cure: 'Use json, avro, jsonschema, string or bytearray.',
      });
  }
}

function subjects(settings: ConverterSettings, unnamed: string): SubjectNaming {
  return subjectNaming(settings.subjectStrategy ?? 'topic', settings.isKey, unnamed);
}
