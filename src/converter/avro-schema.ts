import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { bigIntToBytes, DECIMAL, isDecimal, isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import { javaDouble, javaFloat } from '../model/java-number.ts';
import { schemaJson } from './json-text.ts';

export const CONNECT_NAMESPACE = 'io.confluent.connect.avro';
export const DEFAULT_RECORD_NAME = 'ConnectDefault';
export const MAP_ENTRY_NAME = 'MapEntry';
/** What Connect writes where a decimal's precision is not known (PITFALLS C8). */
export const DEFAULT_PRECISION = 64;
export const PRECISION_PARAMETER = 'connect.decimal.precision';

/** Connect's own logical types are the only ones that become Avro's (PITFALLS C9). */
export const AVRO_LOGICAL_BY_NAME: Readonly<Record<string, string>> = {
  'org.apache.kafka.connect.data.Date': 'date',
  'org.apache.kafka.connect.data.Time': 'time-millis',
  'org.apache.kafka.connect.data.Timestamp': 'timestamp-millis',
};

/**
 * The Avro schema of a Connect schema as text: names, properties and their order as the Java
 * converter writes them, so that existing subjects stay the same (PITFALLS C6 to C15).
 */
export function avroSchemaText(schema: ConnectSchema): string {
  return new AvroSchemaWriter().schema(schema, null);
}

class AvroSchemaWriter {
  /** Named types already written, by full name, with the text that identifies their definition. */
  readonly #written = new Map<string, string>();

  /** `namespace` is that of the enclosing record, which names are relative to (C13). */
  schema(schema: ConnectSchema, namespace: string | null): string {
    if (!schema.optional) return this.#base(schema, namespace);
    const base = this.#base(schema, namespace);
    // A default has to match the first branch; an optional struct keeps null first (C6).
    const defaultFirst = hasDefault(schema) && schema.type !== 'struct';
    return defaultFirst ? `[${base},"null"]` : `["null",${base}]`;
  }

  #base(schema: ConnectSchema, namespace: string | null): string {
    switch (schema.type) {
      case 'int8':
      case 'int16':
      case 'int32':
        return primitive('int', properties(schema));
      case 'int64':
        return primitive('long', properties(schema));
      case 'float32':
        return primitive('float', properties(schema));
      case 'float64':
        return primitive('double', properties(schema));
      case 'boolean':
      case 'string':
        return primitive(schema.type, properties(schema));
      case 'bytes':
        return primitive('bytes', decimalProperties(schema) + properties(schema));
      case 'array': {
        const items = this.schema(must(schema.valueSchema, 'array has items'), namespace);
        return `{"type":"array","items":${items}${properties(schema)}}`;
      }
      case 'map':
        return this.#map(schema, namespace);
      case 'struct':
        return this.#record(schema, namespace);
    }
  }

  /** String keys make an Avro map, others an array of entries (C15). */
  #map(schema: ConnectSchema, namespace: string | null): string {
    const keys = must(schema.keySchema, 'map has keys');
    const values = must(schema.valueSchema, 'map has values');
    if (keys.type === 'string' && !keys.optional) {
      return `{"type":"map","values":${this.schema(values, namespace)}${properties(schema)}}`;
    }
    const name = schema.name ?? `${CONNECT_NAMESPACE}.${MAP_ENTRY_NAME}`;
    const marker =
      schema.name === undefined ? '' : `,"connect.internal.type":${avroString(MAP_ENTRY_NAME)}`;
    const entry = this.#named(name, namespace, schemaJsonOf(schema), (own) => {
      const fields = [this.#field('key', keys, own), this.#field('value', values, own)];
      return `"fields":[${fields.join(',')}]${marker}`;
    });
    return `{"type":"array","items":${entry}${properties(schema)}}`;
  }

  #record(schema: ConnectSchema, namespace: string | null): string {
    const name = schema.name ?? `${CONNECT_NAMESPACE}.${DEFAULT_RECORD_NAME}`;
    const type = withoutFieldsOwn(schema);
    return this.#named(name, namespace, schemaJsonOf(type), (own) => {
      const fields = (type.fields ?? []).map((field) => this.#field(field.name, field.schema, own));
      return `"fields":[${fields.join(',')}]${properties(type)}`;
    });
  }

  /** Defines a record at its first use and refers to it afterwards (C12). */
  #named(
    fullName: string,
    enclosing: string | null,
    identity: string,
    body: (namespace: string | null) => string,
  ): string {
    const dot = fullName.lastIndexOf('.');
    const name = fullName.slice(dot + 1);
    const namespace = dot < 0 ? null : fullName.slice(0, dot);
    const known = this.#written.get(fullName);
    if (known === identity) return avroString(namespace === enclosing ? name : fullName);
    if (known !== undefined) throw invalid(`record ${fullName} is defined in two ways`);
    if (!NAME.test(name)) throw invalidName(fullName, name);
    this.#written.set(fullName, identity);
    const space = namespace === enclosing ? '' : `"namespace":${avroString(namespace ?? '')},`;
    return `{"type":"record","name":${avroString(name)},${space}${body(namespace)}}`;
  }

  #field(name: string, schema: ConnectSchema, namespace: string | null): string {
    if (!NAME.test(name)) throw invalidName(`field ${name}`, name);
    let text = `{"name":${avroString(name)},"type":${this.schema(schema, namespace)}`;
    // An optional field without `"default":null` would break BACKWARD compatibility (C7).
    const nullFirst = schema.optional && schema.type === 'struct';
    if (hasDefault(schema) && !nullFirst) {
      text += `,"default":${defaultText(schema, schema.default ?? null)}`;
    } else if (schema.optional) {
      text += ',"default":null';
    }
    return `${text}${schema.type === 'struct' ? annotations(schema) : ''}}`;
  }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function hasDefault(schema: ConnectSchema): boolean {
  return schema.default !== undefined && schema.default !== null;
}

