import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { TargetColumn, ValueEncoder } from '../dialect.ts';
import { cellOf } from './sqlite-cells.ts';
import { affinityOf, isDecimalSchema } from './sqlite-column-types.ts';
import type { Affinity } from './sqlite-column-types.ts';
import type { Scalar } from './sqlite-scalars.ts';
import { numberScalar, scalarOf } from './sqlite-scalars.ts';

type Check = (text: string) => boolean;

/** Compiles the encoder of one column: chosen once per schema and target column, not per row. */
export function sqliteEncoder(schema: ConnectSchema, { castType }: TargetColumn): ValueEncoder {
  const affinity = affinityOf(castType);
  const { storage, text } = scalarFor(schema, affinity);
  const takes = storage === 'TEXT' ? exactness(schema, affinity) : null;
  return {
    plain: true,
    encode: (value) => {
      if (value === null) return null;
      const shown = text(value);
      if (takes !== null && !takes(shown)) throw changed();
      return cellOf(storage, shown);
    },
  };
}

/** A column that somebody made for whole numbers gets those of times and dates as they came. */
function scalarFor(schema: ConnectSchema, affinity: Affinity): Scalar {
  return (affinity === 'INTEGER' ? numberScalar(schema) : undefined) ?? scalarOf(schema);
}

function changed(): TidemarkError {
  return new TidemarkError('VALUE_CONVERSION', 'its column in the target would change a value', {
    cure: 'Give the column the type that the sink would have made it with, TEXT.',
  });
}

/** What SQLite takes for a number, with blanks around it; such a text is turned into one. */
const NUMERIC_TEXT = /^[\t-\r ]*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[\t-\r ]*$/i;
const WHOLE = /^-?\d{1,19}$/;
/** Of so many digits SQLite promises that a text comes back as it was. */
const REAL_DIGITS = 15;

/** Whether a column that is for numbers leaves a text alone, or makes a number equal to it. */
function exactness(schema: ConnectSchema, affinity: Affinity): Check | null {
  if (affinity === 'TEXT' || affinity === 'BLOB') return null;
  const keepsWhole = affinity !== 'REAL';
  const isDecimal = isDecimalSchema(schema);
  return (text) => {
    if (!NUMERIC_TEXT.test(text)) return true;
    if (keepsWhole && WHOLE.test(text)) {
      const whole = BigInt(text);
      if (BigInt.asIntN(64, whole) === whole && String(whole) === text) return true;
    }
    const digits = text.replace(/e.*$/i, '').replaceAll(/\D/g, '').replace(/^0+/, '');
    if (digits.length > REAL_DIGITS) return false;
    return isDecimal || (text.includes('.') && String(Number(text)) === text);
  };
}
