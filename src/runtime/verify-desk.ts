import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, TidemarkErrors, toTidemarkError } from '../foundation/errors.ts';
import type { Transport } from '../transport/transport.ts';
import type { AskedVerify, VerifyLine } from './asked-verify.ts';
import { askedVerify } from './asked-verify.ts';
import type { Logger } from './logger.ts';
import { localSignals, SignalRepair } from './signal-repair.ts';

/** What comparisons that others ask for are made with. */
export interface VerifyDeskParts {
  readonly config: PipelineConfig;
  readonly transport: Transport;
  readonly pipeline: Parameters<typeof localSignals>[0];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the process is to end. */
  readonly stopping: AbortSignal;
}

/** Progress is shown so often. */
const PROGRESS_MS = 100;
/** Whoever hears nothing for minutes takes the connection for lost. */
const ALIVE_MS = 10_000;

/**
 * Compares for whoever asks the daemon, which alone has what only one process can have: the file
 * of a DuckDB sink. One at a time, beside those of the schedule.
 */
export class VerifyDesk {
  readonly #parts: VerifyDeskParts;
  #isBusy = false;

  constructor(parts: VerifyDeskParts) {
    this.#parts = parts;
  }

  /**
   * What is asked for; what it returns begins it, and has to be called: from here on nobody else
   * is served. Throws CONFIG_INVALID, VERIFY_BUSY.
   */
  begin(body: unknown): (tell: (line: VerifyLine) => void, gone: AbortSignal) => Promise<void> {
    const asked = askedVerify(body);
    if (this.#isBusy) {
      throw new TidemarkError('VERIFY_BUSY', 'the daemon compares for somebody else');
    }
    this.#isBusy = true;
    return (tell, gone) => this.#run(asked, tell, gone);
  }

  async #run(
    { request, repair }: AskedVerify,
    tell: (line: VerifyLine) => void,
    gone: AbortSignal,
  ): Promise<void> {
    const { config, transport, pipeline, clock, logger, stopping } = this.#parts;
    const over = new AbortController();
    const signal = AbortSignal.any([gone, stopping]);
    let lastMs = Number.NEGATIVE_INFINITY;
    const alive = this.#stayAlive(tell, over.signal);
    try {
      logger.info({ repair }, 'verify was asked for');
      const waits = { clock, waitMs: request.waitMs };
      const context = {
        transport,
        clock,
        repair: repair ? new SignalRepair(localSignals(pipeline), waits) : null,
        warn: (text: string) => tell({ warning: text }),
        onProgress: (progress: Extract<VerifyLine, { progress: unknown }>['progress']) => {
          const nowMs = clock.monotonicMs();
          if (nowMs - lastMs < PROGRESS_MS) return;
          lastMs = nowMs;
          tell({ progress });
        },
      };
      // Only who compares loads it.
      const { verifyPipeline } = await import('./verify-pipeline.ts');
      tell({ tables: await verifyPipeline(config, request, context, signal) });
    } catch (thrown) {
      tell({ errors: stopping.aborted ? [stopped(config.name)] : errorsOf(thrown) });
    } finally {
      this.#isBusy = false;
      over.abort();
      await alive;
    }
  }

  async #stayAlive(tell: (line: VerifyLine) => void, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      tell({ alive: true });
      await this.#parts.clock.sleep(ALIVE_MS, over);
    }
  }
}

function errorsOf(thrown: unknown): readonly TidemarkError[] {
  return thrown instanceof TidemarkErrors ? thrown.errors : [toTidemarkError(thrown)];
}

function stopped(name: string): TidemarkError {
  return new TidemarkError('NOT_RUNNING', `the daemon of ${name} ended while it compared`);
}
