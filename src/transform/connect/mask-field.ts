import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { decimalScale, parseDecimalText } from '../../model/connect-json.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import { DECIMAL } from '../../model/connect-schema.ts';
import type { ConnectSchema, ConnectType, ConnectValue } from '../../model/connect-schema.ts';
import { CONNECT_DATE, CONNECT_TIME, CONNECT_TIMESTAMP } from '../logical-time.ts';
import type { RecordSide } from '../record-side.ts';
import { requireStruct, withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { perSchema, valuesOf } from '../schema-shape.ts';
import { castValue } from './cast-value.ts';

/** Connect's MaskField: values are replaced by the zero of their type, or by another one. */
export class MaskField implements RecordTransform {
  readonly #side: RecordSide;
  readonly #fields: ReadonlySet<string>;
  readonly #replacement: string | null;
  readonly #replaceNull: boolean;
  /** By place: the fields that are masked. */
  readonly #masked = perSchema((schema) =>
    (schema.fields ?? []).map((field) =>
      this.#fields.has(field.name) ? { name: field.name, schema: field.schema } : undefined,
    ),
  );

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#fields = new Set(options.list('fields'));
    this.#replacement = options.optionalString('replacement') ?? null;
    this.#replaceNull = options.boolean('replace.null.with.default');
  }

  apply(record: ConnectRecord): ConnectRecord {
    const data = record[this.#side];
    const struct = requireStruct(data, 'MaskField');
    const values = valuesOf(struct, this.#replaceNull);
    for (const [index, field] of this.#masked(struct.schema).entries()) {
      if (field === undefined || values[index] === null) continue;
      values[index] = this.#mask(field.name, field.schema);
    }
    const value = { schema: struct.schema, values };
    return withSide(record, this.#side, { schema: data.schema, value });
  }

  #mask(name: string, schema: ConnectSchema): ConnectValue {
    const replacement = this.#replacement;
    if (replacement === null) return zero(name, schema);
    if (schema.name === DECIMAL) {
      const { unscaled, scale } = parseDecimalText(replacement);
      const by = 10n ** BigInt(Math.max(0, decimalScale(schema) - scale));
      return { unscaled: unscaled * by, scale: decimalScale(schema) };
    }
    if (schema.type === 'string') return replacement;
    const isTime = TIMES.includes(schema.name ?? '');
    if (isTime || !NUMBERS.includes(schema.type)) {
      throw unmasked(name, schema, 'by a replacement');
    }
    const text: ConnectSchema = { type: 'string', optional: false };
    return castValue(text, replacement, schema.type as 'int32');
  }
}

const TIMES: readonly string[] = [CONNECT_DATE, CONNECT_TIME, CONNECT_TIMESTAMP];
const NUMBERS: readonly ConnectType[] = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'];

function zero(name: string, schema: ConnectSchema): ConnectValue {
  if (schema.name === DECIMAL) return { unscaled: 0n, scale: decimalScale(schema) };
  switch (schema.type) {
    case 'int64':
      return 0n;
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'map':
      return new Map();
    case 'bytes':
    case 'struct':
      throw unmasked(name, schema, 'by a zero');
    default:
      return 0;
  }
}

function unmasked(name: string, schema: ConnectSchema, how: string): TidemarkError {
  const type = schema.name ?? schema.type;
  return new TidemarkError('TRANSFORM', `MaskField cannot mask ${name} (${type}) ${how}`, {
    cure: 'Use column.mask.with… of the source, or leave the field out with ReplaceField.',
  });
}
