import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { TargetColumn, ValueEncoder } from '../dialect.ts';
import { duckdbScalar } from './duckdb-nested.ts';
import { parseDuckdbType } from './duckdb-type-name.ts';

/** Compiles the encoder of one column: chosen once per schema and target column, not per row. */
export function duckdbEncoder(schema: ConnectSchema, { type }: TargetColumn): ValueEncoder {
  const { ddl, text, typed } = duckdbScalar(schema);
  const { base, digits, depth } = parseDuckdbType(type);
  const isSame = ddl === type || (base === 'VARCHAR' && depth === 0);
  // DuckDB rounds what a DECIMAL has no place for.
  const scale = isSame || depth > 0 ? undefined : digits?.[1];
  return {
    plain: true,
    encode: (value) => {
      if (value === null) return null;
      const shown = text(value);
      if (scale !== undefined && fractionDigits(shown) > scale) throw rounded();
      return shown;
    },
    // In a column of another type a value may be another one, or none.
    ...(ddl === type && typed !== undefined ? { typed } : {}),
  };
}

function fractionDigits(number: string): number {
  const point = number.indexOf('.');
  return point < 0 ? 0 : number.length - point - 1;
}

function rounded(): TidemarkError {
  return new TidemarkError('VALUE_CONVERSION', 'its column in the target would round a value', {
    cure: 'Give the column the type that the sink would have made it with.',
  });
}
