import { randomInt } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { MOST_SEED, parseSampleAmount, type SampleAmount } from '../config/sample-amount.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { askedBody, type AskedVerify, toldLine } from '../runtime/asked-verify.ts';
import { createLogger } from '../runtime/logger.ts';
import { openForReading } from '../runtime/open-transport.ts';
import type { SignalPath } from '../runtime/signal-repair.ts';
import { localSignals, SignalRepair } from '../runtime/signal-repair.ts';
import { checkStore } from '../runtime/store-check.ts';
import type {
  VerifiedTable,
  VerifyContext,
  VerifyProgress,
  VerifyRequest,
} from '../runtime/verify-pipeline.ts';
import type { CliContext } from './cli-context.ts';
import { duration, wholeNumber } from './flag-values.ts';
import { exitCodeOf } from './render-errors.ts';
import { type DaemonAddress, daemonLines, daemonOf } from './daemon-request.ts';
import { DaemonSignals } from './daemon-signals.ts';
import { logOptionsOf, startPipeline } from './run-command.ts';
import { reportJson, stillDiffer } from './verify-report.ts';
import { VerifyView } from './verify-view.ts';

interface VerifyFlags {
  readonly table?: readonly RegExp[];
  readonly sink?: string;
  readonly rate?: number;
  readonly sample?: SampleAmount;
  readonly seed?: number;
  readonly wait: number;
  readonly limit: number;
  readonly repair?: boolean;
  readonly json?: boolean;
}

const WAIT_MS = 60_000;
const SHOWN = 100;

/** `tidemark verify`: whether each target has what the source has; the exit code says so, too. */
export function addVerify(
  program: Command,
  context: CliContext,
  outcome: { exitCode: number },
): void {
  program
    .command('verify')
    .description('compare source and targets row by row, while changes go on')
    .argument('<file>', 'pipeline file')
    .option('--table <names...>', 'schema.table, or regular expressions over that', patterns)
    .option('--sink <name>', 'this sink alone')
    .option('--rate <rows>', 'read so many rows of the source a second at most', wholeNumber)
    .option('--sample <amount>', 'compare so many rows, or such a part (1%), at random', amount)
    .option('--seed <number>', 'take the places of an earlier sample', wholeNumber)
    .option('--wait <time>', 'how long to wait for whoever does not go on', duration, WAIT_MS)
    .option('--limit <count>', 'show so many differences of a table', wholeNumber, SHOWN)
    .option('--repair', 'have the source tell again what differs, and look once more')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 equal (or repaired), 1 different, 2 and 3 as everywhere.\n' +
        '\nExamples:\n  tidemark verify shop.yaml\n' +
        '  tidemark verify shop.yaml --table public.orders --rate 5000 --json\n' +
        '  tidemark verify shop.yaml --sample 1%\n' +
        '  tidemark verify shop.yaml --repair\n',
    )
    .action(async (file: string, flags: VerifyFlags) => {
      outcome.exitCode = await verifyCommand(file, flags, context);
    });
}

async function verifyCommand(
  file: string,
  flags: VerifyFlags,
  context: CliContext,
): Promise<number> {
  const { environment, clock, output, signal } = context;
  const { sample: part, seed } = flags;
  if (part === undefined && seed !== undefined) {
    throw new TidemarkError('USAGE', '--seed without --sample: all rows are compared');
  }
  const config = loadPipelineFile(file, environment);
  const asJson = flags.json ?? false;
  const view = new VerifyView(output, asJson, clock);
  const request: VerifyRequest = {
    tables: flags.table ?? [],
    sink: flags.sink ?? null,
    rowsPerSecond: flags.rate ?? null,
    sample: part === undefined ? null : { amount: part, seed: seed ?? randomInt(1, MOST_SEED) },
    waitMs: flags.wait,
    shown: flags.limit,
  };
  const isRepairing = flags.repair ?? false;
  const told = {
    warn: (text: string): void => {
      if (!asJson) output.warning(text);
    },
    onProgress: (progress: VerifyProgress): void => view.progress(progress),
  };
  const results =
    (await byDaemon(config, { request, repair: isRepairing }, told, signal)) ??
    (await byOurselves(config, request, isRepairing, told, { context, view }));
  view.close();
  signal.throwIfAborted();
  if (asJson) output.json(reportJson(results));
  else view.report(results);
  return exitCode(results);
}

