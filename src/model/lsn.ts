import { TidemarkError } from '../foundation/errors.ts';

declare const lsnBrand: unique symbol;

/** A PostgreSQL log sequence number: unsigned 64 bits. Never a JavaScript number (PITFALLS P15). */
export type Lsn = bigint & { readonly [lsnBrand]: true };

/** Marks a position that came as a number from the wire; checks nothing. */
export function lsn(value: bigint): Lsn {
  return value as Lsn;
}

export const LSN_ZERO = lsn(0n);

/** Reads PostgreSQL's `16/B374D848`. Text must never be compared as text (P16). */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (match === null) throw new TidemarkError('DECODE', `not an LSN: ${JSON.stringify(text)}`);
  return lsn((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`));
}

/** Writes `16/B374D848`, without zero padding, as PostgreSQL does. */
export function formatLsn(value: bigint): string {
  const high = (value >> 32n).toString(16).toUpperCase();
  const low = (value & 0xffffffffn).toString(16).toUpperCase();
  return `${high}/${low}`;
}

/** Null of none. */
export function lsnText(value: Lsn | null | undefined): string | null {
  return value === null || value === undefined ? null : formatLsn(value);
}

/** The second where there is no first. */
export function earlierLsn(kept: Lsn | null, at: Lsn): Lsn {
  return kept !== null && kept < at ? kept : at;
}
