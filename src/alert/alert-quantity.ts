import type { AlertMeasure } from '../model/alert.ts';

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** `2 d 3 h`, `4 min 5 s`, `12 s`, `340 ms`: two units say enough. */
export function formatSpan(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const at = SPANS.findIndex(([, size]) => whole >= size);
  if (at < 0) return `${whole} ms`;
  const [unit, size] = SPANS[at] ?? ['s', 1000];
  const count = Math.floor(whole / size);
  const [lesser, lesserSize] = SPANS[at + 1] ?? ['', 0];
  const rest = lesserSize === 0 ? 0 : Math.floor((whole % size) / lesserSize);
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${lesser}`;
}

const SIZES = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** A value with its unit. */
export function formatMeasure(value: number, unit: AlertMeasure['unit']): string {
  switch (unit) {
    case 'ms':
      return formatSpan(value);
    case 'percent':
      return `${Math.round(value * 10) / 10} %`;
    case 'bytes': {
      let [left, at] = [value, 0];
      for (; left >= 1024 && at < SIZES.length - 1; at++) left /= 1024;
      return `${at === 0 ? Math.round(left) : left.toFixed(1)} ${SIZES[at] ?? ''}`;
    }
    case 'records':
      return `${value.toLocaleString('en')} records`;
    case 'count':
      return value.toLocaleString('en');
  }
}
