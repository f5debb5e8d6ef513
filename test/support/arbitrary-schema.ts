import fc from 'fast-check';
import { DECIMAL } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';

/** A schema and a value of it. */
export interface SchemaAndValue {
  readonly schema: ConnectSchema;
  readonly value: ConnectValue;
}

type Pair = fc.Arbitrary<SchemaAndValue>;

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const int = (bits: number) =>
  fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }).map((value) => value);
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', '\u0000\u001f"\\', '😀', '\u2028', '__proto__', 'x'.repeat(300)),
);

function leaf(schema: ConnectSchema, values: fc.Arbitrary<ConnectValue>): Pair {
  return values.map((value) => ({ schema, value }));
}

const decimal: Pair = fc
  .tuple(fc.integer({ min: 0, max: 20 }), fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }))
  .map(([scale, unscaled]) => ({
    schema: {
      type: 'bytes',
      optional: false,
      name: DECIMAL,
      version: 1,
      parameters: { scale: String(scale), 'connect.decimal.precision': '38' },
    },
    value: { unscaled, scale },
  }));

const leaves: Pair = fc.oneof(
  leaf({ type: 'int8', optional: false }, int(8)),
  leaf({ type: 'int16', optional: false }, int(16)),
  leaf({ type: 'int32', optional: false }, int(32)),
  leaf({ type: 'int64', optional: false }, int64),
  leaf({ type: 'int64', optional: false, name: 'io.debezium.time.MicroTime', version: 1 }, int64),
  leaf({ type: 'float32', optional: false }, fc.float()),
  leaf({ type: 'float64', optional: false }, fc.double()),
  leaf({ type: 'boolean', optional: false }, fc.boolean()),
  leaf({ type: 'string', optional: false }, text),
  leaf({ type: 'string', optional: false, name: 'io.debezium.data.Json', version: 1 }, text),
  leaf({ type: 'bytes', optional: false, doc: 'raw "bytes"' }, bytes),
  leaf(
    { type: 'int32', optional: false, name: 'org.apache.kafka.connect.data.Date', version: 1 },
    int(32),
  ),
  decimal,
);

/** Optional by chance, then null by chance; with a default by chance. */
function varied(pair: Pair): Pair {
  return fc
    .tuple(pair, fc.boolean(), fc.boolean(), fc.boolean())
    .map(([{ schema, value }, optional, isNull, withDefault]) => {
      // NaN has no default in Avro's JSON; structs carry their schema, which would differ.
      const canDefault = schema.type !== 'struct' && schema.type !== 'array' && isFinite(value);
      const full = {
        ...schema,
        optional,
        ...(withDefault && canDefault ? { default: value } : {}),
      };
      return { schema: full, value: optional && isNull ? null : value };
    });
}

function isFinite(value: ConnectValue): boolean {
  return typeof value !== 'number' || Number.isFinite(value);
}

const listOf = (items: Pair): Pair =>
  fc.tuple(items, fc.integer({ min: 0, max: 3 })).map(([{ schema, value }, count]) => ({
    schema: { type: 'array', optional: false, valueSchema: schema },
    value: Array.from({ length: count }, () => value),
  }));

const mapOf = (items: Pair): Pair =>
  fc
    .tuple(items, fc.uniqueArray(text, { maxLength: 3 }), fc.boolean())
    .map(([{ schema, value }, keys, optionalKeys]) => ({
      schema: {
        type: 'map',
        optional: false,
        keySchema: { type: 'string', optional: optionalKeys },
        valueSchema: schema,
      },
      value: new Map(keys.map((key) => [key, value])),
    }));

let structs = 0;

/** Every struct gets a name of its own: one name may have one definition (PITFALLS C12). */
function structOf(fields: fc.Arbitrary<readonly SchemaAndValue[]>): Pair {
  return fields.map((pairs) => {
    const schema: ConnectSchema = {
      type: 'struct',
      optional: false,
      name: `test.ns${structs % 3}.S${structs++}`,
      version: 1,
      fields: pairs.map((pair, i) => ({ name: `f${i}`, schema: pair.schema })),
    };
    return { schema, value: { schema, values: pairs.map((pair) => pair.value) } };
  });
}

const nested: Pair = fc.oneof(
  leaves,
  listOf(varied(leaves)),
  // Only one map with entries fits into a schema: MapEntry has one definition.
  structOf(fc.array(varied(leaves), { maxLength: 4 })),
);

/** A struct of everything, as a record has it. */
export const anyStruct: Pair = fc
  .tuple(fc.array(varied(nested), { minLength: 1, maxLength: 8 }), mapOf(varied(leaves)))
  .chain(([fields, map]) => structOf(fc.constant([...fields, map])));

/** Equal values, NaN equal to itself, structs by their fields. */
export function plain(value: ConnectValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (value instanceof Map) {
    return [...(value as ReadonlyMap<string, ConnectValue>)].map(([k, v]) => [k, plain(v)]);
  }
  if (Array.isArray(value)) return (value as readonly ConnectValue[]).map(plain);
  if ('unscaled' in value) return { ...value };
  return 'values' in value ? (value.values as readonly ConnectValue[]).map(plain) : value;
}
