/**
 * A value as its column's type has it, for targets that take rows as vectors: a number (also of
 * days since 1970), a whole number of 64 bits (also µs since 1970), a decimal's digits, a truth.
 */
export type TypedCell = number | bigint | boolean;

/** The values of one column, row by row. */
export interface TypedColumn {
  readonly typed: readonly (TypedCell | null)[];
  readonly length: number;
}
