import { loadPipelineFile } from '../config/pipeline-file.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { killAtFaultPoint, noFaults } from '../foundation/fault-points.ts';
import { checkFirstStart } from '../runtime/check-pipeline.ts';
import { type ComposedPipeline, composePipeline } from '../runtime/compose-pipeline.ts';
import { createLogger, type Logger, type LogOptions } from '../runtime/logger.ts';
import type { PipelineStatus } from '../runtime/pipeline-status.ts';
import type { CliContext, ServedHttp } from './cli-context.ts';

/** A pipeline with its HTTP port, started; disposing stops both in order. */
export interface RunningPipeline extends AsyncDisposable {
  readonly config: PipelineConfig;
  readonly composed: ComposedPipeline;
  readonly http: ServedHttp | null;
}

/** `tidemark run`: until a signal comes or the source fails for good. `json`: as JSON lines. */
export async function runCommand(
  file: string,
  { json }: { readonly json: boolean },
  context: CliContext,
): Promise<void> {
  const config = loadPipelineFile(file, context.environment);
  const logger = createLogger({ ...logOptionsOf(config), ...(json ? { format: 'json' } : {}) });
  await using running = await startPipeline(config, context, logger);
  await untilStopped(running, context);
}

/** Composes and starts; a failure on the way closes what is open already. */
export async function startPipeline(
  config: PipelineConfig,
  context: CliContext,
  logger: Logger,
): Promise<RunningPipeline> {
  for (const warning of config.warnings) logger.warn(warning);
  const faultPoint = context.environment['TIDEMARK_FAULT_POINT'] ?? '';
  const composed = await whileWaiting(config, context, logger, (onWaiting) =>
    composePipeline(config, {
      clock: context.clock,
      logger,
      signal: context.signal,
      onWaiting,
      showsFailure: context.output.showsErrorsOnTerminal,
      fault: faultPoint === '' ? noFaults : killAtFaultPoint(faultPoint),
    }),
  );
  const { pipeline } = composed;
  try {
    await checkFirstStart(config, pipeline.transport, context.signal, context.clock);
    const http = await context.faces.serveHttp(config.http, composed);
    if (http !== null) logger.info(`listening on ${http.url}`);
    pipeline.start();
    return {
      config,
      composed,
      http,
      // The port stays open until the pipeline has stopped: it tells how far the stop is.
      [Symbol.asyncDispose]: async () => {
        try {
          await pipeline.stop();
        } finally {
          await http?.[Symbol.asyncDispose]();
        }
      },
    };
  } catch (error) {
    await pipeline.stop();
    throw error;
  }
}

/** A start that waits answers at its port, until it need not wait any more. */
async function whileWaiting<T>(
  config: PipelineConfig,
  { faces }: CliContext,
  logger: Logger,
  start: (onWaiting: (status: () => PipelineStatus | null) => void) => Promise<T>,
): Promise<T> {
  let waiting: Promise<ServedHttp | null> = Promise.resolve(null);
  try {
    return await start((status) => {
      waiting = faces.serveStatus(config.http, status).catch((error: unknown) => {
        // The daemon's own port fails in the same way, and that ends the start.
        logger.warn({ err: error }, 'the status cannot be asked for while the start waits');
        return null;
      });
    });
  } finally {
    await (await waiting)?.[Symbol.asyncDispose]();
  }
}

/** A timer that long does not overflow. */
const IDLE_MS = 86_400_000;

/**
 * Resolves when the signal aborts; rejects when the source fails for good. A source that has ended
 * by itself, with no stream to follow, leaves the daemon idle, as a connector stays RUNNING: one
 * that ended would be started again and again by whoever looks after it.
 */
export async function untilStopped(running: RunningPipeline, context: CliContext): Promise<void> {
  const { signal, clock } = context;
  const stopped = (async (): Promise<void> => {
    while (!signal.aborted) await clock.sleep(IDLE_MS, signal);
  })();
  const ended = running.composed.pipeline.finished.then(() => stopped);
  await Promise.race([ended, stopped]);
}

/** Level and format of the log, from the section `runtime`. */
export function logOptionsOf(config: PipelineConfig): LogOptions {
  return {
    level: config.runtime.string('log.level'),
    format: config.runtime.string('log.format') as LogOptions['format'],
  };
}
