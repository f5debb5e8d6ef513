import type { MeasureUnit } from './alert-classes.ts';

/** What an alert's threshold was written as. */
export interface AlertThreshold {
  readonly value: number;
  /** Null: a plain number, in whatever is measured. */
  readonly unit: 'ms' | 'bytes' | 'percent' | null;
}

const UNITS: Readonly<Record<string, readonly [AlertThreshold['unit'], number]>> = {
  '': [null, 1],
  '%': ['percent', 1],
  ms: ['ms', 1],
  s: ['ms', 1000],
  m: ['ms', 60_000],
  h: ['ms', 3_600_000],
  d: ['ms', 86_400_000],
  kb: ['bytes', 1024],
  mb: ['bytes', 1024 ** 2],
  gb: ['bytes', 1024 ** 3],
  tb: ['bytes', 1024 ** 4],
};

/** `90s`, `5gb`, `10%`, `3`; null when it is none of them. */
export function parseThreshold(text: string): AlertThreshold | null {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*|%)$/i.exec(text.trim());
  const unit = UNITS[(match?.[2] ?? '?').toLowerCase()];
  return match === null || unit === undefined
    ? null
    : { value: Number(match[1]) * unit[1], unit: unit[0] };
}

/** Whether such a threshold says anything about what is measured so. */
export function fitsUnit({ value, unit }: AlertThreshold, measured: MeasureUnit): boolean {
  if (unit !== null) return unit === measured;
  // Nobody means 90 ms, or 5 bytes, by 90 or 5; nothing is nothing in every unit.
  return value === 0 || (measured !== 'ms' && measured !== 'bytes');
}
