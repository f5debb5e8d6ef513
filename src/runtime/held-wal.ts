import type { ConnectorConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import { readSlot } from '../source/postgres/capture/postgres-slot.ts';
import { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';
import { sourceOptionsOf } from './source-options.ts';

/** The slot of a source, and what it costs the server's disk. */
export interface HeldWal {
  readonly slot: string;
  /** From the slot's restart position to the end of the WAL; null: the server did not say. */
  readonly bytes: number | null;
}

/**
 * Asks the server how much WAL the slot keeps. That is not how far the stream is behind: the server
 * keeps from the restart position, which follows the confirmed one at its own pace.
 */
export async function readHeldWal(
  source: ConnectorConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<HeldWal> {
  const { connection, slotName } = sourceOptionsOf(source);
  try {
    const session = { replication: false, applicationName: 'tidemark bootstrap' };
    await using wire = await PostgresWire.connect(connection, session, signal, clock);
    const held = (await readSlot(wire, slotName, signal))?.heldBytes ?? null;
    return { slot: slotName, bytes: held === null ? null : Number(held) };
  } catch {
    // A figure at the end of work that is done: its want is no failure.
    return { slot: slotName, bytes: null };
  }
}
