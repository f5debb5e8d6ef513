import type {
  SessionLook,
  SlotLook,
} from '../../../../dialects/postgres/postgres-watch-catalog.ts';
import {
  LOCK_WAITS_QUERY,
  OPEN_TRANSACTIONS_QUERY,
  parseSessions,
  parseSlotLook,
  slotLookQuery,
} from '../../../../dialects/postgres/postgres-watch-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { LSN_ZERO, type Lsn, parseLsn } from '../../../model/lsn.ts';
import type {
  Blocker,
  LookRequest,
  RetentionLook,
  SenderDoes,
  SenderLook,
  ServerLook,
  ServerWatch,
} from '../../../model/server-look.ts';
import type { PostgresConnectionOptions } from '../postgres-source-options.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import { PostgresWire } from '../wire/postgres-wire.ts';

/** Whose slot is looked at. */
export interface PostgresWatchOptions {
  readonly connection: PostgresConnectionOptions;
  readonly slotName: string;
  readonly publicationName: string;
}

/** Below this an open transaction is nobody's trouble. */
const HELD_WORTH_TELLING = 16 * 1024 * 1024;

/** Looks at slot, sender and transactions; one small query a time while all is well. */
export class PostgresServerWatch implements ServerWatch {
  readonly #options: PostgresWatchOptions;
  readonly #clock: Clock;
  #wire: PostgresWire | null = null;
  #lastFloor: string | null = null;

  constructor(options: PostgresWatchOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  async look({ closer, received }: LookRequest, signal: AbortSignal): Promise<ServerLook> {
    try {
      const wire = await this.#connected(signal);
      const { slotName, publicationName } = this.#options;
      const [row = {}] = await catalogRows(wire, slotLookQuery(slotName, publicationName), signal);
      const slot = parseSlotLook(row);
      // Whoever holds the log back is looked for only when the slot has stood still meanwhile.
      const stands = slot.restartLsn !== null && slot.restartLsn === this.#lastFloor;
      this.#lastFloor = slot.restartLsn;
      const blockers = closer || stands ? await this.#blockers(wire, signal) : [];
      return lookOf(slot, received, blockers, this.#options);
    } catch (error) {
      await this.#drop();
      throw error;
    }
  }

  async #connected(signal: AbortSignal): Promise<PostgresWire> {
    if (this.#wire?.isOpen === true) return this.#wire;
    const { connection, slotName } = this.#options;
    const session = { replication: false, applicationName: `tidemark watch ${slotName}` };
    this.#wire = await PostgresWire.connect(connection, session, signal, this.#clock);
    return this.#wire;
  }

  async #blockers(wire: PostgresWire, signal: AbortSignal): Promise<readonly Blocker[]> {
    const waits = parseSessions(await catalogRows(wire, LOCK_WAITS_QUERY, signal));
    const open = parseSessions(await catalogRows(wire, OPEN_TRANSACTIONS_QUERY, signal));
    return [
      ...waits.map((one): Blocker => ({ ...blocker(one), kind: 'lock' })),
      ...open.map(blocker),
    ];
  }

  /** A connection that did not answer is not asked again, nor told good-bye. */
  async #drop(): Promise<void> {
    const wire = this.#wire;
    this.#wire = null;
    await wire?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drop();
  }
}

function blocker({ isPrepared, ...session }: SessionLook): Blocker {
  return { kind: isPrepared ? 'prepared' : 'transaction', ...session };
}

function lookOf(
  slot: SlotLook,
  received: string | null,
  blockers: readonly Blocker[],
  { publicationName }: PostgresWatchOptions,
): ServerLook {
  return {
    end: slot.end,
    waitingBytes: received === null ? null : bytesBetween(parseLsn(received), parseLsn(slot.end)),
    sender: senderOf(slot),
    retention: retentionOf(slot, blockers),
    replica: slot.replicaLagMs === null ? null : { behindMs: slot.replicaLagMs, stopped: null },
    missing: slot.hasPublication ? null : `the publication ${publicationName} does not exist`,
    blockers,
    grant: blockers.some(({ kind, statement }) => kind !== 'prepared' && statement === null)
      ? 'GRANT pg_read_all_stats TO CURRENT_USER;'
      : null,
  };
}

/** A stream that has just begun has got nothing, which is no distance. */
function bytesBetween(received: Lsn, end: Lsn): number | null {
  if (received === LSN_ZERO) return null;
  return end > received ? Number(end - received) : 0;
}

const DOES: Readonly<Record<string, SenderDoes>> = {
  WalSenderMain: 'has_sent_all',
  WalSenderWaitForWal: 'has_sent_all',
  WalSenderWaitForWAL: 'has_sent_all',
  WalSenderWriteData: 'waits_for_us',
  WaitForStandbyConfirmation: 'waits_for_others',
};

function senderOf(slot: SlotLook): SenderLook | null {
  if (slot.senderPid === null) return null;
  const waits = slot.waitEvent === null ? '' : `, waits for ${slot.waitEvent}`;
  return {
    who: `walsender ${slot.senderPid}`,
    state: `${slot.senderState ?? 'unknown'}${waits}`,
    does: DOES[slot.waitEvent ?? ''] ?? 'works',
    silentMs: slot.silentMs,
  };
}

function retentionOf(slot: SlotLook, blockers: readonly Blocker[]): RetentionLook {
  const { keep, safeWalBytes, walStatus } = slot;
  const isOpen = blockers.some(({ kind }) => kind !== 'lock');
  const kept = slot.unconfirmedFromBytes ?? 0n;
  const byTransaction = kept * 2n > (slot.heldBytes ?? 0n) && kept > BigInt(HELD_WORTH_TELLING);
  return {
    floor: slot.restartLsn,
    heldBytes: slot.heldBytes === null ? null : Number(slot.heldBytes),
    endBytes: Number(slot.endBytes),
    size:
      keep === null || safeWalBytes === null
        ? null
        : {
            setting: `max_slot_wal_keep_size = ${keep.text}`,
            limitBytes: keep.bytes,
            // Below zero the next checkpoint may take what the slot needs.
            leftBytes: Math.max(0, Number(safeWalBytes)),
          },
    age: null,
    state: walStatus,
    isLost: walStatus === 'lost' || slot.invalidationReason !== null,
    isHeldByTransaction: isOpen && byTransaction,
  };
}
