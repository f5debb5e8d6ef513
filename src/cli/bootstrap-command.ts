import { loadPipelineFile } from '../config/pipeline-file.ts';
import { awaitBootstrap, type BootstrapState } from '../runtime/bootstrap.ts';
import { type HeldWal, readHeldWal } from '../runtime/held-wal.ts';
import { createLogger } from '../runtime/logger.ts';
import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import { requireDatabase } from '../runtime/source-partition.ts';
import type { CliContext } from './cli-context.ts';
import type { ConsoleOutput } from './console-output.ts';
import { formatBytes, formatCount } from './format-quantity.ts';
import { logOptionsOf, startPipeline, untilStopped } from './run-command.ts';

/** Flags of `bootstrap`. */
export interface BootstrapCommandOptions {
  readonly follow: boolean;
  readonly json: boolean;
}

/** `tidemark bootstrap`: the snapshot until every sink holds it; `follow` goes on as `run`. */
export async function bootstrapCommand(
  file: string,
  options: BootstrapCommandOptions,
  context: CliContext,
): Promise<void> {
  const config = loadPipelineFile(file, context.environment);
  requireDatabase(config.source, 'bootstrap');
  const level = options.json || context.output.isTerminal ? 'warn' : undefined;
  const view = new BootstrapView(context.output, options.json);
  const logger = createLogger({
    ...logOptionsOf(config),
    ...(level === undefined ? {} : { level }),
    beforeLine: () => view.makeWay(),
  });
  await using running = await startPipeline(config, context, logger);
  const { pipeline } = running.composed;
  const bootstrapped = awaitBootstrap(pipeline, context.clock, context.signal, (state, status) =>
    view.progress(state, status, context.clock.monotonicMs()),
  );
  // A failed source ends `finished` first, with the error itself.
  await Promise.race([bootstrapped, pipeline.finished.then(() => bootstrapped)]);
  view.close();
  if (context.signal.aborted) {
    context.output.note('Stopped before the end; the same command goes on.');
    return;
  }
  const status = pipeline.status();
  const slot = await readHeldWal(
    config.source,
    status.source.offset,
    context.signal,
    context.clock,
  );
  report(context.output, options, { file, slot, status, view });
  if (options.follow) await untilStopped(running, context);
}

interface BootstrapOutcome {
  readonly file: string;
  readonly slot: HeldWal;
  readonly status: PipelineStatus;
  readonly view: BootstrapView;
}

function report(
  output: ConsoleOutput,
  options: BootstrapCommandOptions,
  { file, slot, status, view }: BootstrapOutcome,
): void {
  const next = `tidemark run ${file}`;
  const walHeldBytes = slot.bytes;
  if (options.json) {
    const { records } = status.source;
    output.json({
      done: true,
      snapshotRan: view.sawSnapshot,
      slot: slot.slot,
      walHeldBytes,
      records,
      next,
    });
    return;
  }
  output.line(output.style('green', view.outcome));
  const held = walHeldBytes === null ? 'not known' : formatBytes(walHeldBytes);
  output.line(
    slot.slot === null
      ? `Binlog behind the stored position: ${held}.`
      : `Slot ${slot.slot} keeps the place; WAL held: ${held}.`,
  );
  output.line(options.follow ? 'Following the stream; Ctrl-C stops.' : `Next: ${next}`);
}

const PLAIN_EVERY_MS = 2000;

/** Bars on a terminal, a line now and then elsewhere. */
class BootstrapView {
  readonly #output: ConsoleOutput;
  readonly #json: boolean;
  #drawnLines = 0;
  #lastPlainMs = -Infinity;
  #isRest = false;
  sawSnapshot = false;
  rows = 0;

  constructor(output: ConsoleOutput, json: boolean) {
    this.#output = output;
    this.#json = json;
  }

  progress(state: BootstrapState, status: PipelineStatus, nowMs: number): void {
    const tables = status.source.snapshot;
    // The rest of a snapshot that was cut short is read while the stream runs.
    if (tables.some(({ completed }) => !completed)) {
      this.sawSnapshot = true;
      this.#isRest ||= status.source.phase === 'streaming';
    }
    if (status.source.phase === 'snapshot') this.sawSnapshot = true;
    this.rows = Math.max(this.rows, sum(tables.map((table) => table.rowsDone)));
    if (this.#json) return;
    const lines = renderBootstrap(state, status, this.#output.columns);
    if (this.#output.isTerminal) this.#draw(lines);
    else if (nowMs - this.#lastPlainMs >= PLAIN_EVERY_MS) {
      this.#lastPlainMs = nowMs;
      this.#output.line(lines.at(-1));
    }
  }

  /** What has been done. */
  get outcome(): string {
    if (!this.sawSnapshot) return 'The snapshot was done before; the sinks have caught up.';
    const what = this.#isRest
      ? 'the rest of the snapshot is'
      : `${formatCount(this.rows)} rows are`;
    return `Bootstrap done: ${what} in the log and in every sink.`;
  }

  close(): void {
    this.#drawnLines = 0;
  }

  /** A line of the log comes: the picture is drawn again below it. */
  makeWay(): void {
    if (this.#drawnLines > 0) this.#output.write(this.#erasure());
    this.#drawnLines = 0;
  }

  #draw(lines: readonly string[]): void {
    this.#output.write(`${this.#erasure()}${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  #erasure(): string {
    return this.#drawnLines > 0 ? `\u001B[${this.#drawnLines}A\u001B[J` : '';
  }
}

/** One line per table that is being read (twelve at most), and one for the whole. */
export function renderBootstrap(
  state: BootstrapState,
  status: PipelineStatus,
  columns: number,
): readonly string[] {
  const tables = status.source.snapshot;
  const busy = tables.filter((table) => !table.completed && table.rowsDone > 0).slice(0, 12);
  const nameWidth = Math.min(32, Math.max(8, ...busy.map((table) => table.table.length)));
  const lines = busy.map((table) => {
    const name = table.table.slice(0, nameWidth).padEnd(nameWidth);
    // A table that was never analyzed: nobody knows.
    if (table.rowsEstimated <= 0) return `${name} ${formatCount(table.rowsDone)} rows`;
    const share = table.rowsDone / Math.max(table.rowsEstimated, table.rowsDone);
    const count = `${formatCount(table.rowsDone)} of ~${formatCount(table.rowsEstimated)}`;
    const width = Math.max(10, Math.min(40, columns - nameWidth - count.length - 4));
    return `${name} ${bar(share, width)} ${count}`;
  });
  lines.push(summary(state, status));
  return lines;
}

function summary(state: BootstrapState, status: PipelineStatus): string {
  const tables = status.source.snapshot;
  switch (state.kind) {
    case 'snapshot': {
      if (tables.length === 0) return `source ${status.source.state}`;
      const done = tables.filter((table) => table.completed).length;
      const rows = formatCount(sum(tables.map((table) => table.rowsDone)));
      return `snapshot: ${done} of ${tables.length} tables, ${rows} rows`;
    }
    case 'applying':
      return `applying: ${formatCount(state.recordsLeft)} records to go`;
    case 'catching-up':
      return 'catching up with the changes made meanwhile';
    case 'done':
      return 'done';
  }
}

function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, share) * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
