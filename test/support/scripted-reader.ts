import type {
  ChangeReceiver,
  SourceOffset,
  SourcePhase,
  SourceReader,
  SourceStatus,
} from '../../src/model/change-event.ts';
import { formatLsn, lsn, parseLsn } from '../../src/model/lsn.ts';
import type { SourceSignal } from '../../src/model/source-signal.ts';

/** What a reader does in its life; `reader.lsn` is the position that it tells. */
export type ReaderScript = (
  receiver: ChangeReceiver,
  reader: ScriptedReader,
  signal: AbortSignal,
) => Promise<void>;

/** A source reader that does what the test says. */
export class ScriptedReader implements SourceReader {
  readonly #script: ReaderScript;
  readonly #confirmed: (offset: SourceOffset) => void;
  stored: SourceOffset | null = null;
  lsn = 0;
  midTransaction = false;
  phase: SourcePhase = 'streaming';
  /** Whether its one table has been read. */
  tableRead = false;
  receivedLsn = lsn(0x1_0000_0010n);
  lagBytes = 5n;
  connected = true;
  disposed = 0;
  readonly signals: SourceSignal[] = [];

  constructor(script: ReaderScript, confirmed: (offset: SourceOffset) => void = () => undefined) {
    this.#script = script;
    this.#confirmed = confirmed;
  }

  async run(
    receiver: ChangeReceiver,
    stored: SourceOffset | null,
    signal: AbortSignal,
  ): Promise<void> {
    this.stored = stored;
    await this.#script(receiver, this, signal);
  }

  offset(): SourceOffset {
    const offset = { partition: { server: 'shop' }, offset: { lsn: this.lsn } };
    return this.midTransaction ? { ...offset, midTransaction: true } : offset;
  }

  confirm(offset: SourceOffset): void {
    this.#confirmed(offset);
  }

  signal(signal: SourceSignal): void {
    this.signals.push(signal);
  }

  logEnd(): string {
    return formatLsn(this.receivedLsn + this.lagBytes);
  }

  hasReceived(end: string): boolean {
    return this.receivedLsn >= parseLsn(end);
  }

  status(): SourceStatus {
    return {
      phase: this.phase,
      snapshot: [
        {
          table: { catalog: 'shop', schema: 'public', table: 'orders' },
          rowsDone: 3,
          rowsEstimated: 10,
          bytesDone: 300,
          completed: this.tableRead,
        },
      ],
      lagBytes: this.lagBytes,
      lagMs: 7,
      confirmed: null,
      received: formatLsn(this.receivedLsn),
      connected: this.connected,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
    await Promise.resolve();
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
