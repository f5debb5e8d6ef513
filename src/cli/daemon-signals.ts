import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import type { SignalAnswer, SignalPath } from '../runtime/signal-repair.ts';
import type { DaemonAddress } from './daemon-request.ts';
import { askDaemon, daemonOf } from './daemon-request.ts';

interface ShownNotification {
  readonly id: string;
  readonly type: string;
  readonly additional_data: Readonly<Record<string, string>>;
}

/** The source of a running daemon, by its HTTP port. */
export class DaemonSignals implements SignalPath {
  readonly #address: DaemonAddress;

  private constructor(address: DaemonAddress) {
    this.#address = address;
  }

  /** Throws NOT_RUNNING where the pipeline's daemon does not answer. */
  static async open(config: PipelineConfig, abort: AbortSignal): Promise<DaemonSignals> {
    const address = await daemonOf(config, 'by it the daemon is asked to tell rows again', abort);
    return new DaemonSignals(address);
  }

  async send(signal: SourceSignal, abort: AbortSignal): Promise<void> {
    await askDaemon(this.#address, '/signals', abort, signal);
  }

  async answers(abort: AbortSignal): Promise<readonly SignalAnswer[]> {
    const told = await askDaemon(this.#address, '/notifications', abort);
    return (told as readonly ShownNotification[]).map(({ id, type, additional_data: data }) => {
      return { id, type, data };
    });
  }
}
