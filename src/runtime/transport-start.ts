import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import { type TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import { openTransport } from './open-transport.ts';
import type { PipelineStatus } from './pipeline-status.ts';
import { StartAlerts } from './start-alerts.ts';
import { decideRestart, type RetryOptions, retryOptionsOf } from './restart-policy.ts';

/** Stands in the pipeline's folder once its brokers have answered, and has their address. */
const REACHED = 'kafka-reached';

/** What a start takes from around it. */
export interface TransportStart {
  /** Of the pipeline, on this machine. */
  readonly folder: string;
  /** Of the brokers, as the file has it: another one is as good as a first start. */
  readonly address: string;
  readonly retry: RetryOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Told of each attempt that will be made again. */
  readonly onWait?: (error: TidemarkError) => void;
}

/**
 * Opens a transport whose brokers may be away for a while. A pipeline that has reached them before
 * waits, as its tasks would: after a power cut machines come back in any order. At a first start
 * the address may be wrong, and that is told at once. (Whether it has worked before stands in
 * Kafka, so a mark on this machine tells; where none can be kept, each start is a first one.)
 * @throws what `open` throws; the signal's reason when it aborts meanwhile
 */
export async function openWhenReachable<T>(
  open: () => Promise<T>,
  { folder, address, retry, clock, logger, signal, onWait }: TransportStart,
): Promise<T> {
  const backoff = new Backoff({ initialMs: retry.initialDelayMs, maxMs: retry.maxDelayMs });
  const mark = path.join(folder, REACHED);
  for (;;) {
    try {
      const transport = await open();
      leaveMark(mark, address, logger);
      return transport;
    } catch (thrown) {
      // Who stops it meanwhile has not met an error.
      signal.throwIfAborted();
      const error = toTidemarkError(thrown, 'KAFKA_CONNECT');
      const limits = { maxRetries: retry.maxRetries, hasWorked: marked(mark) === address };
      const decision = decideRestart(error, backoff, limits);
      if (decision.kind !== 'retry') throw thrown;
      const { attempt, delayMs } = decision;
      onWait?.(error);
      logger.warn({ attempt, delayMs }, `the start will be tried again: ${error.message}`);
      await clock.sleep(delayMs, signal);
      signal.throwIfAborted();
    }
  }
}

function marked(mark: string): string | null {
  try {
    return readFileSync(mark, 'utf8');
  } catch {
    return null;
  }
}

function leaveMark(mark: string, address: string, logger: Logger): void {
  if (marked(mark) === address) return;
  try {
    mkdirSync(path.dirname(mark), { recursive: true });
    writeFileSync(mark, address);
  } catch (error) {
    logger.debug({ err: error }, 'a later start will not wait for the brokers');
  }
}

/** What is around a start. */
export interface StartSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  /** Called once it waits for brokers, with what tells how it is; null: it is about to be over. */
  readonly onWaiting?: (status: () => PipelineStatus | null) => void;
}

/** An embedded log is there or fails for good; brokers may come later. */
export async function startTransport(
  config: PipelineConfig,
  around: StartSurroundings,
): Promise<Transport> {
  const { signal = new AbortController().signal } = around;
  const open = (): Promise<Transport> => openTransport(config, around);
  if (config.transportType !== 'kafka') return await open();
  const retry = retryOptionsOf(config.runtime, config.source);
  const address = config.transport.list('bootstrap.servers').join(',');
  await using alerts = new StartAlerts(config, around);
  let isTold = false;
  const onWait = (error: TidemarkError): void => {
    alerts.waits(error);
    if (!isTold) around.onWaiting?.(() => alerts.status());
    isTold = true;
  };
  const start = { ...around, folder: config.storePath, address, retry, signal, onWait };
  const transport = await openWhenReachable(open, start);
  await alerts.over(transport.documents);
  return transport;
}