function primitive(type: string, props: string): string {
  return props === '' ? `"${type}"` : `{"type":"${type}"${props}}`;
}

/** Text that is equal when two record definitions are, whether or not they are optional here. */
function schemaJsonOf(schema: ConnectSchema): string {
  const options = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
  return schemaJson({ ...schema, optional: false }, options);
}

function decimalProperties(schema: ConnectSchema): string {
  if (schema.name !== DECIMAL) return '';
  return `,"scale":${decimalScaleText(schema)},"precision":${decimalPrecision(schema)}`;
}

function decimalScaleText(schema: ConnectSchema): number {
  return Number(schema.parameters?.['scale'] ?? 0);
}

function decimalPrecision(schema: ConnectSchema): number {
  return Number(schema.parameters?.[PRECISION_PARAMETER] ?? DEFAULT_PRECISION);
}

/**
 * A record type without what belongs to one field alone. Two columns of one struct type differ in
 * source type and default; as properties of the type they would define the record twice (C12), so
 * they stand at the fields.
 */
function withoutFieldsOwn(schema: ConnectSchema): ConnectSchema {
  const { parameters: _parameters, default: _default, ...type } = schema;
  return type;
}

function annotations({ parameters, default: value, ...type }: ConnectSchema): string {
  const own: ConnectSchema = {
    type: type.type,
    optional: false,
    ...(parameters === undefined ? {} : { parameters }),
    ...(value === undefined ? {} : { default: value }),
  };
  return properties(own);
}

/** The `connect.*` properties, then the logical type, each with its leading comma. */
function properties(schema: ConnectSchema): string {
  let text = '';
  if (schema.doc !== undefined) text += `,"connect.doc":${avroString(schema.doc)}`;
  if (schema.version !== undefined) text += `,"connect.version":${schema.version}`;
  const parameters = Object.entries(schema.parameters ?? {});
  if (parameters.length > 0) {
    const members = parameters.map(([key, value]) => `${avroString(key)}:${avroString(value)}`);
    text += `,"connect.parameters":{${members.join(',')}}`;
  }
  if (hasDefault(schema)) {
    text += `,"connect.default":${defaultText(schema, schema.default ?? null)}`;
  }
  if (schema.name !== undefined) text += `,"connect.name":${avroString(schema.name)}`;
  if (schema.type === 'int8' || schema.type === 'int16') text += `,"connect.type":"${schema.type}"`;
  const logical = logicalType(schema);
  return logical === undefined ? text : `${text},"logicalType":"${logical}"`;
}

function logicalType(schema: ConnectSchema): string | undefined {
  if (schema.name === undefined) return undefined;
  if (schema.name !== DECIMAL) return AVRO_LOGICAL_BY_NAME[schema.name];
  // Outside these bounds Avro forbids the annotation, and Connect still writes it: the readers of
  // both take the scale from there.
  return 'decimal';
}

/** A default as Avro's JSON: bytes by code points 0 to 255, unions by their first branch. */
function defaultText(schema: ConnectSchema, value: ConnectValue): string {
  if (value === null) return 'null';
  if (typeof value === 'number') {
    if (schema.type === 'float32') return javaFloat(value);
    return schema.type === 'float64' ? javaDouble(value) : String(value);
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return avroString(value);
  if (Buffer.isBuffer(value)) return avroString(value.toString('latin1'));
  if (isDecimal(value)) return avroString(bigIntToBytes(value.unscaled).toString('latin1'));
  if (isStruct(value)) {
    const members = (value.schema.fields ?? []).map(
      (field, i) =>
        `${avroString(field.name)}:${defaultText(field.schema, value.values[i] ?? null)}`,
    );
    return `{${members.join(',')}}`;
  }
  const items = must(schema.valueSchema, 'array or map has values');
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)];
    const members = entries.map(([key, item]) => `${avroString(key)}:${defaultText(items, item)}`);
    return `{${members.join(',')}}`;
  }
  const list = value as readonly ConnectValue[];
  return `[${list.map((item) => defaultText(items, item)).join(',')}]`;
}

/** A JSON string as Java's character generator writes it: only controls, quote, backslash. */
export function avroString(text: string): string {
  // An escaped backslash is matched first, so that what follows it is not taken for an escape.
  return JSON.stringify(text).replace(/\\(?:\\|u00[0-9a-f]{2})/g, (escape) =>
    escape[1] === 'u' ? `\\u${escape.slice(2).toUpperCase()}` : escape,
  );
}

function invalidName(what: string, name: string): TidemarkError {
  return new TidemarkError(
    'SCHEMA_INVALID',
    `${what} cannot be written as Avro: ${JSON.stringify(name)} is not a valid Avro name`,
    {
      cure: 'Set schema.name.adjustment.mode and field.name.adjustment.mode to avro.',
    },
  );
}

function invalid(message: string): TidemarkError {
  return new TidemarkError('SCHEMA_INVALID', message);
}
