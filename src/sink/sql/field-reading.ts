import type { ValueEncoder } from '../../../dialects/dialect.ts';
import type { ConnectSchema, ConnectValue } from '../../model/connect-schema.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';

/** What options make of a field's values on their way into its column. */
export type ReadingOptions = Pick<SqlSinkOptions, 'nullsAsDefaults'>;

/** The encoder of a field, made once per schema and table: with what the options want before it. */
export function readingEncoder(
  encoder: ValueEncoder,
  schema: ConnectSchema,
  { nullsAsDefaults }: ReadingOptions,
): ValueEncoder {
  const initial = schema.default ?? null;
  return nullsAsDefaults && initial !== null ? withDefault(encoder, initial) : encoder;
}

/** The default is encoded with the first null: one that does not fit hurts no row before it. */
function withDefault(encoder: ValueEncoder, initial: ConnectValue): ValueEncoder {
  let text: string | null = null;
  return {
    plain: encoder.plain,
    encode: (value) => {
      if (value !== null) return encoder.encode(value);
      text ??= encoder.encode(initial);
      return text;
    },
  };
}
