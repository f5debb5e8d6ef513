import type { ConnectValue, Struct } from '../src/model/connect-schema.ts';
import { bytesToBigInt, formatDecimal, isDecimal } from '../src/model/connect-schema.ts';
import { asStruct, mismatch } from './connect-values.ts';
import { geometricText } from './geometric-text.ts';
import { sparseVectorText } from './sparse-vector-text.ts';

/*
 * Values that records have in parts, as the one text that targets read of them, with all digits.
 */

/** A Decimal of Connect. */
export function decimalText(value: ConnectValue): string {
  if (isDecimal(value)) return formatDecimal(value);
  throw mismatch('a Decimal', value);
}

/** A number that carries its own scale. */
export function variableDecimalText(value: ConnectValue): string {
  const [scale, unscaled] = asStruct(value).values;
  if (typeof scale !== 'number' || !Buffer.isBuffer(unscaled)) {
    throw mismatch('a VariableScaleDecimal', value);
  }
  return formatDecimal({ unscaled: bytesToBigInt(unscaled), scale });
}

/**
 * One text for a number, whatever its scale: zeros at the end of a fraction are left out, so that
 * equal numbers are equal texts, in keys too, also after the source has changed the scale
 * (PITFALLS S3).
 */
export function withoutScale(digits: string): string {
  return digits.includes('.') && digits.endsWith('0') ? digits.replace(/\.?0+$/, '') : digits;
}

/**
 * Debezium's Bits: least significant byte first, without zero bytes at the end. A bit(n) is filled
 * up to its length; of a varbit the zeros in front are lost (bit.varying.handling.mode).
 */
export function bitsText(length: number): (value: ConnectValue) => string {
  return (value) => {
    if (!Buffer.isBuffer(value)) throw mismatch('bytes', value);
    let bits = '';
    for (const byte of value) bits = byte.toString(2).padStart(8, '0') + bits;
    return bits.replace(/^0+/, '').padStart(length, '0');
  };
}

/** A shape or a sparse vector; null: it is another struct. */
export function shapeText(struct: Struct): string | null {
  const shape = geometricText(struct);
  if (shape !== null) return shape;
  const [dimensions, entries] = struct.values;
  const isSparse = struct.schema.name?.endsWith('SparseDoubleVector') === true;
  return isSparse && entries instanceof Map
    ? sparseVectorText(Number(dimensions), entries as ReadonlyMap<number, number>)
    : null;
}
