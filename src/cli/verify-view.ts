import type { Clock } from '../foundation/clock.ts';
import type { VerifiedTable, VerifyProgress } from '../runtime/verify-pipeline.ts';
import type { ConsoleOutput } from './console-output.ts';
import { differenceCount, stillDiffer } from './verify-report.ts';
import { formatCount, formatDuration } from './format-quantity.ts';

const DRAW_EVERY_MS = 100;
const PLAIN_EVERY_MS = 2000;
/** Of a value in the report for people; JSON has it whole. */
const VALUE_MOST = 60;

type Difference = NonNullable<VerifiedTable['verdict']>['differences'][number];

/** How `verify` shows what it does: a bar with the time left, lines elsewhere, and its report. */
export class VerifyView {
  readonly #output: ConsoleOutput;
  readonly #json: boolean;
  readonly #clock: Clock;
  #table = '';
  #sinceMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  constructor(output: ConsoleOutput, json: boolean, clock: Clock) {
    this.#output = output;
    this.#json = json;
    this.#clock = clock;
  }

  progress(progress: VerifyProgress): void {
    if (this.#json) return;
    const nowMs = this.#clock.monotonicMs();
    const table = `${progress.sink} ${progress.table}`;
    if (table !== this.#table) {
      this.#table = table;
      this.#sinceMs = nowMs;
    }
    const everyMs = this.#output.isTerminal ? DRAW_EVERY_MS : PLAIN_EVERY_MS;
    if (nowMs - this.#lastMs < everyMs) return;
    this.#lastMs = nowMs;
    const line = progressLine(progress, nowMs - this.#sinceMs, this.#output.columns);
    if (!this.#output.isTerminal) {
      this.#output.line(line);
      return;
    }
    this.#output.write(`\r\u001B[K${line}`);
    this.#isDrawn = true;
  }

  /** A line of something else comes. */
  makeWay(): void {
    if (this.#isDrawn) this.#output.write('\r\u001B[K');
    this.#isDrawn = false;
  }

  close(): void {
    this.makeWay();
  }

  report(results: readonly VerifiedTable[]): void {
    for (const result of results) this.#reportTable(result);
    const differ = results.filter(({ verdict }) => verdict !== null && stillDiffer(verdict) > 0);
    const repaired = results.reduce((sum, { verdict }) => sum + (verdict?.repaired ?? 0), 0);
    const open = results.filter(({ verdict }) => verdict === null);
    const rows = results.reduce((sum, { verdict }) => sum + (verdict?.rows ?? 0), 0);
    const all = `${formatCount(rows)} rows of ${results.length} tables compared`;
    if (differ.length > 0) {
      this.#output.line(this.#output.style('red', `${all}: ${differ.length} tables differ`));
    } else if (open.length > 0) {
      this.#output.line(`${all}: ${open.length} could not be, the others are equal`);
    } else {
      const mended = repaired === 0 ? '' : `, ${formatCount(repaired)} rows repaired`;
      this.#output.line(this.#output.style('green', `${all}: all equal${mended}`));
    }
  }

  #reportTable({ sink, source, target, keyColumns, verdict, problem }: VerifiedTable): void {
    const output = this.#output;
    const head = `${sink}: ${source}${target === null ? '' : ` → ${target}`}`;
    if (verdict === null) {
      output.line(`${head}: ${output.style('yellow', 'not compared')}: ${problem?.message ?? ''}`);
      if (problem !== null) output.line(`  cure: ${problem.cure}`);
      return;
    }
    const parts = (['missing', 'surplus', 'different'] as const)
      .filter((kind) => verdict[kind] > 0)
      .map((kind) => `${formatCount(verdict[kind])} ${kind}`);
    const found = parts.length === 0 ? 'equal' : output.style('red', parts.join(', '));
    const mended = verdict.repaired === 0 ? '' : `; ${formatCount(verdict.repaired)} repaired`;
    output.line(`${head}: ${formatCount(verdict.rows)} rows, ${found}${mended}`);
    if (verdict.sample !== null) {
      const { ranges, seed, findsSurplus } = verdict.sample;
      const surplus = findsSurplus ? '' : '; rows that only the target has were not looked for';
      output.line(`  a sample: ${formatCount(ranges)} random ranges (--seed ${seed})${surplus}`);
    }
    if (verdict.repairProblem !== null) {
      output.line(`  not repaired: ${verdict.repairProblem.message}`);
      output.line(`  cure: ${verdict.repairProblem.cure}`);
    }
    for (const one of verdict.differences) {
      for (const line of differenceLines(one, keyColumns)) output.line(`  ${line}`);
    }
    const more = differenceCount(verdict) - verdict.differences.length;
    if (more > 0) output.line(`  … and ${formatCount(more)} more (--limit)`);
    if (verdict.unsettled > 0) {
      const keys = `${formatCount(verdict.unsettled)} keys`;
      output.line(`  ${keys} changed whenever they were looked at: nothing is said of them`);
    }
  }
}

function differenceLines(one: Difference, keyColumns: readonly string[]): readonly string[] {
  const key = keyColumns.map((name, i) => `${name}=${shortened(one.key[i] ?? '')}`).join(', ');
  const lines = one.columns.map(
    ({ name, source, target }) =>
      `    ${name}: source ${shortened(source)}, target ${shortened(target)}`,
  );
  const became = one.repaired === null ? '' : one.repaired ? ', repaired' : ', still so';
  return [`${one.kind.padEnd(9)} ${key}${became}`, ...lines];
}

function shortened(value: string | null): string {
  if (value === null) return 'NULL';
  return value.length > VALUE_MOST ? `${value.slice(0, VALUE_MOST)}…` : value;
}

/** `public.orders ████░░ 1,200 of ~5,000, 3 s left` */
function progressLine(
  { table, rows, estimatedRows, suspects }: VerifyProgress,
  elapsedMs: number,
  columns: number,
): string {
  const looks = suspects > 0 ? `, ${formatCount(suspects)} to look at again` : '';
  if (estimatedRows <= 0) return `${table} ${formatCount(rows)} rows${looks}`;
  const share = rows / Math.max(rows, estimatedRows);
  const leftMs = rows === 0 ? 0 : (elapsedMs * (1 - share)) / share;
  const left = rows === 0 ? '' : `, ${formatDuration(leftMs)} left`;
  const count = `${formatCount(rows)} of ~${formatCount(estimatedRows)}${left}${looks}`;
  const width = Math.max(10, Math.min(40, columns - table.length - count.length - 4));
  const filled = Math.round(share * width);
  return `${table} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${count}`;
}
