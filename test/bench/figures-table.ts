import type { Figures } from './peer-figures.ts';

const LINES: readonly (readonly [label: string, key: keyof Figures, digits: number])[] = [
  ['snapshot rows/s', 'snapshotRowsPerSecond', 0],
  ['stream events/s', 'streamEventsPerSecond', 0],
  ['latency p50 ms', 'latencyP50Ms', 2],
  ['latency p99 ms', 'latencyP99Ms', 2],
  ['CPU µs per event', 'cpuMicrosPerEvent', 2],
  ['peak memory MB', 'peakMb', 0],
  ['cold start ms', 'coldStartMs', 0],
];

/** Prints a table with a column for each; null: not measured. */
export function printFigures(
  title: string,
  columns: readonly (readonly [name: string, figures: Figures | null])[],
): void {
  const out = [`\n${title}\n`];
  out.push(columns.reduce((line, [name]) => line + name.padStart(16), ''.padEnd(20)));
  for (const [label, key, digits] of LINES) {
    const cells = columns.map(([, figures]) => figures?.[key].toFixed(digits) ?? '–');
    out.push(label.padEnd(20) + cells.map((cell) => cell.padStart(16)).join(''));
  }
  process.stdout.write(`${out.join('\n')}\n`);
}