type Told = Pick<VerifyContext, 'warn' | 'onProgress'>;

/** A file that the daemon alone can read is compared by it. Null: there is none, or no answer. */
async function byDaemon(
  config: PipelineConfig,
  asked: AskedVerify,
  told: Told,
  signal: AbortSignal,
): Promise<readonly VerifiedTable[] | null> {
  const { needsDaemon } = await import('../runtime/verify-pipeline.ts');
  if (!needsDaemon(config, asked.request.sink) || !isRunning(config)) return null;
  let address: DaemonAddress;
  try {
    address = await daemonOf(config, 'by it the daemon is asked to compare', signal);
  } catch (thrown) {
    if (toTidemarkError(thrown).code !== 'NOT_RUNNING') throw thrown;
    return null;
  }
  for await (const text of daemonLines(address, '/verify', signal, askedBody(asked))) {
    const line = toldLine(text);
    if (line === null) continue;
    if ('tables' in line) return line.tables;
    if ('progress' in line) told.onProgress(line.progress);
    if ('warning' in line) told.warn(line.warning);
  }
  throw new TidemarkError('NOT_RUNNING', `the daemon of ${config.name} ended while it compared`);
}

async function byOurselves(
  config: PipelineConfig,
  request: VerifyRequest,
  isRepairing: boolean,
  told: Told,
  { context, view }: { readonly context: CliContext; readonly view: VerifyView },
): Promise<readonly VerifiedTable[]> {
  const { clock } = context;
  const { verifyPipeline } = await import('../runtime/verify-pipeline.ts');
  return beside(config, context, view, isRepairing, ({ transport, signals }, stop) => {
    const waits = { clock, waitMs: request.waitMs };
    const repair = signals === null ? null : new SignalRepair(signals, waits);
    return verifyPipeline(config, request, { transport, clock, repair, ...told }, stop);
  });
}

function isRunning(config: PipelineConfig): boolean {
  return config.transportType === 'kafka' || checkStore(config.storePath).heldBy !== null;
}

/** What verify works with of a pipeline, wherever that runs. */
interface Around {
  readonly transport: VerifyContext['transport'];
  /** Null: nothing is to be repaired. */
  readonly signals: SignalPath | null;
}

/**
 * Works beside a daemon. Where none has the store, the pipeline runs here meanwhile: what the log
 * does not have yet is in no target.
 */
async function beside<T>(
  config: PipelineConfig,
  context: CliContext,
  view: VerifyView,
  isRepairing: boolean,
  work: (around: Around, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal } = context;
  const reading = await openForReading({ config }, clock);
  if (isRunning(config)) {
    await using transport = reading;
    const signals = isRepairing ? await DaemonSignals.open(config, signal) : null;
    return await work({ transport, signals }, signal);
  }
  await reading[Symbol.asyncDispose]();
  const options = { ...logOptionsOf(config), level: 'warn', beforeLine: () => view.makeWay() };
  await using running = await startPipeline(config, context, createLogger(options));
  const { pipeline } = running.composed;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const ended = pipeline.finished.catch((error: unknown) => {
    failed.abort(error);
  });
  try {
    const signals = isRepairing ? localSignals(() => pipeline) : null;
    return await work({ transport: pipeline.transport, signals }, either);
  } finally {
    // Whoever stops the pipeline waits for it.
    void ended;
  }
}

/** A difference counts more than a table that could not be looked at. */
function exitCode(results: readonly VerifiedTable[]): number {
  if (results.some(({ verdict }) => verdict !== null && stillDiffer(verdict) > 0)) return 1;
  const problems = results.flatMap(({ problem }): TidemarkError[] =>
    problem === null ? [] : [problem],
  );
  return problems.length === 0 ? 0 : exitCodeOf(problems);
}

function patterns(text: string, before: readonly RegExp[] = []): readonly RegExp[] {
  try {
    return [...before, new RegExp(`^(?:${text})$`)];
  } catch {
    throw new InvalidArgumentError('a name, or a regular expression over schema.table');
  }
}

function amount(text: string): SampleAmount {
  const parsed = parseSampleAmount(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError('a number of rows, or a part such as 1% is expected');
}
