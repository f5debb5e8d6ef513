import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue } from '../../model/connect-schema.ts';
import { CONNECT_TIMESTAMP, connectTimeSchema } from '../logical-time.ts';
import type { RecordSide } from '../record-side.ts';
import { requireStruct, withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { perSchema, schemaBasics, valuesOf } from '../schema-shape.ts';

interface Insertion {
  readonly name: string;
  readonly schema: ConnectSchema;
  readonly valueOf: (record: ConnectRecord) => ConnectValue;
}

/** Connect's InsertField: adds what is known of the record, or a fixed text. */
export class InsertField implements RecordTransform {
  readonly #side: RecordSide;
  readonly #insertions: readonly Insertion[];
  readonly #replaceNull: boolean;
  readonly #schemaOf = perSchema((schema): ConnectSchema => ({
    ...schemaBasics(schema),
    fields: [...(schema.fields ?? []), ...this.#insertions],
  }));

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#insertions = insertionsOf(options);
    this.#replaceNull = options.boolean('replace.null.with.default');
    if (this.#insertions.length === 0) {
      throw new TidemarkError('CONFIG_INVALID', 'none of topic.field, static.field, … is given', {
        cure: 'Name the field to insert, e.g. topic.field: origin.',
      });
    }
  }

  apply(record: ConnectRecord): ConnectRecord {
    if (record[this.#side].value === null) return record;
    const struct = requireStruct(record[this.#side], 'InsertField');
    const schema = this.#schemaOf(struct.schema);
    const values = valuesOf(struct, this.#replaceNull);
    for (const { name, schema: type, valueOf } of this.#insertions) {
      const value = valueOf(record);
      if (value === null && !type.optional) {
        throw new TidemarkError('TRANSFORM', `InsertField: the record has nothing for ${name}`, {
          cure: 'Take the ! off the name of the field.',
        });
      }
      values.push(value);
    }
    return withSide(record, this.#side, { schema, value: { schema, values } });
  }
}

/** In the order of the original. */
function insertionsOf(options: ResolvedOptions): readonly Insertion[] {
  const fixed = options.optionalString('static.value') ?? null;
  if (options.has('static.field') && fixed === null) {
    throw new TidemarkError('CONFIG_INVALID', 'static.field needs a static.value');
  }
  const insertion = (
    property: string,
    type: ConnectSchema,
    valueOf: Insertion['valueOf'],
  ): Insertion[] => {
    const text = options.optionalString(property);
    if (text === undefined) return [];
    const isRequired = text.endsWith('!');
    const name = /[!?]$/.test(text) ? text.slice(0, -1) : text;
    return [{ name, schema: { ...type, optional: !isRequired }, valueOf }];
  };
  const time = connectTimeSchema(CONNECT_TIMESTAMP, true);
  return [
    ...insertion('topic.field', { type: 'string', optional: true }, ({ topic }) => topic),
    ...insertion(
      'partition.field',
      { type: 'int32', optional: true },
      ({ partition }) => partition ?? null,
    ),
    ...insertion('offset.field', { type: 'int64', optional: true }, offsetOf),
    ...insertion('timestamp.field', time, ({ timestampMs }) =>
      timestampMs === null ? null : BigInt(timestampMs),
    ),
    ...insertion('static.field', { type: 'string', optional: true }, () => fixed),
  ];
}

function offsetOf({ offset }: ConnectRecord): bigint {
  if (offset !== undefined) return BigInt(offset);
  throw new TidemarkError('TRANSFORM', 'InsertField: offset.field works on sinks only');
}
