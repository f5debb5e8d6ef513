/** schema.name.adjustment.mode and field.name.adjustment.mode. */
export type NameAdjustment = 'none' | 'avro' | 'avro_unicode';

/**
 * A schema's full name made valid for Avro as Debezium does it (PITFALLS C11): dots stay, and only
 * the very first character may not be a digit. `avro` replaces by `_`; `avro_unicode` escapes to
 * `_u` and lower-case hex, the underscore too, so that it can be reversed.
 */
export function adjustFullName(name: string, mode: NameAdjustment): string {
  return mode === 'none' ? name : adjust(name, mode, /[^A-Za-z0-9_.]/);
}

/** A field's name, in which a dot is not valid either. */
export function adjustFieldName(name: string, mode: NameAdjustment): string {
  return mode === 'none' ? name : adjust(name, mode, /[^A-Za-z0-9_]/);
}

function adjust(name: string, mode: 'avro' | 'avro_unicode', invalid: RegExp): string {
  let adjusted = '';
  for (let i = 0; i < name.length; i++) {
    const unit = name[i] as string;
    const leadingDigit = i === 0 && /[0-9]/.test(unit);
    if (mode === 'avro') {
      if (leadingDigit) adjusted += `_${unit}`;
      else adjusted += invalid.test(unit) || (i === 0 && unit === '.') ? '_' : unit;
    } else if (leadingDigit || unit === '_' || invalid.test(unit) || (i === 0 && unit === '.')) {
      adjusted += unicodeEscape(unit);
    } else {
      adjusted += unit;
    }
  }
  return adjusted;
}

/** Two hex digits get `00` in front; three stay three, as in the original. */
function unicodeEscape(unit: string): string {
  const hex = unit.charCodeAt(0).toString(16);
  return `_u${hex.length <= 2 ? '00' : ''}${hex}`;
}
