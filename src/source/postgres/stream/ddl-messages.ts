import type { DdlMessage } from '../../../../dialects/postgres/postgres-ddl-trigger.ts';
import {
  DDL_MESSAGE_PREFIX,
  parseDdlMessage,
} from '../../../../dialects/postgres/postgres-ddl-trigger.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn } from '../../../model/lsn.ts';
import type { LogicalMessage } from '../pgoutput/pgoutput-message.ts';

/** What one transaction did to tables, up to some place in it. */
export interface ToldDdl {
  readonly messages: readonly DdlMessage[];
  readonly transactionId: number;
  /** Of the last message. */
  readonly position: string;
  /** When it was committed. */
  readonly atMs: number;
}

/** Where a message stands. */
export interface DdlPlace {
  readonly lsn: Lsn;
  readonly transactionId: number | null;
  readonly sourceMicros: bigint;
}

/** Tells of DDL; durable when it resolves. */
export type TellDdl = (ddl: ToldDdl) => Promise<void>;

/**
 * Collects what the event trigger says of DDL, so that a transaction is one change: it is told at
 * the commit, or before the first row of a new shape in it.
 *
 * Invariant: nothing of a transaction counts as done before its DDL was told. A message that was
 * there before a crash comes again with its transaction, and is known by its place.
 */
export class DdlMessages {
  #tell: TellDdl = () => Promise.resolve();
  readonly #messages: DdlMessage[] = [];
  #telling: Promise<void> | undefined;
  #place: DdlPlace = { lsn: 0n as Lsn, transactionId: null, sourceMicros: 0n };

  /** Who is told; until then nobody. */
  tellBy(tell: TellDdl): void {
    this.#tell = tell;
  }

  /** True: the message is one of the trigger's. */
  take({ prefix, content, transactional }: LogicalMessage, place: DdlPlace): boolean {
    if (prefix !== DDL_MESSAGE_PREFIX) return false;
    // Anybody may write messages; ours are in the transaction that they tell of.
    const message = transactional ? parseDdlMessage(content.toString()) : null;
    if (message === null) return true;
    this.#messages.push(message);
    this.#place = { ...place };
    return true;
  }

  /** Undefined: there is nothing to tell, or under way. */
  settle(): Promise<void> | undefined {
    const { transactionId, lsn, sourceMicros } = this.#place;
    if (this.#messages.length === 0 || transactionId === null) return this.#telling;
    const messages = this.#messages.splice(0);
    const atMs = Number(sourceMicros / 1000n);
    const told = { messages, transactionId, position: formatLsn(lsn), atMs };
    const telling = (this.#telling ?? Promise.resolve()).then(() => this.#tell(told));
    this.#telling = telling;
    // What fails stays: the stream must not go on.
    telling.then(
      () => {
        if (this.#telling === telling) this.#telling = undefined;
      },
      () => undefined,
    );
    return telling;
  }
}
