import { randomUUID } from 'node:crypto';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { Notification } from '../model/source-notification.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import type { KeyTexts, RowRepair, SourceTable } from '../verify/verify-ports.ts';

/** What a source told of a signal; of `Notification` what is needed here. */
export interface SignalAnswer {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

/** The source of a pipeline, wherever it runs. */
export interface SignalPath {
  /** Throws NOT_RUNNING. */
  send(signal: SourceSignal, abort: AbortSignal): Promise<void>;
  /** What the source told lately. */
  answers(abort: AbortSignal): Promise<readonly SignalAnswer[]>;
}

/** The source of this process. */
export function localSignals(
  pipeline: () => {
    signal(signal: SourceSignal): void;
    notifications(): readonly Notification[];
  },
): SignalPath {
  return {
    send: async (signal) => pipeline().signal(signal),
    answers: async () =>
      pipeline()
        .notifications()
        .map(({ id, type, additionalData: data }) => ({ id, type, data })),
  };
}

const LOOK_MS = 50;
const READ = new Set(['SUCCEEDED', 'EMPTY']);

/**
 * Has the daemon's source read rows again, by the signal `repair-rows`: an incremental snapshot of
 * just these keys. Its windows put rows and deletes in order with the stream, and its progress is
 * in the source offset, so that a crash of the daemon neither loses nor doubles it.
 */
export class SignalRepair implements RowRepair {
  readonly #path: SignalPath;
  readonly #clock: Clock;
  readonly #waitMs: number;

  constructor(path: SignalPath, { clock, waitMs }: { clock: Clock; waitMs: number }) {
    this.#path = path;
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  async repair(
    { name, keyColumns }: Pick<SourceTable, 'name' | 'keyColumns'>,
    keys: readonly KeyTexts[],
    signal: AbortSignal,
  ): Promise<TidemarkError | null> {
    const id = randomUUID();
    const data = { 'data-collection': name, 'key-columns': keyColumns, keys };
    await this.#path.send({ id, type: 'repair-rows', data: JSON.stringify(data) }, signal);
    const untilMs = this.#clock.monotonicMs() + this.#waitMs;
    for (;;) {
      const answers = await this.#path.answers(signal);
      const end = answers.find((answer) => answer.id === id && isEnd(answer));
      if (end !== undefined) return refusalOf(name, end);
      if (this.#clock.monotonicMs() > untilMs) {
        return new TidemarkError(
          'VERIFY_BEHIND',
          `the source does not read rows of ${name} again`,
          {
            cure: 'tidemark status <file> says what it waits for; --wait gives it longer.',
          },
        );
      }
      await this.#clock.sleep(LOOK_MS, signal);
      signal.throwIfAborted();
    }
  }
}

function isEnd({ type }: SignalAnswer): boolean {
  return type === 'TABLE_SCAN_COMPLETED' || type === 'REJECTED' || type === 'ABORTED';
}

function refusalOf(table: string, { type, data }: SignalAnswer): TidemarkError | null {
  const status = data['status'] ?? '';
  if (type === 'TABLE_SCAN_COMPLETED' && READ.has(status)) return null;
  const why = data['reason'] ?? (status === '' ? 'somebody has stopped it' : status);
  return new TidemarkError('VERIFY_REPAIR', `rows of ${table} were not told again: ${why}`);
}
