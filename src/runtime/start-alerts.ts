import { AlertStore } from '../alert/alert-store.ts';
import type { AlertEngine } from '../alert/alert-engine.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import { noFaults } from '../foundation/fault-points.ts';
import { MemoryDocuments } from '../transport/memory-documents.ts';
import type { DocumentStore } from '../transport/transport.ts';
import { composeAlertEngine } from './compose-alerts.ts';
import type { Logger } from './logger.ts';
import type { PipelineStatus } from './pipeline-status.ts';
import { stallConditions } from './stall-conditions.ts';
import { waitingStatus } from './waiting-status.ts';

/**
 * Tells people that a start waits for the brokers, which hold all that alerts leave: until they
 * answer it is kept in memory. Then the store gets it, and the daemon's own engine tells the end,
 * under the same id, and what a channel has not got yet. (A process that dies meanwhile tells the
 * beginning again: nothing durable can be had.)
 */
export class StartAlerts implements AsyncDisposable {
  readonly #config: PipelineConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #documents = new MemoryDocuments();
  readonly #startedAtMs: number;
  #engine: AlertEngine | null = null;
  #error: TidemarkError | null = null;

  constructor(config: PipelineConfig, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#config = config;
    this.#clock = clock;
    this.#logger = logger;
    this.#startedAtMs = clock.monotonicMs();
  }

  /** The start is tried again. */
  waits(error: TidemarkError): void {
    this.#error = error;
    if (this.#engine !== null) return;
    const around = { clock: this.#clock, logger: this.#logger, fault: noFaults };
    const log = { documents: this.#documents, transport: null };
    this.#engine = composeAlertEngine(this.#config, log, around);
    this.#engine.start([{ conditions: () => stallConditions(this.#stalls()) }]);
  }

  /** The log is there. */
  async over(documents: DocumentStore): Promise<void> {
    const waited = this.#engine !== null;
    await this[Symbol.asyncDispose]();
    if (waited) await new AlertStore(documents).adopt(new AlertStore(this.#documents));
  }

  /** What the status port tells meanwhile; null: nothing is waited for. */
  status(): PipelineStatus | null {
    if (this.#engine === null || this.#error === null) return null;
    return waitingStatus(this.#config, {
      error: this.#error.toJSON(),
      stalls: this.#stalls(),
      alerts: this.#engine.view(),
      uptimeMs: Math.round(this.#clock.monotonicMs() - this.#startedAtMs),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = this.#engine;
    this.#engine = null;
    // What is on its way is delivered from the log.
    await engine?.stop(0);
  }

  #stalls() {
    if (this.#error === null) return [];
    const { code, message, cure } = this.#error;
    const told = {
      severity: 'critical',
      title: `the start waits for the brokers: ${code}`,
    } as const;
    return [
      {
        cause: 'broker_down',
        sink: null,
        table: null,
        ...told,
        evidence: [message],
        cure,
      } as const,
    ];
  }
}
